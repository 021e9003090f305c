"""What each model costs beside what it reaches: a table, and a Pareto plot of speed against accuracy.

    python -m eval.cost runs/*/model --picture cost.svg --json cost.json

Size, load time (imports and, for n-grams, fitting included), peak memory and sentences a second are measured here, on
our own articles, each system in a process of its own; the n-grams are fitted on these articles. Accuracy is read from
each run's report (`python -m eval` makes one), that of the baselines from the first report that has them: there they
learnt from that run's articles.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tqdm import tqdm

from eval.cost_measure import BASELINES
from seeds.corpus import load_own

MODEL = "model"  # the name of the model's own figures in a report


@dataclass(frozen=True, slots=True)
class Cost:
    """One system: bytes, seconds, sentences a second; accuracy and its interval where there is a report."""

    name: str
    bytes: int
    load_seconds: float
    peak_bytes: int | None
    sentences_per_second: float
    macro_f1: float | None = None
    interval: tuple[float, float] | None = None


def read_accuracy(model: Path, part: str) -> dict[str, dict[str, Any]]:
    """The figures of a model and the baselines beside it on the report's headline group; empty with no report."""
    path = model.absolute().parent / f"report-{part}" / "metrics.json"
    if not path.exists():
        return {}
    groups = json.loads(path.read_text("utf-8"))["groups"]
    return next(iter(groups.values()))["systems"]


def sample(count: int) -> dict[str, list[str]]:
    """About so many sentences of our own articles, whole articles evenly drawn, each with the text before it."""
    articles = load_own()
    total = sum(len(a.sentences) for a in articles)
    chosen = [(a, s) for a in articles[:: max(1, total // count)] for s in a.sentences]
    return {
        "sentences": [a.sentence_text(s) for a, s in chosen],
        "contexts": [a.text[: s.start] for a, s in chosen],
    }


def _measure(system: str, content: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "eval.cost_measure", system], input=content, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{system}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


def measure_all(models: Sequence[Path], *, part: str = "dev", sentences: int = 1000) -> list[Cost]:
    """Measure the baselines and each model, one after the other.

    Raises:
        RuntimeError: a system cannot be loaded; the message is its own.
    """
    content = json.dumps(sample(sentences))
    reports = {str(model): read_accuracy(model, part) for model in models}
    figures = {name: r[MODEL] for name, r in reports.items() if r}
    for name in BASELINES:
        figures |= next(({name: r[name]} for r in reports.values() if name in r), {})
    costs = []
    for name in tqdm([*BASELINES, *reports], unit="system"):
        reached = figures.get(name, {})
        interval = tuple(reached["interval"]) if reached else None
        costs.append(Cost(name, **_measure(name, content), macro_f1=reached.get("macro_f1"), interval=interval))
    return costs


def pareto(costs: Sequence[Cost]) -> list[Cost]:
    """Those that no other one beats or equals in both speed and accuracy, the fastest first."""
    front: list[Cost] = []
    reached = [c for c in costs if c.macro_f1 is not None]
    for cost in sorted(reached, key=lambda c: (-c.sentences_per_second, -c.macro_f1)):
        if not front or cost.macro_f1 > front[-1].macro_f1:
            front.append(cost)
    return front


def print_table(costs: Sequence[Cost], console: Console) -> None:
    """A row a system; those on the Pareto front in bold."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("system", overflow="fold")
    for column in ("MB", "load, s", "peak MB", "sentences/s", "macro-F1 [95 %]"):
        table.add_column(column, justify="right", no_wrap=True)
    front = pareto(costs)
    for c in costs:
        peak = "" if c.peak_bytes is None else f"{c.peak_bytes / 1e6:.0f}"
        reached = "" if c.macro_f1 is None else "{:.3f} [{:.3f}–{:.3f}]".format(c.macro_f1, *c.interval)
        cells = [f"{c.bytes / 1e6:.2f}", f"{c.load_seconds:.2f}", peak, f"{c.sentences_per_second:,.0f}", reached]
        table.add_row(escape(c.name), *cells, style="bold" if c in front else None)
    console.print(table)


def draw(costs: Sequence[Cost], path: Path) -> None:
    """Sentences a second (log) against macro-F1; a disc's area is the size in MB, the line the Pareto front.

    Raises:
        ValueError: no system has a report to read its accuracy from.
    """
    reached = [c for c in costs if c.macro_f1 is not None]
    if not reached:
        raise ValueError("no model has a report to read its accuracy from: python -m eval artifact=MODEL comes first")
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    front = pareto(costs)
    axes.plot([c.sentences_per_second for c in front], [c.macro_f1 for c in front], ":", color="gray", zorder=1)
    for c in reached:
        x, y = c.sentences_per_second, c.macro_f1
        axes.errorbar(x, y, yerr=[[y - c.interval[0]], [c.interval[1] - y]], color="gray", capsize=2, zorder=1)
        name = Path(c.name).parent.name or c.name if "/" in c.name else c.name
        axes.scatter(x, y, s=20 + 20 * c.bytes / 1e6, alpha=0.7, zorder=2, label=f"{name}, {c.bytes / 1e6:.1f} MB")
    axes.set(xscale="log", xlabel="sentences a second", ylabel="macro-F1, held out")
    axes.margins(x=0.1, y=0.15)
    axes.grid(alpha=0.3)
    axes.legend(loc="best", fontsize=8)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.cost", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", type=Path, help="exported model directories")
    parser.add_argument("--part", choices=("dev", "test"), default="dev", help="of whose report the accuracy is read")
    parser.add_argument("--sentences", type=int, default=1000, metavar="N", help="about so many (default: 1000)")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the Pareto plot to this .svg or .png")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE as well")
    arguments = parser.parse_args()
    if arguments.sentences < 1:
        parser.error("--sentences must be at least 1")
    try:
        costs = measure_all(arguments.models, part=arguments.part, sentences=arguments.sentences)
        if arguments.json:
            content = {"cpus": os.cpu_count(), "systems": [asdict(c) for c in costs]}
            arguments.json.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        print_table(costs, Console())
        if arguments.picture:
            draw(costs, arguments.picture)
    except (RuntimeError, ValueError) as error:
        parser.exit(2, f"error: {error}\n")


if __name__ == "__main__":
    main()
