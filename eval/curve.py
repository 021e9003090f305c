r"""What more data is worth: a learning curve from finished runs, as a table and a picture.

    python -m train -m data.train_on=own,real,both data.share=0.25,0.5,1 seed=1,2 \
        'output=runs/curve-${data.train_on}-${data.share}-seed${seed}'
    for run in runs/curve-*; do python -m eval artifact=$run/model 'baselines=[rules]'; done
    python -m eval.curve runs/curve-* --picture seeds/learning-curve.svg

All runs of a seed are measured on the same articles, whatever they learnt from.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure
from omegaconf import OmegaConf

from eval.metrics import spread

PARTS = ("own", "real", "both")
GROUP = "real news"


@dataclass(frozen=True)
class Point:
    """One run: what it learnt from, and what it reached on `GROUP`."""

    part: str
    share: float
    sentences: int
    macro_f1: float
    rules: float | None


def read_points(runs: Sequence[Path]) -> list[Point]:
    """A point for each run that has been evaluated on dev.

    Raises:
        ValueError: none of the folders holds an evaluated run.
    """
    points = []
    for run in runs:
        figures = run / "report-dev" / "metrics.json"
        if not figures.exists():
            continue
        data = OmegaConf.load(run / "config.yaml").data
        systems = json.loads(figures.read_text("utf-8"))["groups"][GROUP]["systems"]
        sentences = json.loads((run / "record.json").read_text("utf-8"))["sentences"]["train"]
        rules = systems["rules"]["macro_f1"] if "rules" in systems else None
        points.append(Point(data.train_on, data.share, sentences, systems["model"]["macro_f1"], rules))
    if not points:
        raise ValueError(f"no evaluated run among {len(runs)} folders: python -m eval artifact=RUN/model comes first")
    return points


def gather(points: Sequence[Point]) -> dict[tuple[str, float], list[Point]]:
    """The points of each part and share, in the order of the table."""
    groups = defaultdict(list)
    for point in sorted(points, key=lambda p: (PARTS.index(p.part), p.share)):
        groups[point.part, point.share].append(point)
    return groups


def table(points: Sequence[Point]) -> str:
    """The curve as a Markdown table."""
    lines = ["| learnt from | share | sentences | runs | macro-F1 on real news |", "|---|---|---|---|---|"]
    for (part, share), group in gather(points).items():
        sentences = round(statistics.mean(p.sentences for p in group))
        reached = spread([p.macro_f1 for p in group])
        lines.append(f"| {part} | {share:g} | {sentences:,} | {len(group)} | {reached} |")
    rules = [p.rules for p in points if p.rules is not None]
    if rules:
        lines.append(f"| nothing (rules) | | | | {spread(rules)} |")
    return "\n".join(lines)


def draw(points: Sequence[Point], path: Path) -> None:
    """The curve as a picture: sentences learnt from against macro-F1, a line a part, bars for the spread."""
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    for part in PARTS:
        groups = [group for (name, _), group in gather(points).items() if name == part]
        if groups:
            x = [statistics.mean(p.sentences for p in group) for group in groups]
            y = [statistics.mean(p.macro_f1 for p in group) for group in groups]
            error = [statistics.stdev([p.macro_f1 for p in g]) if len(g) > 1 else 0.0 for g in groups]
            axes.errorbar(x, y, yerr=error, marker="o", capsize=3, label=part)
    rules = [p.rules for p in points if p.rules is not None]
    if rules:
        axes.axhline(statistics.mean(rules), linestyle=":", color="gray", label="rules")
    axes.set(xscale="log", xlabel="labelled sentences learnt from", ylabel="macro-F1 on real news held out")
    axes.grid(alpha=0.3)
    axes.legend(title="learnt from")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--picture", type=Path, help="write the curve to this .svg or .png as well")
    arguments = parser.parse_args()
    try:
        points = read_points(arguments.runs)
    except ValueError as error:
        parser.exit(1, f"error: {error}\n")
    sys.stdout.write(table(points) + "\n")
    if arguments.picture:
        draw(points, arguments.picture)


if __name__ == "__main__":
    main()
