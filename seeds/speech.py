"""What is known of speech beyond label, cue and source: verbatim words, and all that names a speaker.

Labelled for a part of the corpus, real and own, in one stand-off file (`corpus/speech.json`), to measure with; nothing
is trained on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from seeds.corpus import CORPUS, Article, Offsets

SPEECH = CORPUS / "speech.json"
Key = tuple[str, int]  # an article's id, and where a labelled sentence of it starts


@dataclass(frozen=True, slots=True)
class Speech:
    """Spans by sentence, as characters of the article.

    Attributes:
        quotes: the speaker's own words in the sentence, quotation marks aside; none where all is indirect.
        speakers: of a sentence that names nobody, whatever names or describes its speaker before it.
    """

    quotes: Mapping[Key, tuple[Offsets, ...]]
    speakers: Mapping[Key, tuple[Offsets, ...]]


def _spans(documents: Mapping[str, Mapping[str, Sequence[Sequence[int]]]]) -> dict[Key, tuple[Offsets, ...]]:
    return {
        (document, int(start)): tuple((a, b) for a, b in spans)
        for document, sentences in documents.items()
        for start, spans in sentences.items()
    }


def load_speech(path: Path = SPEECH) -> Speech:
    """Read the file."""
    record = json.loads(path.read_text("utf-8"))
    return Speech(_spans(record["quotes"]), _spans(record["speakers"]))


def faults(speech: Speech, articles: Sequence[Article]) -> Iterator[str]:
    """What does not fit the labels of these articles; sentences of other articles are passed over."""
    sentences = {(a.id, s.start): s for a in articles for s in a.sentences}
    known = {a.id for a in articles}
    for kind, labelled in (("quotes", speech.quotes), ("speakers", speech.speakers)):
        for (document, start), spans in labelled.items():
            if document not in known:
                continue
            where = f"speech.json: {kind}: {document}, sentence at {start}"
            sentence = sentences.get((document, start))
            if sentence is None:
                yield f"{where}: no labelled sentence starts there"
                continue
            bounds = (start, sentence.end) if kind == "quotes" else (0, start)
            if any(not bounds[0] <= a < b <= bounds[1] for a, b in spans):
                yield f"{where}: a span outside characters {bounds[0]}:{bounds[1]}"
            if any(end > after for (_, end), (after, _) in pairwise(spans)):
                yield f"{where}: spans overlap"
