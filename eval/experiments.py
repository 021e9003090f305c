"""Finished runs, from their folders or from Weights & Biases, gathered into experiments."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from eval.suite import GROUPS
from eval.tracking import figures, slug
from tracking.identity import experiment_keys, flatten

# In wandb's config beside the settings of the run.
_FACTS = ("host/", "version/", "provenance/", "evaluation/", "_wandb")
_MADE_OF = ("commit", "data_hash", "encoder_hash")


@dataclass(frozen=True)
class Run:
    """One evaluated run."""

    name: str
    settings: dict[str, Any]  # flat; what the runs of its experiment share
    unit: tuple[int | None, ...]  # seed, seed of the split, fold
    figures: dict[str, float]  # see `eval.tracking.figures`
    held_out: float  # sentences measured over sentences learnt from
    group: str | None
    tags: frozenset[str]


@dataclass(frozen=True)
class Experiment:
    """Runs that differ in seed and fold alone, under the name of what tells them from the other experiments."""

    name: str
    settings: dict[str, Any]
    runs: tuple[Run, ...]

    def values(self, key: str) -> dict[tuple[int | None, ...], float]:
        """A figure for each seed and fold: the mean, where one was run twice."""
        found = defaultdict(list)
        for run in self.runs:
            found[run.unit].append(run.figures[key])
        return {unit: sum(values) / len(values) for unit, values in found.items()}


def _run(name: str, flat: Mapping[str, Any], facts: Mapping[str, Any], **more: Any) -> Run:
    settings = {k: v for k, v in experiment_keys(flat).items() if not k.startswith(_FACTS)}
    settings = {k: v for k, v in settings.items() if k not in ("experiment", "sweep")}
    sentences = facts.get("sentences") or {}
    return Run(
        name,
        settings | {key: facts[key] for key in _MADE_OF if facts.get(key)},
        (flat.get("seed"), flat.get("data/split_seed"), flat.get("data/fold")),
        held_out=sentences["dev"] / sentences["train"] if sentences.get("dev") else 0.0,
        **more,
    )


def read_folders(paths: Iterable[Path], part: str) -> list[Run]:
    """The runs evaluated on `part` among the folders, and among the folders right in them."""
    runs = []
    for path in paths:
        for folder in [path] if (path / "config.yaml").exists() else sorted(p for p in path.glob("*") if p.is_dir()):
            report = folder / f"report-{part}" / "metrics.json"
            if not (report.exists() and (folder / "record.json").exists()):
                continue
            flat = flatten(OmegaConf.to_container(OmegaConf.load(folder / "config.yaml")))
            record = json.loads((folder / "record.json").read_text("utf-8"))
            sweep = record.get("sweep")
            tags = {*(flat.get("tracking/tags") or []), *([f"sweep-{sweep}"] if sweep else [])}
            runs.append(_run(
                folder.name, flat, record, figures=figures(json.loads(report.read_text("utf-8"))),
                group=flat.get("tracking/group") or record.get("experiment"), tags=frozenset(tags),
            ))  # fmt: skip
    return runs


def read_wandb(project: str, part: str) -> list[Run]:
    """The evaluations on `part` in a wandb project, `ENTITY/PROJECT`.

    Raises:
        ValueError: wandb cannot be asked, or has no such project.
    """
    import wandb

    try:
        if not wandb.login(prompt=False, verify=False):
            raise ValueError("no key: `wandb login` keeps one, or WANDB_API_KEY gives it")
        found = []
        for run in wandb.Api(timeout=30).runs(project, filters={"jobType": "evaluate", "tags": part}, lazy=False):
            found.append(run)  # `list` would ask for the length first, and hide an error
    except Exception as error:
        raise ValueError(f"{project}: cannot be had from wandb ({error}); run folders need no server") from error
    runs = []
    for run in found:
        facts = {k.removeprefix("provenance/"): v for k, v in run.config.items() if k.startswith("provenance/")}
        facts["sentences"] = {k: facts.get(f"sentences/{k}") for k in ("train", "dev")}
        prefix = f"{part}/"
        numbers = {k: run.summary[k] for k in run.summary.keys() if k.startswith(prefix)}  # noqa: SIM118
        runs.append(_run(run.name, run.config, facts, figures=numbers, group=run.group, tags=frozenset(run.tags)))
    return [run for run in runs if run.figures]


def choose(runs: Sequence[Run], groups: Sequence[str], tags: Sequence[str]) -> list[Run]:
    """The runs of one of the groups, if any is named, that have one of the tags, if any is named.

    Raises:
        ValueError: none is left.
    """
    kept = [r for r in runs if (not groups or r.group in groups) and (not tags or r.tags & set(tags))]
    if not kept:
        known = sorted({r.group for r in runs if r.group}), sorted({tag for r in runs for tag in r.tags})
        raise ValueError(
            f"no evaluated run to compare, of {len(runs)} (groups: {', '.join(known[0]) or 'none'}; tags: "
            f"{', '.join(known[1]) or 'none'}). A run is evaluated by: python -m eval artifact=RUN/model"
        )
    return kept


def gather(runs: Sequence[Run]) -> list[Experiment]:
    """Experiments, each named by the settings in which it differs from another."""
    same = defaultdict(list)
    for run in runs:
        same[json.dumps(run.settings, sort_keys=True, default=str)].append(run)
    found = [rows[0].settings for rows in same.values()]
    varied = differing(found)
    return [
        Experiment(_name(settings, varied, rows[0]), settings, tuple(rows))
        for settings, rows in zip(found, same.values(), strict=True)
    ]


def differing(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """The keys whose values are not the same in all."""
    keys = dict.fromkeys(key for one in settings for key in one)
    return sorted(key for key in keys if any(one.get(key) != settings[0].get(key) for one in settings))


def _name(settings: Mapping[str, Any], varied: Sequence[str], run: Run) -> str:
    short = {key: key.rsplit("/", 1)[-1] for key in varied}
    clear = {key: name if list(short.values()).count(name) == 1 else key for key, name in short.items()}
    parts = [f"{clear[key]}={str(settings.get(key))[:24]}" for key in varied]
    return ", ".join(parts) or run.group or run.name


def pick_group(runs: Sequence[Run], part: str, asked: str | None) -> str:
    """The group of articles to compare on: the one asked for, else the first that all runs were measured on.

    Raises:
        ValueError: the runs have no such group, or none in common.
    """
    shared = [g for g in GROUPS if all(f"{part}/{slug(g)}/macro_f1" in run.figures for run in runs)]
    if asked is not None:
        shared = [g for g in shared if asked in (g, slug(g))]
    if not shared:
        raise ValueError(f"on={asked}: not all runs were measured on it; choose from {', '.join(GROUPS)}")
    return shared[0]
