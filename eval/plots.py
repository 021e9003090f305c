"""The report's figures, drawn by matplotlib, as SVG to be put into a page."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from eval.calibration import Floats
from isnad.labels import LABELS

_SIZE = (4.8, 3.3)  # inches: small, so that a phone leaves the letters readable
_STYLE = {
    "svg.fonttype": "none", "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25,
    "font.size": 9, "legend.frameon": False, "legend.fontsize": 8, "figure.facecolor": "none", "axes.facecolor": "none",
}  # fmt: skip


def _svg(figure: Figure, name: str) -> str:
    """The figure as an SVG element; ids in it begin from `name`, since a page holds several."""
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(
            buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")), transparent=True
        )
    text = buffer.getvalue()
    return text[text.index("<svg") :].replace("<svg ", f'<svg role="img" aria-label="{name}" ', 1)


def _axes(size: tuple[float, float] = _SIZE) -> tuple[Figure, Axes]:
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots()


@mpl.rc_context(_STYLE)
def plot_f1(systems: Mapping[str, dict[str, Any]]) -> str:
    """F1 of each label with its 95 % interval, a colour a system; labels that no sentence has are left out."""
    labels = [label.value for label in LABELS if systems[next(iter(systems))]["per_class"][label.value]["support"]]
    figure, axes = _axes((4.8, 0.7 + len(labels) * (0.25 + 0.14 * len(systems))))
    for number, (name, system) in enumerate(systems.items()):
        y = np.arange(len(labels)) + (number - (len(systems) - 1) / 2) * 0.7 / len(systems)
        f1 = np.array([system["per_class"][label]["f1"] for label in labels])
        bounds = np.array([system["intervals"]["per_class"][label]["f1"] for label in labels])
        error = np.maximum(0, [f1 - bounds[:, 0], bounds[:, 1] - f1])
        axes.errorbar(f1, y, xerr=error, fmt="o", markersize=4, capsize=2, label=name)
    axes.set(yticks=range(len(labels)), yticklabels=labels, xlabel="F1, 95 % interval", ylim=(len(labels) - 0.5, -0.5))
    axes.grid(visible=False, axis="y")
    figure.legend(loc="outside upper center", ncols=3)
    return _svg(figure, "F1 of each label")


@mpl.rc_context(_STYLE)
def plot_reliability(curves: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Accuracy against confidence, a point a bin of `calibration.reliability`; the diagonal is perfect."""
    figure, axes = _axes()
    axes.plot([0, 1], [0, 1], linestyle=":", color="gray")
    largest = max(b["sentences"] for bins in curves.values() for b in bins)
    for name, bins in curves.items():
        confidence, accuracy = [b["confidence"] for b in bins], [b["accuracy"] for b in bins]
        line = axes.plot(confidence, accuracy, linewidth=1, label=name)[0]
        axes.scatter(confidence, accuracy, s=[6 + 80 * b["sentences"] / largest for b in bins], color=line.get_color())
    axes.set(xlabel="confidence", ylabel="accuracy (dot: share of sentences)", xlim=(0.2, 1.02), ylim=(0, 1.02))
    axes.legend(loc="lower right")
    return _svg(figure, "Reliability diagram")


@mpl.rc_context(_STYLE)
def plot_pareto(systems: Sequence[Mapping[str, Any]]) -> str:
    """Sentences a second (log) against macro-F1 with its interval, from `cost`; a disc's area is the size in MB.

    The dotted line is the Pareto front.
    """
    figure, axes = _axes()
    front = sorted((s["sentences_per_second"], s["macro_f1"]) for s in systems if s["best"])
    axes.plot(*zip(*front, strict=True), ":", color="gray", zorder=1)
    for s in systems:
        x, y, (low, high) = s["sentences_per_second"], s["macro_f1"], s["interval"]
        axes.errorbar(x, y, yerr=[[max(0, y - low)], [max(0, high - y)]], color="gray", capsize=2, zorder=1)
        label = f"{s['name'][-30:]}, {s['bytes'] / 1e6:.2f} MB"
        axes.scatter(x, y, s=20 + 20 * s["bytes"] / 1e6, alpha=0.7, zorder=2, label=label)
    axes.set(xscale="log", xlabel="sentences a second", ylabel="macro-F1, 95 % interval")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.15, y=0.15)
    figure.legend(loc="outside upper center", ncols=2, markerscale=0.6)
    return _svg(figure, "Speed and accuracy")


@mpl.rc_context(_STYLE)
def plot_risk_coverage(curves: Mapping[str, tuple[Floats, Floats]]) -> str:
    """Share of errors against the share of sentences answered, from `calibration.risk_coverage`."""
    figure, axes = _axes()
    for name, (coverage, risk) in curves.items():
        steps = np.unique(np.linspace(0, len(coverage) - 1, 300).astype(int))
        axes.plot(coverage[steps], risk[steps], label=name)
    axes.set(xlabel="coverage: sentences answered", ylabel="risk: errors among them", xlim=(0, 1), ylim=(0, None))
    axes.legend(loc="upper left")
    return _svg(figure, "Risk and coverage")
