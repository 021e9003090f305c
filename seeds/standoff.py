"""Turn labelled sentences that carry their text into the stand-off labels that are committed.

python -m seeds.standoff ANNOTATION.jsonl CORPORA      # rewrites seeds/corpus/real.jsonl
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from seeds.corpus import REAL, CorpusError, Offsets, read_corpus, read_records, text_hash


def _find(piece: str | None, text: str, start: int, end: int, near: int) -> Offsets | None:
    """Offsets in `text[start:end]` of `piece`, white space apart: the occurrence nearest to `near`."""
    if piece is None:
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, piece.split())))
    spans = [match.span() for match in pattern.finditer(text, start, end)]
    if not spans:
        raise CorpusError(f"{piece!r} is not in characters {start}:{end}")
    return min(spans, key=lambda span: abs(span[0] - near))


def _sentence(row: dict[str, Any], text: str) -> dict[str, Any]:
    start, end = row["start"], row["end"]
    if text[start:end].split() != row["text"].split():
        raise CorpusError(f"{row['document']}: characters {start}:{end} are not the labelled sentence")
    cue = _find(row.get("cue"), text, start, end, start)
    source = _find(row.get("source"), text, start, end, cue[1] if cue else start)
    antecedent = _find(row.get("antecedent"), text, 0, len(text), start)
    sentence = {"start": start, "end": end, "hash": text_hash(text[start:end]), "label": row["label"]}
    spans = {"cue": cue, "source": source, "antecedent": antecedent}
    flags = {name: True for name in ("hard", "reviewed") if row.get(name)}
    return sentence | {name: span for name, span in spans.items() if span} | flags


def build(annotation: Path, corpora: Path) -> list[dict[str, Any]]:
    """One stand-off record a document, sentences in the document's order."""
    rows = defaultdict(list)
    for line in annotation.read_text("utf-8").splitlines():
        row = json.loads(line)
        rows[row["document"]].append(row)
    texts = {d["id"]: d["text"] for d in read_corpus(corpora / "news.jsonl.xz") if d["id"] in rows}
    missing = rows.keys() - texts.keys()
    if missing:
        raise CorpusError(f"{min(missing)} and {len(missing) - 1} more documents are not in {corpora}")
    return [
        {
            "id": document,
            "outlet": group[0]["outlet"],
            "sampling": group[0]["sampling"],
            "pool": group[0]["pool"],
            "sentences": [_sentence(row, texts[document]) for row in sorted(group, key=lambda row: row["start"])],
        }
        for document, group in sorted(rows.items())
    ]


def merge(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All records, by id; of two labels of the same sentence, the new one."""
    records = {record["id"]: record for record in old}
    for record in new:
        known = records.setdefault(record["id"], record | {"sentences": []})
        by_start = {s["start"]: s for s in [*known["sentences"], *record["sentences"]]}
        records[record["id"]] = known | {"sentences": [by_start[start] for start in sorted(by_start)]}
    return [records[key] for key in sorted(records)]


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("annotation", type=Path)
    parser.add_argument("corpora", type=Path)
    arguments = parser.parse_args()
    known = [record for _, record in read_records(REAL, "real")] if REAL.exists() else []
    records = merge(known, build(arguments.annotation, arguments.corpora))
    partial = REAL.with_suffix(".partial")
    partial.write_text(
        "".join(json.dumps(r, ensure_ascii=False, separators=(",", ":")) + "\n" for r in records), "utf-8"
    )
    list(read_records(partial, "real"))  # what does not fit the schema is refused before it replaces what does
    partial.replace(REAL)
    print(f"{sum(len(r['sentences']) for r in records)} sentences of {len(records)} documents -> {REAL}")


if __name__ == "__main__":
    main()
