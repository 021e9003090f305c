"""The public repositories that the real news comes from, and how each one's files become documents.

A reader yields raw documents under the ids that the labels use.  Where a repository's layout leaves two files
for one id, it yields both: `seeds.rebuild` keeps the one that the labels' hashes fit.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\ufeff]")


@dataclass(frozen=True, slots=True)
class Document:
    """One article: `text` has its paragraphs on lines of their own, white space tidied."""

    id: str
    source: str
    title: str
    text: str


def tidy(text: str) -> str:
    """Drop invisible characters and empty lines; white space within a line becomes single blanks."""
    lines = (" ".join(line.split()) for line in _INVISIBLE.sub("", text).splitlines())
    return "\n".join(line for line in lines if line)


def _document(key: str, source: str, title: str, text: str) -> Document:
    return Document(key, source, " ".join(tidy(title).split()), tidy(text))


def saudinewsnet(folder: Path) -> Iterator[Document]:
    """`dataset/DATE.zip`, each with `DATE.json`: a list of articles."""
    for archive in sorted(folder.glob("dataset/*.zip")):
        with zipfile.ZipFile(archive) as files:
            for name in sorted(n for n in files.namelist() if n.endswith(".json")):
                for number, article in enumerate(json.loads(files.read(name).decode("utf-8-sig"))):
                    key = f"saudinewsnet:{Path(name).stem}:{number}"
                    source = f"saudinewsnet/{article['source']}"
                    yield _document(key, source, article.get("title") or "", article.get("content") or "")


def antcorpus(folder: Path) -> Iterator[Document]:
    """One SGML-like file an article, with `DOCNO`, `TITLE` and `TEXT`."""
    for path in sorted(folder.glob("*/JA-*.txt")):
        text = path.read_text("utf-8", "replace")
        field = {name: re.search(rf"<{name}>(.*?)</{name}>", text, re.S) for name in ("DOCNO", "TITLE", "TEXT")}
        if field["DOCNO"] and field["TEXT"]:
            title = field["TITLE"].group(1) if field["TITLE"] else ""
            yield _document(
                f"antcorpus:{field['DOCNO'].group(1).strip()}", "antcorpus/jawharafm", title, field["TEXT"].group(1)
            )


def vulca1n(folder: Path) -> Iterator[Document]:
    """`…/CATEGORY/N.txt`, title on the first line; the path does not always name the paper."""
    papers = {
        "jazeera": ("aljazeera", ("culture", "economy", "politics", "science")),
        "hespress": ("hespress", ("culture", "economy", "politics", "tamazight")),
    }
    for path in sorted(folder.rglob("*.txt")):
        category, number = path.parent.name, path.stem
        title, _, text = path.read_text("utf-8", "replace").lstrip().partition("\n")
        for site, (outlet, categories) in papers.items():
            if number.isdigit() and category in categories:
                yield _document(f"vulca1n:{site}/{category}/{number}", f"{outlet}/{category}", title, text)


def febrayer(folder: Path) -> Iterator[Document]:
    """`THE CORPUS/feb.txt`: a line an article, `content: [paragraphs]` as a Python list."""
    for path in folder.glob("THE CORPUS/feb.txt"):
        lines = [line for line in path.read_text("utf-8").splitlines() if line.startswith("content:")]
        for number, line in enumerate(lines, 1):
            paragraphs = ast.literal_eval(line.removeprefix("content:").strip())
            yield _document(f"febrayer:{number}", "febrayer.com", "", "\n".join(paragraphs))


def ahdath(folder: Path) -> Iterator[Document]:
    """`ahd22.json`: a list of `{"content": [paragraphs]}`, the first of which is often the site's own name."""
    for path in folder.glob("ahd22.json"):
        for number, article in enumerate(json.loads(path.read_text("utf-8"))):
            paragraphs = [p for p in article["content"] if p.strip().lower() != "ahdath.info"]
            yield _document(f"ahdath:{number}", "ahdath.info", "", "\n".join(paragraphs))


def armpro(folder: Path) -> Iterator[Document]:
    """JSON lines of single paragraphs; the same ones stand in several files."""
    seen = set()
    for path in sorted(folder.glob("dataset/text/**/*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            if "paragraph" in row and row["paragraph_id"] not in seen:
                seen.add(row["paragraph_id"])
                yield _document(
                    f"armpro:{row['paragraph_id']}", f"armpro/{row.get('page_domain', '')}",
                    row.get("page_title") or "", row["paragraph"],
                )  # fmt: skip


def ntrex(folder: Path) -> Iterator[Document]:
    """A sentence a line beside `DOCUMENT_IDS.tsv`, whose last column names each line's document."""
    ids, translation = folder / "DOCUMENT_IDS.tsv", folder / "NTREX-128" / "newstest2019-ref.arb.txt"
    if ids.exists() and translation.exists():
        documents: dict[str, list[str]] = {}
        names, sentences = (path.read_text("utf-8").splitlines() for path in (ids, translation))
        for name, sentence in zip(names, sentences, strict=True):
            documents.setdefault(name.split("\t")[-1].strip(), []).append(sentence)
        for key, lines in documents.items():
            yield _document(f"ntrex:{key}", "ntrex/newstest2019", "", "\n".join(lines))


def marsum(folder: Path) -> Iterator[Document]:
    """`MArSum1_test.txt`: `"text" "title"` on each line."""
    for path in folder.glob("MArSum1_test.txt"):
        rows = csv.reader(io.StringIO(path.read_text("utf-8")), delimiter=" ")
        for number, row in enumerate(row for row in rows if len(row) >= 2):
            yield _document(f"marsum_test:{number}", "goud.ma", row[1], row[0])


def talaa(folder: Path) -> Iterator[Document]:
    """One plain file an article."""
    for path in sorted(folder.glob("Articles/*.txt")):
        yield _document(f"talaa:{path.stem}", "algerian-press", "", path.read_text("utf-8", "replace"))


@dataclass(frozen=True)
class Source:
    """A public repository: `owner/name`, the commit to read, its reader, the licence stated there."""

    repository: str
    commit: str
    read: Callable[[Path], Iterator[Document]]
    licence: str


SOURCES = {
    "saudinewsnet": Source("inparallel/SaudiNewsNet", "4e39239966", saudinewsnet, "CC BY-NC-SA 4.0, research"),
    "antcorpus": Source("antcorpus/antcorpus.data", "06f6a10e80", antcorpus, "Apache-2.0"),
    "vulca1n": Source("vulca1n/arabic-news-articles-clustering", "4a1a4e2c71", vulca1n, "none stated"),
    "febrayer": Source("elsayed-issa/The-Moroccan-News-Corpus", "9046bf6823", febrayer, "none stated"),
    "ahdath": Source("elsayed-issa/Arabic-News-Summaries", "5b2119c8d0", ahdath, "none stated"),
    "armpro": Source("MaramHasanain/ArMPro", "4caa4d3b9f", armpro, "CC BY-NC-SA 4.0"),
    "ntrex": Source("MicrosoftTranslator/NTREX", "8561f6a622", ntrex, "CC BY-SA 4.0"),
    "marsum_test": Source("KamelGaanoun/MoroccanSummarization", "a290cee093", marsum, "CC BY 4.0"),
    "talaa": Source("saidziani/Arabic-News-Article-Classification", "911ced2384", talaa, "none stated"),
}
