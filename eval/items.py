"""What is measured: labelled sentences, of the corpus or of any labelled file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isnad.labels import LABELS, Label
from seeds.corpus import Article, Offsets

# Characters of the text before a sentence that are kept, as `Classifier.annotate` does.
REACH = 4096
FILE = "file"
# Groups of sentences by the sampling of their articles, each with its own table; the first that is
# not empty is the headline.
GROUPS: dict[str, Callable[[str], bool]] = {
    "real news": lambda sampling: sampling in ("natural", "denial_rich", "other_outlets"),
    "real news, natural rate of the labels": lambda sampling: sampling == "natural",
    "real news round an attribution": lambda sampling: sampling == "attributed",
    "real news on which models and rules disagreed": lambda sampling: sampling == "active",
    "articles of our own": lambda sampling: sampling == "own",
    "the labelled file": lambda sampling: sampling == FILE,
}
FORMAT = """\
a labelled file has one JSON object a line, UTF-8:
  {"text": "ونفت الشركة علمها بالخلل.", "label": "denial", "context": "…", "article": "a1"}
  text     the sentence
  label    direct_quote, reported_claim, denial or background
  context  optional: the article's text before the sentence
  article  optional: an id; sentences of one article are resampled together (without it, each by itself)
  outlet   optional: for the slices
  hard     optional: true where the annotator was in doubt"""


class DataError(ValueError):
    """A labelled file is not as it must be; the message names file, line and field."""


@dataclass(frozen=True)
class Item:
    """A labelled sentence.

    Attributes:
        article: id of the article that it is of.
        place: where it is found: character offsets in the article, or the line of a labelled file.
        context: the text before it in its article, `REACH` characters at most.
        cue: offsets in `text` of the words that attribute or deny, where they are known.
        sampling: how its article was picked; `FILE` for a labelled file.
    """

    article: str
    place: dict[str, int]
    text: str
    context: str
    label: Label
    outlet: str
    hard: bool
    cue: Offsets | None
    sampling: str

    @property
    def identity(self) -> dict[str, Any]:
        """What may be stored of it: where it is, and no text."""
        return {"article": self.article, **self.place}


def read_articles(articles: Sequence[Article]) -> list[Item]:
    """All labelled sentences of the articles, in order."""
    return [
        Item(
            article.id, {"start": s.start, "end": s.end}, article.sentence_text(s),
            article.text[max(0, s.start - REACH) : s.start], s.label, article.outlet, s.hard,
            None if s.cue is None else (s.cue[0] - s.start, s.cue[1] - s.start), article.sampling,
        )
        for article in articles
        for s in article.sentences
    ]  # fmt: skip


_FIELDS = {"text": str, "label": str, "context": str, "article": str, "outlet": str, "hard": bool}


def _check(record: Any) -> str | None:
    """What is wrong with a line, or None."""
    if not isinstance(record, dict):
        return "is no JSON object"
    for name in ("text", "label"):
        if name not in record:
            return f"has no {name!r}"
    for name, value in record.items():
        if name not in _FIELDS:
            return f"has an unknown field {name!r}"
        if not isinstance(value, _FIELDS[name]):
            return f"{name!r} must be of type {_FIELDS[name].__name__}, not {type(value).__name__}"
    if record["label"] not in list(LABELS):
        return f"label {record['label']!r} is none of {', '.join(LABELS)}"
    return None if record["text"].strip() else "'text' is empty"


def read_file(path: Path) -> list[Item]:
    """Read a labelled file, in the format that `FORMAT` tells.

    Raises:
        DataError: the file is not there, is empty, or a line does not fit.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; {FORMAT}")
    read = []
    try:
        lines = path.read_text("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 ({error}); {FORMAT}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            problem = _check(record)
        except json.JSONDecodeError as error:
            problem = f"is not JSON ({error})"
        if problem:
            raise DataError(f"{path}:{number}: {problem}; {FORMAT}")
        read.append(
            Item(
                record.get("article", f"line {number}"), {"line": number}, record["text"],
                record.get("context", "")[-REACH:], Label(record["label"]), record.get("outlet", "unknown"),
                record.get("hard", False), None, FILE,
            )
        )  # fmt: skip
    if not read:
        raise DataError(f"{path}: no sentences; {FORMAT}")
    return read
