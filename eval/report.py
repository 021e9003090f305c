"""The report: one HTML page that needs nothing beside itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from eval.calibration import risk_coverage
from eval.errors import nearest, occlusion
from eval.findings import bounds, findings, number, worst_families
from eval.items import Item
from eval.plots import plot_f1, plot_pareto, plot_reliability, plot_risk_coverage
from eval.slices import FEWEST, YES, weak
from eval.splitter import PADT
from eval.suite import MODEL, Evaluation
from isnad import Classifier
from isnad.labels import LABELS

_CONTEXT = 240  # characters shown before a sentence
_MOST_DIFFERENCES = 60  # sentences shown for each other model
_HEADS = {"spans": "Who said it", "behaviour": "Behaviour", "splitter": "Sentence splitter", "cost": "Cost"}
_NOTICEABLE = 0.5  # a smaller push is within what int8 does to the logits


def explain(evaluation: Evaluation, classifier: Classifier, train: Sequence[Item], most: int) -> list[dict[str, Any]]:
    """The worst errors with their text, the words that mattered and the nearest training sentences."""
    rows = evaluation.errors[:most]
    items = [evaluation.measured[n] for n in rows]
    parts, neighbours = occlusion(classifier, items) if items else [], nearest(train, items)
    return [
        {"item": item, "parts": words, "neighbours": near} | evaluation.results["errors"][n]
        for n, (item, words, near) in enumerate(zip(items, parts, neighbours, strict=True))
    ]


def _differences(evaluation: Evaluation) -> dict[str, list[dict[str, Any]]]:
    """For each other model the sentences on which it differs, those first that one of the two has right."""
    shown = {}
    for name, rows in evaluation.differ.items():
        found = [
            told | {"item": evaluation.measured[n]}
            for n, told in zip(rows, evaluation.results["differ"][name], strict=True)
        ]
        shown[name] = sorted(found, key=lambda d: d["gold"] not in (d["model"], d["other"]))[:_MOST_DIFFERENCES]
    return shown


def _figures(evaluation: Evaluation) -> dict[str, str]:
    group = next(iter(evaluation.results["groups"].values()))
    calibration = evaluation.results["calibration"]
    reliability = {"as it is": calibration["before"]["bins"]}
    if calibration["after"]:
        reliability["after temperature scaling"] = calibration["after"]["bins"]
    curves = {}
    for name, system in evaluation.systems.items():
        if system.probabilities is not None:
            p, gold = system.probabilities[evaluation.headline], evaluation.gold[evaluation.headline]
            curves[name] = risk_coverage(p.max(axis=1), p.argmax(axis=1) == gold)
    cost = evaluation.results["sections"].get("cost", {})
    return {
        # A majority label at 0 would squeeze the others.
        "f1": plot_f1({name: s for name, s in group["systems"].items() if name != "majority"}),
        "reliability": plot_reliability(reliability),
        "risk_coverage": plot_risk_coverage(curves),
        "pareto": plot_pareto(cost["systems"]) if "systems" in cost else "",
    }


def write_html(evaluation: Evaluation, errors: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the page; it holds the text of the sentences it shows, so it belongs where they may be.

    Args:
        evaluation: what was measured; its `results` with `artifact`, `measured_on`, `notes` added.
        errors: what `explain` gives.
        path: of the page.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found = evaluation.results["slices"]
    traits = [s for s in found if s["value"] == YES]
    dimensions = groupby((s for s in found if s["value"] != YES), itemgetter("dimension"))
    page = environment.get_template("report.html.j2").render(
        results=evaluation.results, findings=findings(evaluation.results), figures=_figures(evaluation),
        weak=weak(found), traits=traits, dimensions=dimensions, errors=errors, differences=_differences(evaluation),
        labels=[label.value for label in LABELS], arabic={label.value: label.arabic for label in LABELS},
        heads=_HEADS, padt=PADT, worst_families=worst_families,
        model=MODEL, fewest=FEWEST, noticeable=_NOTICEABLE, context=_CONTEXT, number=number, bounds=bounds,
    )  # fmt: skip
    path.write_text(page, "utf-8", "surrogatepass")
