"""The leader board `eval/RESULTS.md`, made from the figures of finished runs and from nothing else.

    python -m eval.board runs/*            # prints it; > eval/RESULTS.md keeps it

Each row is one experiment: the runs whose configs differ in seed and fold alone. A run that others could not repeat
(uncommitted changes, a commit or an encoder that the repository does not have) is left out, and named on stderr.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from eval.metrics import spread
from eval.suite import GROUPS
from isnad.labels import LABELS
from tracking.identity import experiment_keys, flatten

_HEAD = """# Results

Made by `python -m eval.board` from finished runs. Macro-F1 and F1 of each label on real news that the run held
out (dev: a fold by story; test: the fixed test part), mean ± standard deviation over the runs; `[…]`: 95 % interval
of a single run, bootstrap over articles. The baselines learn from the same articles as the first run of their row.
The labels are a language model's; two passes of it over the same sentences agree at κ .97–.99: no system can be seen to
be better than that. Denials are enriched in these sentences: about 9 % of them, and .3 % of a paper's. A label without
a single sentence in a group counts 0 there: of the natural sample few sentences or none are denials.

To repeat a row: at its commit, on the corpus of its data hash, its command, then for each run
`python -m eval artifact=RUN/model` for dev, with `part=test` for test. Runs that cannot be repeated are left out.
"""
# Overrides that change where a run is kept or shown, not what it reaches.
_NOT_TOLD = ("output", "tracking", "hydra", "data.corpora")


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, its resolved config, the record of what made it, the overrides it was begun with."""

    folder: Path
    config: dict[str, Any]
    record: dict[str, Any]
    overrides: dict[str, str]


def _in_history(commit: str, path: str = "") -> bool:
    """Whether the repository has the commit, and the path at it."""
    named = f"{commit}:{path}" if path else f"{commit}^{{commit}}"
    return not subprocess.run(["git", "cat-file", "-e", named], capture_output=True, check=False).returncode


def why_not(run: Run) -> str | None:
    """What keeps others from repeating a run, or None."""
    commit, encoder = run.record["commit"], run.config["encoder"]["path"]
    if run.record["dirty"]:
        return "begun with uncommitted changes"
    if not commit or not _in_history(commit):
        return f"its commit {commit[:9]} is not in this repository"
    is_local = Path(encoder).exists() or encoder.count("/") > 1  # a name on the hub is OWNER/NAME
    if is_local and not _in_history(commit, encoder):
        return "its encoder is a folder that its commit does not have"
    return None


def read_run(folder: Path) -> Run:
    """Read a run's folder.

    Raises:
        FileNotFoundError: it lacks one of the files that `python -m train` writes.
    """
    overrides = OmegaConf.load(folder / "hydra" / "overrides.yaml")
    return Run(
        folder,
        OmegaConf.to_container(OmegaConf.load(folder / "config.yaml")),
        json.loads((folder / "record.json").read_text("utf-8")),
        dict(override.split("=", 1) for override in overrides),
    )


def command(runs: Sequence[Run]) -> str:
    """What repeats the runs of one row: one sweep where they are one, else a command each."""
    told = [{k: v for k, v in run.overrides.items() if not k.lstrip("+~").startswith(_NOT_TOLD)} for run in runs]
    keys = dict.fromkeys(key for overrides in told for key in overrides)
    values = {key: list(dict.fromkeys(o.get(key) for o in told)) for key in keys}
    whole = len({tuple(o.get(key) for key in keys) for o in told}) == len(runs)
    if whole and prod(map(len, values.values())) == len(runs) and not any(None in v for v in values.values()):
        sweep = ["-m"] if len(runs) > 1 else []
        return shlex.join(["python", "-m", "train", *sweep, *(f"{k}={','.join(v)}" for k, v in values.items())])
    single = [shlex.join(["python", "-m", "train", *(f"{k}={v}" for k, v in o.items())]) for o in told]
    return "; ".join(dict.fromkeys(single))


def _row(name: str, systems: list[dict[str, Any]], tail: list[str]) -> str:
    macro = spread([s["macro_f1"] for s in systems])
    if len(systems) == 1:
        macro += " [{:.3f}–{:.3f}]".format(*systems[0]["interval"])
    cells = [name, macro, *(spread([s["per_class"][label.value]["f1"] for s in systems]) for label in LABELS), *tail]
    return "| " + " | ".join(cells) + " |"


def board(runs: Sequence[Run], part: str, group: str) -> str:
    """One table of the runs that have figures for the part and the group of articles."""
    experiments = defaultdict(list)
    for run in runs:
        figures = run.folder / f"report-{part}" / "metrics.json"
        if not figures.exists():
            continue
        results = json.loads(figures.read_text("utf-8"))
        if group in results["groups"]:
            shared = experiment_keys(flatten(run.config))
            same = json.dumps([shared, run.record["data_hash"], run.record["commit"]], sort_keys=True)
            experiments[same].append((run, results["groups"][group]))
    lines = [
        "| system | macro-F1 | "
        + " | ".join(label.value for label in LABELS)
        + " | runs | encoder | commit | data | command |",
        "|---|---|" + "---|" * (len(LABELS) + 5),
    ]
    for rows in experiments.values():
        (run, content), *_ = rows
        encoder = run.config["encoder"]["path"] + (" (random)" if run.config["encoder"]["random_weights"] else "")
        names = f"{len(rows)}: " + ", ".join(r.folder.name for r, _ in rows)
        made = f"`{command([r for r, _ in rows])}`"
        tail = [names, encoder, run.record["commit"][:9], run.record["data_hash"], made]
        lines.append(_row("**model**", [c["systems"]["model"] for _, c in rows], tail))
        baselines = [name for name in content["systems"] if name != "model"]
        lines += [_row(name, [c["systems"][name] for _, c in rows], [""] * 5) for name in baselines]
    return "\n".join(lines) if experiments else ""


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    repeatable = []
    for folder in sorted(parser.parse_args().runs):
        try:
            run = read_run(folder)
        except FileNotFoundError as error:
            reason = f"no finished run: {Path(error.filename).name} is missing"
        else:
            reason = why_not(run)
        if reason is None:
            repeatable.append(run)
        else:
            sys.stderr.write(f"{folder.name}: left out: {reason}\n")
    sections = [_HEAD]
    for part in ("test", "dev"):
        for group in GROUPS:
            table = board(repeatable, part, group)
            if table:
                sections.append(f"## {part}: {group}\n\n{table}\n")
    sys.stdout.write("\n".join(sections))


if __name__ == "__main__":
    main()
