"""Fuzz the path from text to model input, guided by coverage, and now and then the model itself.

    pip install atheris
    python tests/fuzz/fuzz_annotate.py -runs=100000            # libFuzzer's options; a folder of inputs may follow
    python tests/fuzz/fuzz_annotate.py crash-0123…             # what one found input is, and what it breaks
    python tests/fuzz/fuzz_annotate.py --blind 100000 FOLDER   # without atheris: mutated at random from a folder's

Every input must be split, normalised, labelled by the rules and encoded without an exception, in time
linear in its length, with the invariants of `check_text`.  See README.md beside this file.
"""

from __future__ import annotations

import random
import sys
import time
import zlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # the sources beside this file, not an installed isnad

# What news is made of, and what the code looks at: a mutation of one byte swaps a whole piece.
PIECES = [
    *"ابتدرسعفقكلمنهويىةأإآؤئء", *" .،؛:؟!…\n\r\t()[]-–/", *"«»‹›“”„‟\"'‘’″〝〞‚‛", "<<", ">>", "''",
    *"0123٣۴%٪٫@_ax", "..", "...", " .. ", "\u0640", "\u064b", "\u0651", "\u0653", "\u0654", "\u0655", "\u200f",
    "\u202b", "\u202c", "\ufeff", "\u00a0", "\u0085", "\u2028", "\ud800", "\udcff", "\x00", "ﻻ", "ﷲ", "ﷺ", "ﹰ", "ک",
    "ی", " قال ", " وقالت ", " إن ", " أن ", " أنه ", "وأكد", "نفى", " ونفت ", " لا صحة ", "بحسب ", "نقلا عن ",
    " على حد قوله ", " الذي أعلن ", "رابط الخبر", "د. ", "م.", "أ.د.", "جيه. كيه. ", "ا.ف.ب", " هـ.", "3.5", "1. ",
    "www.a.com", " إلخ",
    " // انتهى // ", "الوزير ", "«نعم»", "قال: «", "», ", "بعنوان «", "عنوان\n", "أعتقد", "يذكر أن ", "كلمة ",
    "😀", "中",
]  # fmt: skip
_ESCAPE = 256 - 24  # bytes from here on take a character from the two bytes that follow
_CONTEXT = 1500
_LONGEST = 256  # bytes
# Of so many inputs one goes through the tokenizer, the network, or is repeated at length; drawn by its hash.
_ENCODED_EVERY = 8
_MODEL_EVERY = 2048
_REPEAT_EVERY = 32_768
_REPEATED_LENGTH = 3_000  # beyond what any step looks back
# Four times the text may take so many times as long, once it takes so many seconds: a square takes 16 times.
_GROWTH, _SECONDS = 10, 2.0


def text_of(data: bytes) -> str:
    """The text that a fuzzer's bytes stand for; every byte string stands for one."""
    parts, at = [], 0
    while at < len(data):
        byte, at = data[at], at + 1
        if byte < _ESCAPE:
            parts.append(PIECES[byte % len(PIECES)])
        else:
            plane = (byte - _ESCAPE) % 3  # the first three planes hold all that is assigned and in use
            parts.append(chr(plane << 16 | int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")))
            at += 2
    return "".join(parts)


@cache
def _encoder():
    from tokenizers import Tokenizer

    from isnad.artifact import TOKENIZER, read_config
    from isnad.classifier import DEFAULT_MODEL

    return Tokenizer.from_file(str(DEFAULT_MODEL / TOKENIZER)), read_config(DEFAULT_MODEL).layout


@cache
def _classifier():
    from isnad import Classifier

    return Classifier(threads=1)


def check_split(text: str) -> list[str]:
    """Check the spans of `split` and return the sentences."""
    from isnad.sentences import split

    position, sentences = 0, []
    for span in split(text):
        piece = text[span.start : span.end]
        assert span.start >= position, "sentences overlap or are out of order"
        assert not text[position : span.start].strip(), "a sentence is missing"
        assert piece == piece.strip() != "", "a sentence is empty or carries white space"
        position = span.end
        sentences.append(piece)
    assert not text[position:].strip(), "the last sentence is missing"
    if any(c.isalnum() for c in text):
        assert all(any(c.isalnum() for c in s) for s in sentences), "marks stand alone"
    return sentences


def check_normalized(text: str) -> None:
    """Check `normalize_with_offsets`: the way back, tidiness, idempotence."""
    from isnad.normalize import normalize, normalize_with_offsets

    normalized, offsets = normalize_with_offsets(text)
    assert len(normalized) == len(offsets), "an offset for each character"
    assert offsets == sorted(offsets), "offsets decrease"
    assert not offsets or (offsets[0] >= 0 and offsets[-1] < len(text)), "an offset outside the text"
    assert normalized == " ".join(normalized.split(" ")).strip(" "), "white space at the ends"
    assert "  " not in normalized, "white space in a row"
    assert normalize(normalized) == normalized, "not idempotent"
    normalized.encode("utf-8")


def check_marks(text: str) -> None:
    """Check `find_marks`: no mark opens and closes, quotations are in order and inside the text."""
    from isnad.quotes import find_marks

    marks = find_marks(text)
    assert not marks.opening & marks.closing, "a mark opens and closes"
    assert all(0 <= q.start < q.end <= len(text) for q in marks.quotations), "a quotation outside the text"
    starts = [q.start for q in marks.quotations]
    assert starts == sorted(set(starts)), "quotations out of order, or two from one mark"


def contexts_of(text: str, sentences: list[str]) -> list[str]:
    """For each sentence the text before it, as much as `encode` hands to the rules."""
    contexts, at = [], 0
    for sentence in sentences:
        at = text.index(sentence, at)
        contexts.append(text[max(0, at - _CONTEXT) : at])
        at += len(sentence)
    return contexts


def check_rules(sentences: list[str], contexts: list[str]) -> None:
    """Check `label_by_rules`: one of the labels, with context and without."""
    from isnad.labels import LABELS
    from isnad.rules import label_by_rules

    for sentence, context in zip(sentences, contexts, strict=True):
        assert label_by_rules(sentence, context) in LABELS, "no such label"
        assert label_by_rules(sentence) in LABELS, "no such label"


def check_encoded(sentences: list[str], contexts: list[str]) -> None:
    """Check `encode`: what the model is fed."""
    from isnad.encoding import encode
    from isnad.labels import LABELS

    tokenizer, layout = _encoder()
    for item in encode(tokenizer, layout, sentences, contexts):
        assert len(item.ids) == len(item.segments) <= layout.max_length, "longer than the model takes"
        assert item.ids[0] == layout.cls and item.ids[-1] == layout.sep, "not framed"
        assert item.segments == sorted(item.segments) and set(item.segments) == {0, 1}, "segments mixed"
        assert 0 <= item.rule < len(LABELS), "no such label"


def check_model(text: str) -> None:
    """Check what users are given: `annotate`."""
    for s in _classifier().annotate(text):
        assert text[s.start : s.end] == s.text, "a sentence is not its span"
        assert abs(sum(s.probabilities.values()) - 1) < 1e-6, "probabilities do not sum to 1"
        assert s.score == max(s.probabilities.values()) == s.probabilities[s.label], "not the best label"


def check_text(text: str, *, encoded: bool = True) -> None:
    """Check all that needs no network for one text; `encoded`: the tokenizer, which takes most of the time, too."""
    check_normalized(text)
    check_marks(text)
    sentences = check_split(text)
    contexts = contexts_of(text, sentences)
    check_rules(sentences, contexts)
    if encoded:
        check_encoded(sentences, contexts)


def check_time(text: str) -> None:
    """Check that four times the text takes about four times as long; processor time, so a busy machine may be."""
    took = []
    for repeated in (text, text * 4):
        began = time.process_time()
        check_text(repeated, encoded=False)
        took.append(time.process_time() - began)
    assert took[1] < max(_SECONDS, _GROWTH * took[0]), f"{took} s for {len(text)} characters and 4 times as many"


def check_input(data: bytes) -> None:
    """Check one input of the fuzzer: its text, some times repeated at length, some times through the model."""
    text, draw = text_of(data), zlib.crc32(data)
    check_text(text, encoded=draw % _ENCODED_EVERY == 0)
    if text and draw % _REPEAT_EVERY == 0:
        check_time(text * (_REPEATED_LENGTH // len(text) + 1))
    if draw % _MODEL_EVERY == 1:
        check_model(text)


def mutated(generator: random.Random, known: list[bytes]) -> bytes:
    """An input of no more than `_LONGEST` bytes, made from one or two known ones."""
    data = bytearray(generator.choice(known))
    for _ in range(1 << generator.randrange(5)):
        at, end = (generator.randint(0, len(data)) for _ in range(2))
        piece = generator.choice(known) if generator.random() < 0.3 else generator.randbytes(generator.randrange(4))
        data[at : max(at, end) if generator.random() < 0.3 else at + len(piece)] = piece
    return bytes(data[:_LONGEST])


def fuzz_blindly(runs: int, folders: list[Path]) -> None:
    """Check `runs` inputs mutated at random, with no coverage to guide: several times as fast, and no atheris."""
    known = [p.read_bytes() for folder in folders for p in sorted(folder.iterdir())] or [b""]
    seed = time.time_ns()
    generator, began = random.Random(seed), time.monotonic()
    print(f"seed {seed}, {len(known)} known inputs", flush=True)
    for run in range(1, runs + 1):
        data = mutated(generator, known)
        try:
            check_input(data)
        except BaseException:
            name = Path(f"crash-{zlib.crc32(data):08x}")
            name.write_bytes(data)
            print(f"run {run}: {text_of(data)!a}, written to {name}", flush=True)
            raise
        if run % 10_000 == 0 or run == runs:
            print(f"{run} inputs, {run / (time.monotonic() - began):.0f}/s", flush=True)


def main() -> None:
    """Fuzz, or check the inputs named."""
    if sys.argv[1:2] == ["--blind"]:
        fuzz_blindly(int(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
        return
    import atheris

    with atheris.instrument_imports(include=["isnad"]):
        import isnad.encoding
        import isnad.normalize
        import isnad.quotes
        import isnad.rules
        import isnad.sentences  # noqa: F401
    for name in sys.argv[1:]:
        if Path(name).is_file():
            print(ascii(text_of(Path(name).read_bytes())))
    atheris.Setup(sys.argv, check_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
