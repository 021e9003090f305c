"""From the word lists and templates of `data/` to sentences: slots filled, agreement of gender made.

`{slot}` draws from a list of words.toml, `{slot.form}` a form of a table, `{slot2}` another entry of the same list;
a slot stands for the same words wherever it occurs in a case. `[masculine|feminine]` agrees with the speaker.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
_SLOT = re.compile(r"\{([a-z_]+)(\d*)(?:\.([a-z]+))?\}")
_AGREEMENT = re.compile(r"\[([^\[\]|]*)\|([^\[\]|]*)\]")

Values = dict[str, Any]  # slot → entry of its list, a string or a table of forms
Template = str | dict[str, str]  # a sentence, or a table of it and its context


class TemplateError(ValueError):
    """A template or a word list cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A sentence and the article's text directly before it."""

    text: str
    context: str = ""


class Lexicon:
    """The word lists; those that agree have a list for each gender, `m` and `f`.

    Raises:
        TemplateError: a list is empty, or takes in one that is not there.
    """

    def __init__(self, content: dict[str, Any]) -> None:
        self._lists: dict[str, dict[str, list[Any]]] = {}
        for name, entries in content["words"].items():
            self._lists[name] = {"m": entries, "f": entries}
        self._lists |= content["agreeing"]
        for name, genders in self._lists.items():
            for gender, entries in genders.items():
                genders[gender] = [e for entry in entries for e in self._taken_in(name, entry, gender)]
                if not genders[gender]:
                    raise TemplateError(f"words.toml: {name} has no words")

    def _taken_in(self, name: str, entry: Any, gender: str) -> Iterable[Any]:
        if not (isinstance(entry, str) and entry.startswith("@")):
            return [entry]
        if entry[1:] not in self._lists:
            raise TemplateError(f"words.toml: {name} takes in {entry}, which is no list")
        return self._lists[entry[1:]][gender]

    @property
    def names(self) -> frozenset[str]:
        """The names of the lists."""
        return frozenset(self._lists)

    def entries(self, name: str, gender: str) -> list[Any]:
        """The entries of one list.

        Raises:
            TemplateError: there is no such list.
        """
        if name not in self._lists:
            raise TemplateError(f"{{{name}}}: words.toml has no such list")
        return self._lists[name][gender]

    def fill(self, template: str, values: Values, gender: str, rng: random.Random) -> str:
        """Fill the slots of a template, from `values` where they are there, else drawing and adding them.

        Raises:
            TemplateError: a slot names no list, or a form that its entries do not have.
        """

        def replace(match: re.Match[str]) -> str:
            name, number, form = match.groups()
            slot = name + number
            if slot not in values:
                taken = [v for s, v in values.items() if s.rstrip("0123456789") == name]
                values[slot] = rng.choice([e for e in self.entries(name, gender) if e not in taken])
            entry = values[slot]
            if isinstance(entry, str) == (form is None):
                text = entry if form is None else entry.get(form)
                if text is not None:
                    return self.fill(text, values, gender, rng)
            raise TemplateError(f"{match.group()}: words.toml has no such form of {name}")

        filled = _SLOT.sub(replace, template)
        return _AGREEMENT.sub(r"\1" if gender == "m" else r"\2", filled)


def slots(template: str) -> set[str]:
    """The lists that a template draws from."""
    return {match.group(1) for match in _SLOT.finditer(template)}


def read_toml(name: str) -> dict[str, Any]:
    """One of the files of `data/`."""
    return tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))


def _sample(lexicon: Lexicon, template: Template, values: Values, gender: str, rng: random.Random) -> Sample:
    parts = {"text": template} if isinstance(template, str) else template
    context = lexicon.fill(parts.get("context", ""), values, gender, rng)
    text = lexicon.fill(parts["text"], values, gender, rng)
    # The context ends as it does in an article: at the sentence's first character.
    return Sample(text, context + " " if context and not context.endswith("\n") else context)


def expand(
    lexicon: Lexicon,
    templates: Sequence[Sequence[Template]],
    *,
    count: int,
    seed: str,
    redraw: Sequence[str] = (),
) -> list[tuple[Sample, ...]]:
    """Make distinct cases of templates, in turn, genders in turn.

    Args:
        lexicon: the words.
        templates: each the sentences of one case, which share their slots.
        count: of cases; fewer come back where the words give no more.
        seed: of the draws; the same seed gives the same cases.
        redraw: slots drawn anew for a second copy of each sentence.

    Raises:
        TemplateError: a template cannot be filled.
    """
    rng = random.Random(seed)
    cases: dict[tuple[Sample, ...], None] = {}
    for turn in range(count * 20):
        template, gender = templates[turn % len(templates)], "mf"[turn // len(templates) % 2]
        values: Values = {}
        case = tuple(_sample(lexicon, part, values, gender, rng) for part in template)
        if redraw:
            kept = {slot: v for slot, v in values.items() if slot not in redraw}
            case += tuple(_sample(lexicon, part, kept, gender, rng) for part in template)
        if not redraw or case[0] != case[-1]:
            cases.setdefault(case)
        if len(cases) == count:
            break
    return list(cases)
