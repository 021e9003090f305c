"""Changes to a sentence and its context that leave the label as it is.

Each takes a sample, a source of chance and the options of its family in `data/invariance.toml`, and gives the
changed sample, or None where there is nothing to change.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping

from eval.behaviour.templates import Sample
from isnad.quotes import find_marks

Perturbation = Callable[..., Sample | None]

PAIRS = {"angle": "«»", "curly": "“”", "straight": '""', "reversed": "”“"}
_KINDS = {"«": "angle", "»": "angle", "“": "curly", "”": "curly", '"': "straight"}
_LETTER = re.compile("[\u0621-\u063a\u0641-\u064a]")
_NOT_JOINING = frozenset("اأإآٱدذرزوؤةىء")
_VOWELS = "\u064e\u064f\u0650\u0652"
_ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_LATIN_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")


def _each(sample: Sample, change: Callable[[str], str]) -> Sample | None:
    """Change sentence and context alike, if that changes the sentence."""
    text = change(sample.text)
    return None if text == sample.text else Sample(text, change(sample.context))


def _rejoin(sample: Sample, pieces: list[str]) -> Sample:
    """A sample from what each of its characters, the context's first, has become."""
    start = len(sample.context)
    return Sample("".join(pieces[start:]), "".join(pieces[:start]))


def marks(sample: Sample, rng: random.Random, *, to: str) -> Sample | None:
    """Exchange the sentence's usual pair of quotation marks with another pair, nested ones too."""
    whole = sample.context + sample.text
    found = find_marks(whole)
    roles = dict.fromkeys(found.opening, 0) | dict.fromkeys(found.closing, 1)
    kinds = {i: _KINDS[whole[i]] for i in sorted(roles) if whole[i] in _KINDS}
    # Of two as frequent, the first: the outer one.
    usual = Counter(kind for i, kind in kinds.items() if i >= len(sample.context)).most_common(1)
    if not usual or usual[0][0] == to:
        return None
    exchanged = {usual[0][0]: PAIRS[to], to: PAIRS[usual[0][0]]}
    pieces = list(whole)
    for i, kind in kinds.items():
        if kind in exchanged:
            pieces[i] = exchanged[kind][roles[i]]
    return _rejoin(sample, pieces)


def spaced_marks(sample: Sample, rng: random.Random) -> Sample | None:
    """A space inside each opening and closing mark."""
    whole = sample.context + sample.text
    found = find_marks(whole)
    if not any(i >= len(sample.context) for i in found.opening | found.closing):
        return None
    pieces = [c + " " if i in found.opening else " " + c if i in found.closing else c for i, c in enumerate(whole)]
    return _rejoin(sample, pieces)


def diacritics(sample: Sample, rng: random.Random) -> Sample | None:
    """A vowel sign on every other letter, a shadda on some."""

    def vocalise(match: re.Match[str]) -> str:
        chance = rng.random()
        sign = rng.choice(_VOWELS) if chance < 0.5 else ""
        return match.group() + ("\u0651" if chance < 0.05 else "") + sign

    return _each(sample, lambda text: _LETTER.sub(vocalise, text))


def tatweel(sample: Sample, rng: random.Random) -> Sample | None:
    """Letters that join drawn out, one in six."""

    def draw_out(match: re.Match[str]) -> str:
        return match.group() + ("ـ" if match.group() not in _NOT_JOINING and rng.random() < 1 / 6 else "")

    return _each(sample, lambda text: re.sub(_LETTER.pattern + f"(?={_LETTER.pattern})", draw_out, text))


def digit_script(sample: Sample, rng: random.Random) -> Sample | None:
    """Latin digits become Arabic-Indic ones; where there are none, the other way round."""
    table = _ARABIC_DIGITS if re.search("[0-9]", sample.text) else _LATIN_DIGITS
    return _each(sample, lambda text: text.translate(table))


def numbers(sample: Sample, rng: random.Random) -> Sample | None:
    """Every number another one of as many digits."""

    def redraw(match: re.Match[str]) -> str:
        drawn = str(rng.randint(3, 9)) + "".join(rng.choice("0123456789") for _ in match.group()[1:])
        return drawn if match.group()[0] in "0123456789" else drawn.translate(_ARABIC_DIGITS)

    changed = re.sub("[0-9]+|[٠-٩]+", redraw, sample.text)
    return None if changed == sample.text else Sample(changed, sample.context)


def words(sample: Sample, rng: random.Random, *, table: Mapping[str, str]) -> Sample | None:
    """Whole words of a table, «و» or «ف» before them or not, spelt the other way."""
    pattern = re.compile(rf"(?<!\w)([وف]?)({'|'.join(map(re.escape, table))})(?!\w)")
    return _each(sample, lambda text: pattern.sub(lambda m: m[1] + table[m[2]], text))


def endings(sample: Sample, rng: random.Random, *, of: str, to: str) -> Sample | None:
    """A letter at the end of words of two letters at least becomes another."""
    return _each(sample, lambda text: re.sub(rf"(?<=\w){of}(?!\w)", to, text))


def characters(sample: Sample, rng: random.Random, **table: str) -> Sample | None:
    """Characters become others."""
    return _each(sample, lambda text: text.translate(str.maketrans(table)))


def spaces(sample: Sample, rng: random.Random) -> Sample | None:
    """Single spaces become two, or no-break ones."""
    return _each(sample, lambda text: re.sub(r"(?<=\w) (?=\w)", lambda _: rng.choice(("  ", "\u00a0", " ")), text))


def spaced_punctuation(sample: Sample, rng: random.Random) -> Sample | None:
    """A space before commas, colons and full stops, as some agencies write."""
    return _each(sample, lambda text: re.sub(r"(?<=[^\W\d])([،؛:.])(?=\s|$)", r" \1", text))


def bidi(sample: Sample, rng: random.Random) -> Sample | None:
    """Invisible controls of direction: an embedding round all, marks after punctuation."""
    marked = re.sub(r"([،؛:.«»\"“”])", "\\1\u200f", sample.text)
    return Sample(f"\u202b{marked}\u202c", sample.context)


def no_full_stop(sample: Sample, rng: random.Random) -> Sample | None:
    """The full stop left out."""
    return Sample(sample.text[:-1], sample.context) if sample.text.endswith(".") else None


def boilerplate(sample: Sample, rng: random.Random, *, lines: list[str]) -> Sample | None:
    """A site's own lines before the article."""
    return Sample(sample.text, "\n".join(rng.sample(lines, 2)) + "\n" + sample.context)


def dateline(sample: Sample, rng: random.Random, *, lines: list[str]) -> Sample | None:
    """A dateline before an article's first sentence."""
    return None if sample.context else Sample(rng.choice(lines) + sample.text)


def agency_end(sample: Sample, rng: random.Random, *, lines: list[str]) -> Sample | None:
    """What an agency writes under its items, after a sentence that is complete."""
    return Sample(sample.text + rng.choice(lines), sample.context) if sample.text.endswith(".") else None


def context(sample: Sample, rng: random.Random, *, lines: list[str]) -> Sample | None:
    """A sentence of something else before one that stood alone."""
    return None if sample.context else Sample(sample.text, rng.choice(lines) + " ")


PERTURBATIONS: dict[str, Perturbation] = {
    f.__name__: f
    for f in (
        marks, spaced_marks, diacritics, tatweel, digit_script, numbers, words, endings, characters, spaces,
        spaced_punctuation, bidi, no_full_stop, boilerplate, dateline, agency_end, context,
    )
}  # fmt: skip
