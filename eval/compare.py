r"""Compare experiments: which is best, by how much, and whether that is more than chance.

    python -m eval.compare runs/*                              # finished and evaluated runs, from their folders
    python -m eval.compare runs --tag sweep-20261122-201500-sweep --html compare.html
    python -m eval.compare --wandb ENTITY/PROJECT --group finetune-1a2b3c4d --group finetune-5e6f7a8b

An experiment is the runs whose configs differ in seed and fold alone.
"""

from __future__ import annotations

import argparse
import io
import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from eval.experiments import Experiment, choose, differing, gather, pick_group, read_folders, read_wandb
from eval.metrics import spread
from eval.significance import Difference, difference, holm
from eval.tracking import NAMES, slug

LEVEL = 0.05  # of an adjusted p below which a difference is called real


@dataclass(frozen=True)
class Comparison:
    """Experiments, the best first, and how much the best is ahead of each other one (p adjusted over all pairs)."""

    measure: str
    part: str
    group: str
    experiments: list[Experiment]
    ahead: list[tuple[Difference, float | None]]

    def values(self, experiment: Experiment) -> list[float]:
        """The figure of each run."""
        return list(experiment.values(f"{self.part}/{slug(self.group)}/{self.measure}").values())


def compare(experiments: Sequence[Experiment], part: str, group: str, measure: str) -> Comparison:
    """Order the experiments by their mean, and test all pairs: the best is known only after looking."""
    key = f"{part}/{slug(group)}/{measure}"
    ordered = sorted(experiments, key=lambda e: -statistics.mean(e.values(key).values()))
    pairs = list(itertools.combinations(ordered, 2))
    differences = [difference(a.values(key), b.values(key), _shared(a, b, part)) for a, b in pairs]
    adjusted = holm([d.p for d in differences])
    return Comparison(measure, part, group, ordered, list(zip(differences, adjusted, strict=True))[: len(ordered) - 1])


def _shared(a: Experiment, b: Experiment, part: str) -> float:
    """Sentences held out over sentences learnt from, where runs were measured on different splits; else 0."""
    splits = {run.unit[1:] for run in (*a.runs, *b.runs)}
    if part != "dev" or len(splits) == 1:
        return 0.0
    return statistics.mean(run.held_out for run in (*a.runs, *b.runs))


def verdict(c: Comparison) -> list[str]:
    """In words: which is best, and over which of the others the difference is real."""
    best, *others = c.experiments
    reached = spread(c.values(best))
    what = f"{c.measure} on {c.group} ({c.part})"
    if not others:
        return [f"One experiment alone: {best.name}, {what} {reached} over {len(best.runs)} runs."]
    lines = [f"Best: {best.name}, with {what} {reached} over {len(best.runs)} runs."]
    real = 0
    for other, (d, p) in zip(others, c.ahead, strict=True):
        is_real = p is not None and p < LEVEL and d.mean > 0
        real += is_real
        interval = "" if p is None else f", 95 % [{d.low:+.3f}, {d.high:+.3f}], p = {p:.2g} after Holm"
        end = "the difference is real" if is_real else "that can be chance"
        lines.append(f"Over {other.name}: {d.mean:+.3f}{interval} ({d.test}): {end}.")
    if real == len(others):
        lines.append("It is really better than every other.")
    elif real:
        lines.append(f"It is really better than {real} of {len(others)}; the others are not shown to be worse.")
    else:
        lines.append("No difference is shown to be real: these runs do not tell which is best. More seeds may.")
    return lines


def print_comparison(c: Comparison, console: Console) -> None:
    """Print the table, the chart and the verdict."""
    table = Table(title=f"{c.measure} on {c.group} ({c.part})", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("experiment", overflow="fold")
    for column in ("runs", "mean ± spread", "p"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("each run · and mean ●", no_wrap=True)
    values = [c.values(e) for e in c.experiments]
    low, high = min(map(min, values)), max(map(max, values))
    for n, (experiment, figures) in enumerate(zip(c.experiments, values, strict=True)):
        p = c.ahead[n - 1][1] if n else None
        cells = [experiment.name, str(len(experiment.runs)), spread(figures), "" if p is None else f"{p:.2g}"]
        table.add_row(*cells, _strip(figures, low, high), style="bold" if n == 0 else None)
    console.print(table)
    console.print(f"{low:.3f} is the left end of the strips, {high:.3f} the right one.")
    for line in verdict(c):
        console.print(line, soft_wrap=True, highlight=False)


def _strip(values: Sequence[float], low: float, high: float, width: int = 32) -> str:
    """The values on a line from `low` to `high`."""
    line = [" "] * width
    for value, mark in [*((v, "·") for v in values), (statistics.mean(values), "●")]:
        line[round((value - low) / ((high - low) or 1) * (width - 1))] = mark
    return "".join(line)


def write_html(c: Comparison, path: Path) -> None:
    """Write one self-contained page: verdict, table, chart, what differs in the configs, the runs."""
    settings = [e.settings for e in c.experiments]
    page = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True).get_template("compare.html.j2")
    rows = [
        {"name": e.name, "spread": spread(c.values(e)), "ahead": c.ahead[n - 1] if n else None, "runs": e.runs}
        for n, e in enumerate(c.experiments)
    ]
    key = f"{c.part}/{slug(c.group)}/{c.measure}"
    varied = {key: [one.get(key) for one in settings] for key in differing(settings)}
    content = page.render(c=c, rows=rows, key=key, varied=varied, verdict=verdict(c), chart=_chart(c))
    path.write_text(content, "utf-8")


def _chart(c: Comparison) -> str:
    """The runs of each experiment as points, their mean and spread as a bar: SVG."""
    figure = Figure(figsize=(7, 0.9 + 0.45 * len(c.experiments)), layout="constrained")
    axes = figure.subplots()
    for row, experiment in enumerate(c.experiments):
        values = c.values(experiment)
        error = statistics.stdev(values) if len(values) > 1 else 0.0
        axes.plot(values, [row] * len(values), ".", color="#8a94a6")
        axes.errorbar([statistics.mean(values)], [row], xerr=error, fmt="o", capsize=4, color="#1f5fbf")
    axes.set_yticks(range(len(c.experiments)), [e.name for e in c.experiments])
    axes.invert_yaxis()
    axes.set_xlabel(f"{c.measure} on {c.group} ({c.part})")
    axes.grid(axis="x", alpha=0.3)
    image = io.StringIO()
    figure.savefig(image, format="svg", metadata={"Date": None})
    return image.getvalue()[image.getvalue().index("<svg") :]


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, metavar="RUN", help="run folders, or folders of them")
    parser.add_argument("--wandb", metavar="ENTITY/PROJECT", help="ask wandb for the evaluations of a project instead")
    parser.add_argument("--group", action="append", default=[], help="runs of this group alone (may be repeated)")
    parser.add_argument("--tag", action="append", default=[], help="runs with this tag alone (may be repeated)")
    parser.add_argument("--part", default="dev", choices=("dev", "test"))
    parser.add_argument("--on", metavar="GROUP", help="group of articles; by default the first that all runs have")
    parser.add_argument("--measure", default="macro_f1", choices=("macro_f1", "accuracy", *(f"f1_{n}" for n in NAMES)))
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the comparison as a page as well")
    arguments = parser.parse_args()
    if bool(arguments.paths) == bool(arguments.wandb):
        parser.error("give run folders, or --wandb ENTITY/PROJECT")
    try:
        part = arguments.part
        runs = read_wandb(arguments.wandb, part) if arguments.wandb else read_folders(arguments.paths, part)
        runs = choose(runs, arguments.group, arguments.tag)
        comparison = compare(gather(runs), part, pick_group(runs, part, arguments.on), arguments.measure)
    except ValueError as error:
        parser.exit(1, f"error: {error}\n")
    print_comparison(comparison, Console())
    if arguments.html:
        write_html(comparison, arguments.html)


if __name__ == "__main__":
    main()
