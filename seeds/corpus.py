"""Read the labelled corpus: articles of our own, and real ones joined to their texts.

Two formats, both JSON lines with one article a line, checked against the schemas in `corpus/`.
Whatever the format, the reader gets the same `Article`; offsets always count characters of `text`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import lzma
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from isnad.labels import Label

log = logging.getLogger(__name__)
CORPUS = Path(__file__).parent / "corpus"
OWN = CORPUS / "own"
REAL = CORPUS / "real.jsonl"
TOPICS = CORPUS / "topics.json"

Offsets = tuple[int, int]


class CorpusError(ValueError):
    """A record of the corpus is wrong; the message names file, line and field."""


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """One labelled sentence; all offsets are characters of its article's text."""

    start: int
    end: int
    label: Label
    cue: Offsets | None = None
    source: Offsets | None = None
    antecedent: Offsets | None = None
    hard: bool = False
    phenomenon: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """An article with its labelled sentences, in order."""

    id: str
    outlet: str
    title: str
    text: str
    sentences: tuple[LabelledSentence, ...]
    sampling: str = "own"

    def sentence_text(self, sentence: LabelledSentence) -> str:
        """The sentence, as it stands in the article."""
        return self.text[sentence.start : sentence.end]

    @property
    def is_own(self) -> bool:
        """Whether the article was written for this project."""
        return self.sampling == "own"


def text_hash(text: str) -> str:
    """The hash that ties a stand-off label to its text: SHA-256, first 16 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((CORPUS / f"{schema}.schema.json").read_text("utf-8")))


def read_records(path: Path, schema: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield `(where, record)` of a JSON-lines file, each checked against `schema`.

    Raises:
        CorpusError: a line is not JSON or does not fit; the message says `file:line: field: why`.
    """
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            where = f"{path}:{number}"
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                raise CorpusError(f"{where}: not JSON: {error}") from None
            problem = best_match(_validator(schema).iter_errors(record))
            if problem is not None:
                field = problem.json_path.removeprefix("$").lstrip(".") or "record"
                raise CorpusError(f"{where}: {field}: {problem.message}")
            yield where, record


def _locate(piece: str | None, within: str, base: int, near: int, where: str) -> Offsets | None:
    """Offsets of `piece` in `within`, the occurrence nearest to `near`, moved by `base`."""
    if piece is None:
        return None
    found = [i for i in range(len(within)) if within.startswith(piece, i)]
    if not found:
        raise CorpusError(f"{where}: {piece!r} is not a part of the text")
    start = base + min(found, key=lambda i: abs(base + i - near))
    return start, start + len(piece)


def _own_article(record: dict[str, Any], where: str) -> Article:
    parts: list[str] = []
    spans: list[Offsets] = []
    position = 0
    for index, sentence in enumerate(record["sentences"]):
        join = sentence.get("join", " ") if index else ""
        parts += [join, sentence["text"]]
        start = position + len(join)
        position = start + len(sentence["text"])
        spans.append((start, position))
    text = "".join(parts)
    sentences = []
    for index, (sentence, (start, end)) in enumerate(zip(record["sentences"], spans, strict=True)):
        field = f"{where}: sentences[{index}]"
        label = Label(sentence["label"])
        cue = _locate(sentence.get("cue"), text[start:end], start, start, f"{field}.cue")
        near = cue[1] if cue else start
        source = _locate(sentence.get("source"), text[start:end], start, near, f"{field}.source")
        antecedent = _locate(sentence.get("antecedent"), text, 0, start, f"{field}.antecedent")
        if label is Label.BACKGROUND and (cue or source or antecedent):
            raise CorpusError(f"{field}: a background sentence has no cue, source or antecedent")
        sentences.append(
            LabelledSentence(
                start, end, label, cue, source, antecedent,
                sentence.get("hard", False), sentence.get("phenomenon"),
            )
        )  # fmt: skip
    return Article(record["id"], record["outlet"], record["title"], text, tuple(sentences))


def load_own(paths: Iterable[Path] | None = None) -> list[Article]:
    """Load the articles written for this project (all files of `corpus/own` by default)."""
    articles: list[Article] = []
    seen: dict[str, str] = {}
    for path in sorted(OWN.glob("*.jsonl")) if paths is None else paths:
        for where, record in read_records(Path(path), "own"):
            if record["id"] in seen:
                raise CorpusError(f"{where}: id: {record['id']!r} is already in {seen[record['id']]}")
            seen[record["id"]] = where
            articles.append(_own_article(record, where))
    return articles


@cache
def topics(path: Path = TOPICS) -> dict[str, str]:
    """The topic of each labelled article, by its id; coarse, so that there are enough articles of each.

    Args:
        path: a JSON object of `topic: [ids of articles]`.

    Raises:
        CorpusError: an article has two topics.
    """
    found: dict[str, str] = {}
    for topic, ids in json.loads(path.read_text("utf-8")).items():
        for article in ids:
            if article in found:
                raise CorpusError(f"{path}: {article} is in {found[article]!r} and in {topic!r}: choose one")
            found[article] = topic
    return found


def read_corpus(path: Path) -> Iterator[dict[str, str]]:
    """Yield the documents of an xz-compressed JSON-lines corpus: `id`, `source`, `title`, `text`."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _real_article(record: dict[str, Any], document: dict[str, str], where: str) -> Article:
    text = document["text"]
    sentences = []
    for index, sentence in enumerate(record["sentences"]):
        start, end = sentence["start"], sentence["end"]
        if text_hash(text[start:end]) != sentence["hash"]:
            raise CorpusError(
                f"{where}: sentences[{index}].hash: the text of {record['id']} is not the one that was labelled; "
                "use the corpora at the commits named in seeds/README.md"
            )
        spans = {
            name: None if sentence.get(name) is None else (sentence[name][0], sentence[name][1])
            for name in ("cue", "source", "antecedent")
        }
        sentences.append(
            LabelledSentence(start, end, Label(sentence["label"]), **spans, hard=sentence.get("hard", False))
        )
    return Article(record["id"], record["outlet"], document["title"], text, tuple(sentences), record["sampling"])


def load_real(corpora: Path, path: Path = REAL, *, partial: bool = False) -> list[Article]:
    """Join the stand-off labels of real news to their texts.

    Args:
        corpora: the folder that holds `news.jsonl.xz` (see seeds/README.md for how to get it).
        path: the stand-off labels.
        partial: leave out labels whose documents are not there, with a warning.

    Raises:
        FileNotFoundError: the corpora are not there.
        CorpusError: a label does not fit its schema or its text.
    """
    source = Path(corpora) / "news.jsonl.xz"
    if not source.exists():
        raise FileNotFoundError(
            f"{source} is not there: the texts of the real sentences are not ours to ship. "
            "seeds/README.md says how to get them; data.real=no does without."
        )
    records = {record["id"]: (where, record) for where, record in read_records(path, "real")}
    documents = {d["id"]: d for d in read_corpus(source) if d["id"] in records}
    missing = records.keys() - documents.keys()
    if missing and partial:
        log.warning("%d of %d labelled articles are not in %s: left out", len(missing), len(records), source)
        records = {key: value for key, value in records.items() if key in documents}
    elif missing:
        where, record = records[min(missing)]
        raise CorpusError(f"{where}: id: {record['id']} and {len(missing) - 1} more are not in {source}")
    return [_real_article(record, documents[key], where) for key, (where, record) in records.items()]


def load_articles(corpora: Path, *, own: bool = True, real: str = "auto") -> list[Article]:
    """Load the labelled corpus.

    Args:
        corpora: folder of the real texts.
        own: with the articles written for this project.
        real: with the real ones: `yes`, `no`, or `auto`, which takes those whose texts are there.

    Raises:
        ValueError: nothing is asked for, or `real` is none of the three.
        FileNotFoundError: `real` is `yes` and the texts are not there.
    """
    if real not in ("yes", "no", "auto"):
        raise ValueError(f"real={real!r}: choose yes, no or auto")
    articles = load_own() if own else []
    if real == "yes" or (real == "auto" and (corpora / "news.jsonl.xz").exists()):
        articles += load_real(corpora, partial=real == "auto")
    if not articles:
        raise ValueError(f"no articles: own={own}, real={real}, and {corpora / 'news.jsonl.xz'} may be missing")
    return articles
