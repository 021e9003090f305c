"""The figures of an evaluation in the terminal."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from eval.findings import findings
from isnad.labels import LABELS, Label

_HEADS = {Label.BACKGROUND: "back-\nground"}  # so that the table fits into 80 columns
_CEILING = "annotator"


def _row(name: str, figures: dict[str, Any]) -> list[str]:
    low, high = figures["interval"]
    scores = [figures["per_class"][label.value] for label in LABELS]
    return [
        name,
        f"{figures['macro_f1']:.3f} [{low:.3f}–{high:.3f}]",
        f"{figures['kappa']:.3f}",
        *(f"{s['f1']:.3f}" if s["support"] else "–" for s in scores),
    ]


def print_tables(results: dict[str, Any], console: Console) -> None:
    """Print one table a group of sentences, systems in rows, and then what the figures say."""
    for group, content in results["groups"].items():
        table = Table(
            title=f"{group}: {content['sentences']} sentences of {content['articles']} articles",
            title_justify="left",
            box=SIMPLE_HEAD,
            pad_edge=False,
        )
        table.add_column("system", no_wrap=True)
        table.add_column("macro-F1 [95 %]", justify="right", no_wrap=True)
        table.add_column("κ", justify="right", no_wrap=True)
        for label in LABELS:
            table.add_column(_HEADS.get(label, label.value.replace("_", "\n")), justify="right", no_wrap=True)
        best = max(system["macro_f1"] for system in content["systems"].values())
        for name, system in content["systems"].items():
            table.add_row(*_row(name, system), style="bold" if system["macro_f1"] == best else None)
        if seeds := content.get("seeds"):
            table.add_section()
            told = [f"{f['mean']:.3f} ± {f['deviation']:.3f}" for f in (seeds["macro_f1"], *seeds["f1"].values())]
            table.add_row(f"{seeds['runs']} seeds", told[0], "", *(value.replace(" ", "\n", 1) for value in told[1:]))
        if content["ceiling"]:
            table.add_section()
            table.add_row(*_row(_CEILING, content["ceiling"]), style="dim")
        console.print(table)
    for finding in findings(results):
        console.print(("[red]✗[/] " if finding.fault else "· ") + finding.text, highlight=False)
    if (fitted := results["temperature"]["fitted"]) is not None:
        in_use = results["temperature"]["config"]
        console.print(f"· Temperature: config.json has {in_use:.2f}, {fitted:.2f} would suit these sentences best.")
    for note in results["notes"]:
        console.print(f"[yellow]note:[/] {note}", highlight=False)
