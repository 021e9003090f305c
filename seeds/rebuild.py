"""Rebuild the real part of the corpus from the public repositories it was taken from, at the commits named.

    python -m seeds.rebuild corpora/                    # all of them; needs git and a network
    python -m seeds.rebuild corpora/ --only antcorpus   # some
    ISNAD_CORPORA=corpora make train

Clones stay in `corpora/repositories/`, so that a run that was interrupted goes on.  Every labelled sentence is
checked against its hash; documents whose text has changed are left out, and the table at the end counts them.
"""

from __future__ import annotations

import argparse
import json
import lzma
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from seeds.corpus import REAL, read_records, text_hash
from seeds.sources import SOURCES, Document, Source

HOST = "https://github.com"


class RebuildError(RuntimeError):
    """A repository cannot be had; the message says which, why, and what to do."""


def _git(*arguments: str) -> None:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RebuildError(f"git {' '.join(arguments)}: {done.stderr.strip() or 'failed'}")


def checkout(source: Source, host: str, folder: Path) -> Path:
    """The repository at its commit, under `folder`; cloned unless it is there already."""
    clone = folder / source.repository.replace("/", "--")
    if not clone.exists():
        partial = clone.with_name(clone.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)  # what an interrupted clone left
        _git("clone", "--quiet", "--no-checkout", f"{host}/{source.repository}", str(partial))
        partial.rename(clone)
    _git("-C", str(clone), "checkout", "--quiet", "--force", source.commit)
    return clone


def fits(document: Document, record: dict[str, Any]) -> bool:
    """Whether every labelled sentence of the record stands in the document where the label says."""
    return all(text_hash(document.text[s["start"] : s["end"]]) == s["hash"] for s in record["sentences"])


def choose(
    documents: Iterable[Document], labels: dict[str, dict[str, Any]]
) -> tuple[dict[str, Document], Counter[str]]:
    """One document an id: of several, the one that the labels fit, else the first.

    Returns the documents, and how many labelled ones were `found` and how many were there but `changed`
    since they were labelled; the latter are left out.
    """
    chosen: dict[str, Document] = {}
    for document in documents:
        record = labels.get(document.id)
        if document.text and (document.id not in chosen or (record and fits(document, record))):
            chosen[document.id] = document
    count: Counter[str] = Counter()
    for key in labels.keys() & chosen.keys():
        if fits(chosen[key], labels[key]):
            count["found"] += 1
        else:
            count["changed"] += 1
            del chosen[key]
    return chosen, count


def rebuild(corpora: Path, names: Sequence[str], host: str) -> list[tuple[str, int, int, int, int]]:
    """Write `corpora/news.jsonl.xz` from the sources named; it appears whole or not at all.

    Returns a row a source: name, documents, labelled documents, of these found, of these changed.

    Raises:
        RebuildError: a repository cannot be cloned or has no such commit.
    """
    labels: dict[str, dict[str, Any]] = {record["id"]: record for _, record in read_records(REAL, "real")}
    corpora.mkdir(parents=True, exist_ok=True)
    partial, rows = corpora / "news.jsonl.xz.partial", []
    with lzma.open(partial, "wt", encoding="utf-8", preset=6) as out:
        for name in tqdm(names, unit="repository"):
            folder = checkout(SOURCES[name], host, corpora / "repositories")
            wanted = {key: record for key, record in labels.items() if key.split(":")[0] == name}
            documents, count = choose(SOURCES[name].read(folder), wanted)
            for document in documents.values():
                out.write(json.dumps(asdict(document), ensure_ascii=False) + "\n")
            rows.append((name, len(documents), len(wanted), count["found"], count["changed"]))
    partial.replace(corpora / "news.jsonl.xz")
    return rows


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path, help="folder to write news.jsonl.xz to")
    parser.add_argument("--only", nargs="+", choices=SOURCES, default=list(SOURCES), metavar="SOURCE",
                        help=f"some of {', '.join(SOURCES)}")  # fmt: skip
    parser.add_argument("--host", default=HOST, help=f"where the repositories are: HOST/owner/name (default {HOST})")
    arguments = parser.parse_args()
    try:
        rows = rebuild(arguments.corpora, arguments.only, arguments.host.rstrip("/"))
    except RebuildError as error:
        sys.exit(f"error: {error}\nWhat was cloned is kept: run the same command again to go on.")
    print(f"{'source':<14}{'documents':>10}{'labelled':>10}{'found':>8}{'changed':>9}   licence")
    for name, documents, labelled, found, changed in rows:
        print(f"{name:<14}{documents:>10}{labelled:>10}{found:>8}{changed:>9}   {SOURCES[name].licence}")
    print(f"{arguments.corpora / 'news.jsonl.xz'} is ready: ISNAD_CORPORA={arguments.corpora} make train")


if __name__ == "__main__":
    main()
