"""Text normalisation: the one definition used in pretraining, fine-tuning and inference.

It keeps what carries the task (quotation marks of every kind, colon, dashes, the hamza that tells
«أعتقد», I think, from «اعتقد», he thought) and removes what does not (diacritics, tatweel,
presentation forms, bidi controls, the script of the digits, letter case).  Every character of the
result knows the character of the original it came from, so spans lead back to the caller's string.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_COMBINING_MADDA_HAMZA = ("\u0653", "\u0654", "\u0655")
_COMPOSED = {
    base + mark: composed
    for base in "اوي"
    for mark in _COMBINING_MADDA_HAMZA
    if len(composed := unicodedata.normalize("NFC", base + mark)) == 1
}
# Farsi and Urdu code points that keyboards and feeds put where Arabic letters belong.
_LOOK_ALIKES = {"ک": "ك", "ی": "ي", "ہ": "ه", "ە": "ه", "ٱ": "ا", "٪": "%", "٫": ".", "٬": ","}
_REMOVED_MARKS = frozenset(
    chr(c)
    for lo, hi in ((0x0610, 0x061A), (0x064B, 0x065F), (0x06D6, 0x06ED), (0x08CA, 0x0902))
    for c in range(lo, hi + 1)
) | {"\u0670", "\u0640"}


class Normalized(NamedTuple):
    """Normalised text and, for each of its characters, the index of its original character."""

    text: str
    offsets: list[int]


def _map_character(character: str) -> str:
    """What one character becomes, its neighbours left aside."""
    if character in _LOOK_ALIKES:
        return _LOOK_ALIKES[character]
    if character in _COMBINING_MADDA_HAMZA:
        return character  # composed with the letter before it, or dropped, by the caller
    if character in _REMOVED_MARKS:
        return ""
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category == "Cs":
        return "\ufffd"  # a lone surrogate cannot be encoded as UTF-8
    if category == "Cf":
        return ""
    if category in ("Zs", "Zl", "Zp") or character in "\t\n\v\f\r\x85":
        return " "
    if category == "Cc":
        return ""
    code = ord(character)
    if 0xFB50 <= code <= 0xFDFF or 0xFE70 <= code <= 0xFEFE or 0xFF00 <= code <= 0xFFEF:
        folded = unicodedata.normalize("NFKC", character)
        # What a form folds to may be a look-alike: «ﯼ» is a Farsi ya.
        kept = "".join(_LOOK_ALIKES.get(c, c) for c in folded if c not in _REMOVED_MARKS)
        # An isolated diacritic folds to a space and a diacritic: nothing of it is text.
        return kept.lower() if kept.strip() or folded == kept else ""
    return character.lower()


class _Table(dict[str, str]):
    """Memo of `_map_character`, filled on first sight of each character."""

    def __missing__(self, character: str) -> str:
        mapped = self[character] = _map_character(character)
        return mapped


_TABLE = _Table()


def normalize_with_offsets(text: str) -> Normalized:
    """Normalise `text` and keep the way back.

    `offsets[i]` is the index in `text` of the character that the i-th character of the result came
    from; offsets never decrease.  White space is collapsed to single spaces and stripped at both
    ends.  Any `str` is accepted, lone surrogates included (they become U+FFFD).
    """
    characters: list[str] = []
    offsets: list[int] = []
    previous = " "  # so that leading white space is dropped
    for index, character in enumerate(text):
        mapped = _TABLE[character]
        if mapped == " ":
            if previous == " ":
                continue
        elif mapped in _COMBINING_MADDA_HAMZA:
            composed = _COMPOSED.get(previous + mapped)
            if composed:
                characters[-1] = previous = composed
            continue
        elif len(mapped) != 1:
            for part in mapped:
                characters.append(part)
                offsets.append(index)
                previous = part
            continue
        characters.append(mapped)
        offsets.append(index)
        previous = mapped
    if characters and characters[-1] == " ":
        characters.pop()
        offsets.pop()
    return Normalized("".join(characters), offsets)


# Stands for a character that becomes several with a space among them, as «ﷺ» does; nothing else becomes it.
_SPACED = "\0"
_MARKS_AFTER = re.compile("([^\u0653-\u0655]?)([\u0653-\u0655]+)")


class _Translation(dict[int, str]):
    """`_TABLE` in the form that `str.translate` takes."""

    def __missing__(self, code: int) -> str:
        mapped = _TABLE[chr(code)]
        self[code] = mapped = _SPACED if len(mapped) > 1 and any(map(str.isspace, mapped)) else mapped
        return mapped


_TRANSLATION = _Translation()


def _compose(match: re.Match[str]) -> str:
    letter, marks = match.groups()
    for mark in marks:
        letter = _COMPOSED.get(letter + mark, letter)
    return letter


def normalize(text: str) -> str:
    """Return the normalised text alone: what `normalize_with_offsets` gives, several times faster."""
    translated = text.translate(_TRANSLATION)
    if _SPACED in translated:
        return normalize_with_offsets(text).text
    return " ".join(_MARKS_AFTER.sub(_compose, translated).split())


def in_word(character: str) -> bool:
    """Whether a character is a part of a word: a letter, a digit, a diacritic or tatweel."""
    return character.isalnum() or unicodedata.category(character) in ("Mn", "Lm")
