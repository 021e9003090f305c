"""What an evaluation is made on: the articles that a run held out, or a labelled file; and what a reader must know."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.baselines import all_baselines
from eval.config import EvalConfig
from eval.items import Item, read_articles, read_file
from eval.suite import MODEL
from isnad.normalize import normalize
from seeds.corpus import Article, load_articles
from seeds.splits import read_test_ids

# Said wherever the rules stand beside a model on dev.
RULES_NOTE = (
    "The rules were developed on half of the real articles outside the test part, so dev flatters them; test does not."
)


@dataclass(frozen=True)
class Material:
    """Sentences trained on, to measure, and all there are; in words what they are, and what limits the figures.

    `held_out` are the articles whose sentences are measured, in order; of a labelled file there are none.
    """

    train: Sequence[Item]
    measured: Sequence[Item]
    corpus: Sequence[Item]
    measured_on: str
    notes: list[str]
    held_out: Sequence[Article] = ()


def select(articles: Sequence[Article], split: Path, part: str) -> tuple[list[Article], list[Article]]:
    """The articles that a run was trained on, and those of the part to measure.

    Raises:
        ValueError: `part` is neither dev nor test, or none of its articles is there.
        FileNotFoundError: there is no such split.
    """
    if part not in ("dev", "test"):
        raise ValueError(f"part={part!r}: choose dev or test")
    if not split.exists():
        raise FileNotFoundError(f"{split} is not there: give split=runs/<id>/split.json of the run that made the model")
    ids = json.loads(split.read_text("utf-8"))
    wanted = set(ids["dev"]) if part == "dev" else read_test_ids()
    train = [a for a in articles if a.id in set(ids["train"])]
    held_out = [a for a in articles if a.id in wanted]
    if part == "dev" and not wanted:
        raise ValueError("this run held nothing out (data.fold=null): evaluate it with part=test")
    if not held_out:
        raise ValueError(
            f"part={part}: none of its articles is there; the real ones need their texts (seeds/README.md)"
        )
    return train, held_out


def gather(config: EvalConfig) -> Material:
    """Read what the configuration asks for.

    Raises:
        ValueError: nothing of what is asked for is there, or a labelled file is wrong.
        FileNotFoundError: there is no such split.
    """
    split = Path(config.split)
    if config.data is None:
        articles = load_articles(Path(config.corpora), real=config.real)
        train, held_out = select(articles, split, config.part)
        notes = [RULES_NOTE] if config.part == "dev" and "rules" in config.baselines else []
        said = f"articles that the model has not seen ({config.part} part)"
        return Material(*map(read_articles, (train, held_out, articles)), said, notes, held_out)
    measured = read_file(Path(config.data))
    said = f"{Path(config.data).name}, {len(measured):,} sentences"
    if not split.exists():
        note = f"{split} is not there, so what the model was trained on is not known: no baseline that learns, "
        note += "and a sentence that was trained on would not be noticed."
        return Material([], measured, [], said, [note])
    ids = set(json.loads(split.read_text("utf-8"))["train"])
    train = read_articles([a for a in load_articles(Path(config.corpora), real=config.real) if a.id in ids])
    learnt = {normalize(item.text) for item in train}
    seen = sum(normalize(item.text) in learnt for item in measured)
    note = f"{seen:,} of the sentences are among those that the model was trained on: its figures flatter it."
    return Material(train, measured, [], said, [note] if seen else [])


def name_others(paths: Sequence[str]) -> dict[str, str]:
    """A name for each other artifact: its run's folder where that tells it from all other systems, else its path."""
    folders = [Path(path).resolve() for path in paths]
    names = [folder.parent.name if folder.name == "model" else folder.name for folder in folders]
    taken = {"", MODEL, *all_baselines()}
    return {
        name if names.count(name) == 1 and name not in taken else path: path
        for name, path in zip(names, paths, strict=True)
    }


def same_experiment(artifact: str, others: Mapping[str, str]) -> list[str]:
    """Names of the other artifacts whose runs differ from this one's in seed alone, as their records say."""
    first, *rest = (_experiment(path) for path in (artifact, *others.values()))
    return [name for name, found in zip(others, rest, strict=True) if first is not None and found == first]


def _experiment(artifact: str) -> list[str] | None:
    """What tells the experiment of the run that an artifact lies in, and what it held out; None outside of a run."""
    record, split = (Path(artifact).parent / name for name in ("record.json", "split.json"))
    if not (record.exists() and split.exists()):
        return None
    name = json.loads(record.read_text("utf-8")).get("experiment")
    return name and [name, *json.loads(split.read_text("utf-8"))["dev"]]


def seen_by_others(others: Mapping[str, str], measured: Sequence[Item]) -> list[str]:
    """A note for each other model that was, or may have been, trained on articles that are measured on."""
    notes, articles = [], {item.article for item in measured}
    for name, path in others.items():
        split = Path(path).parent / "split.json"
        if not split.exists():
            notes.append(f"{name} has no split.json beside it: it may have been trained on what is measured here.")
        elif learnt := articles & set(json.loads(split.read_text("utf-8"))["train"]):
            note = f"{name} was trained on {len(learnt):,} of the {len(articles):,} articles measured here: "
            notes.append(note + "its figures flatter it.")
    return notes
