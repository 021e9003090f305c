"""Augmentation: other marks and fewer of them, in training articles alone, where the label stays true.

What keeps a label is read off the guidelines (seeds/GUIDELINES.md), and a change that does not surely keep it is not
made:

- **Swapped marks.** One family of quotation marks for another, in the whole article, so long as the same
  quotations are found in it afterwards (`isnad.quotes`).
- **Dropped marks.** All marks of a sentence whose quotations begin and end in it, if it is a claim or background,
  which quoted names and scare quotes do not decide; a denial by a source named outside the marks, since stance
  outranks form; or a direct quotation behind a colon that the rules still find without its marks. Of
  another direct quotation the closing mark alone, where it ends its paragraph: papers forget it there.
- **Dropped cues.** The verb of saying of a direct quotation whose marks hold five words or more and whose source is
  named beside them, as in headlines («الوزير: «…»»). The cue of a claim or a denial is what makes it one: it is never
  dropped.

The script of digits, diacritics and tatweel are no augmentation: `isnad.normalize` removes them.
Every change keeps the length of the text, so offsets stay valid: what is dropped becomes a zero-width character,
which normalisation removes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from torch.utils.data import Dataset

from isnad.labels import Label
from isnad.quotes import Marks, Quotation, find_marks
from isnad.rules import label_by_rules
from seeds.corpus import Article, LabelledSentence
from train.config import Augment
from train.data import Example

_WORD = re.compile(r"\w+")
_BETWEEN_WORDS = re.compile(r"\W*")
_MARKS = '«»‹›“”„"'
_ZERO_WIDTH = "\u200b"
_FEWEST_QUOTED = 5  # words in a row that the guidelines call a quotation, clause or not
# The marks that stand for « », and those for “ ” and ": families stay apart, so that nesting does.
_SWAPS = (("«»", "“”"), ("«»", '""'), ("“”", "«»"), ('""', "«»"))


def swap_marks(text: str, angle: str, double: str) -> str:
    """`text` with `angle` for « » and `double` for “ ” and ", or as it is if it would be read otherwise."""
    marks = find_marks(text)
    characters = list(text)
    for side, positions in enumerate((marks.opening, marks.closing)):
        for i in positions:
            if text[i] in "«»":
                characters[i] = angle[side]
            elif text[i] in '“”"':
                characters[i] = double[side]
    swapped = "".join(characters)
    return swapped if find_marks(swapped) == marks else text


def _named_outside(sentence: LabelledSentence, quotations: Sequence[Quotation]) -> bool:
    """Whether the source is named in the sentence, outside the quotations."""
    source = sentence.source
    return source is not None and all(source[1] <= q.start or q.end <= source[0] for q in quotations)


def _without(text: str, positions: Sequence[int]) -> str:
    """`text` with nothing at the positions; a space where letters on both sides would meet."""
    characters = list(text)
    for i in positions:
        meet = text[i - 1 : i].isalnum() and text[i + 1 : i + 2].isalnum()
        characters[i] = " " if meet else _ZERO_WIDTH
    return "".join(characters)


def _ends_paragraph(text: str, position: int) -> bool:
    """Whether the next word is in another paragraph, and no mark before it could open the quotation anew."""
    between = _BETWEEN_WORDS.match(text, position).group()  # type: ignore[union-attr]
    return ("\n" in between or position + len(between) == len(text)) and not any(c in _MARKS for c in between)


def droppable_marks(text: str, sentence: LabelledSentence, marks: Marks) -> list[int]:
    """Positions of the marks that the sentence's label does without; none where it does not."""
    touching = [q for q in marks.quotations if q.start < sentence.end and q.end > sentence.start]
    if not touching or not all(sentence.start <= q.start and q.end <= sentence.end and q.closed for q in touching):
        return []
    # A mark of two characters («<<») has neither of them alone.
    if any(text[i] not in _MARKS for q in touching for i in (q.start, q.end - 1)):
        return []
    positions = [i for q in touching for i in (q.start, q.end - 1)]
    if sentence.label in (Label.REPORTED_CLAIM, Label.BACKGROUND):
        return positions
    if sentence.label is Label.DENIAL:
        return positions if _named_outside(sentence, touching) else []
    if any(text[: q.start].rstrip().endswith(":") for q in touching):
        bare = _without(text, positions)[sentence.start : sentence.end]
        if label_by_rules(bare) is Label.DIRECT_QUOTE:
            return positions
    last = max(q.end for q in touching)
    return [last - 1] if _ends_paragraph(text, last) else []


def droppable_cue(text: str, sentence: LabelledSentence, marks: Marks) -> list[int]:
    """Positions of the characters of the cue, if the marks alone make the sentence a direct quotation."""
    cue = sentence.cue
    inside = [q for q in marks.quotations if sentence.start <= q.start and q.end <= sentence.end]
    if sentence.label is not Label.DIRECT_QUOTE or cue is None or not _named_outside(sentence, inside):
        return []
    if any(q.start < cue[1] and cue[0] < q.end for q in marks.quotations):
        return []
    if not any(len(_WORD.findall(text[q.start : q.end])) >= _FEWEST_QUOTED for q in inside):
        return []
    return list(range(*cue))


def augment(article: Article, settings: Augment, seed: int, epoch: int) -> Article:
    """The article as `epoch` sees it: as many sentences, the same offsets and labels, perhaps another text."""
    rng = random.Random(f"{seed}:{epoch}:{article.id}")
    text = article.text
    if rng.random() < settings.swap_marks:
        text = swap_marks(text, *rng.choice(_SWAPS))
    marks = find_marks(text)
    dropped: list[int] = []
    for sentence in article.sentences:
        wants_marks, wants_cue = rng.random() < settings.drop_marks, rng.random() < settings.drop_cues
        if article.sampling == "weak":
            continue  # what a label that nobody gave rests on is not known
        positions = droppable_marks(text, sentence, marks) if wants_marks else []
        # One of the two must stay to carry the label.
        dropped += positions or (droppable_cue(text, sentence, marks) if wants_cue else [])
    bare = _without(text, dropped)
    left = find_marks(bare)
    if (left.opening, left.closing) == (marks.opening.difference(dropped), marks.closing.difference(dropped)):
        text = bare  # else a mark that stays would be read otherwise
    return replace(article, text=text)


class AugmentedExamples(Dataset[Example]):
    """Training examples made anew for each epoch, the same ones for the same seed and epoch.

    Args:
        articles: what is learnt from.
        encode: makes examples of articles, one a sentence, in order.
        settings: what is changed.
        seed: of the changes.
    """

    def __init__(
        self, articles: list[Article], encode: Callable[[list[Article]], list[Example]], settings: Augment, seed: int
    ) -> None:
        self._articles, self._encode, self._settings, self._seed = articles, encode, settings, seed
        self._epoch = -1
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Make the examples of `epoch`."""
        if epoch != self._epoch:
            self._epoch = epoch
            self._examples = self._encode([augment(a, self._settings, self._seed, epoch) for a in self._articles])

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, index: int) -> Example:
        return self._examples[index]
