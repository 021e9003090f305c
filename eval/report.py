"""Show the figures of an evaluation: a table in the terminal, one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from isnad.labels import LABELS
from seeds.corpus import Article

# Said wherever the rules stand beside a model on dev.
RULES_NOTE = (
    "The rules were developed on half of the real articles outside the test part, so dev flatters them; test does not."
)


def print_tables(results: dict[str, Any], console: Console) -> None:
    """Print one table a group of articles: systems in rows, macro-F1 and the F1 of each label."""
    for group, content in results["groups"].items():
        table = Table(
            title=f"{group}: {content['sentences']} sentences of {content['articles']} articles",
            title_justify="left",
            box=SIMPLE_HEAD,
            pad_edge=False,
        )
        table.add_column("system", no_wrap=True)
        table.add_column("macro-F1 [95 %]", justify="right", no_wrap=True)
        for label in LABELS:
            table.add_column(label.value.replace("_", "\n"), justify="right", no_wrap=True)
        best = max(system["macro_f1"] for system in content["systems"].values())
        for name, system in content["systems"].items():
            low, high = system["interval"]
            cells = [f"{system['macro_f1']:.3f} [{low:.3f}–{high:.3f}]"]
            cells += [f"{system['per_class'][label.value]['f1']:.3f}" for label in LABELS]
            table.add_row(name, *cells, style="bold" if system["macro_f1"] == best else None)
        console.print(table)
    if results["part"] == "dev":
        console.print(RULES_NOTE)


def write_html(results: dict[str, Any], articles: Sequence[Article], path: Path) -> None:
    """Write the report: the tables, confusion matrices, and the model's errors with their text."""
    texts = {article.id: article for article in articles}
    errors = []
    for error in results["errors"]:
        article = texts[error["article"]]
        context = article.text[max(0, error["start"] - 240) : error["start"]]
        errors.append(error | {"text": article.text[error["start"] : error["end"]], "context": context})
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    note = RULES_NOTE if results["part"] == "dev" else ""
    page = environment.get_template("report.html.j2").render(results=results, errors=errors, labels=LABELS, note=note)
    path.write_text(page, "utf-8", "surrogatepass")
