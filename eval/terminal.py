"""The figures of an evaluation in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval.findings import findings, worst_families
from isnad.labels import LABELS, Label

_HEADS = {Label.BACKGROUND: "back-\nground"}  # so that the table fits into 80 columns
_CEILING = "annotator"
_WORST = 10  # families of behaviour tests that are shown


def _row(name: str, figures: dict[str, Any]) -> list[str]:
    low, high = figures["interval"]
    scores = [figures["per_class"][label.value] for label in LABELS]
    return [
        name,
        f"{figures['macro_f1']:.3f} [{low:.3f}–{high:.3f}]",
        f"{figures['kappa']:.3f}",
        *(f"{s['f1']:.3f}" if s["support"] else "–" for s in scores),
    ]


def _new_table(title: str | None, columns: Sequence[str]) -> Table:
    """The first column holds names, the others figures."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for n, column in enumerate(columns):
        table.add_column(column, justify="right" if n else "left", no_wrap=n > 0, overflow="fold")
    return table


def _print_spans(figures: dict[str, Any], console: Console) -> None:
    """Exact and partial F1 of each group, system and label; quoted words and speakers."""
    kinds = ("cue", "source")

    def both(found: dict[str, Any]) -> str:
        low, high = found["exact"]["interval"] or (0.0, 1.0)
        return f"{found['exact']['f1']:.3f} [{low:.3f}–{high:.3f}] / {found['partial']['f1']:.3f}"

    for group, content in figures.items():
        table = _new_table(f"who said it, {group}: F1, exact [95 %] / partial", ["", *kinds])
        rows = {"model": content["model"], "rules": content["rules"]}
        rows |= {f"model, {label}": found for label, found in content["by_label"].items()}
        for name, found in rows.items():
            table.add_row(name, *(both(found[kind]) for kind in kinds))
        console.print(table)
        if q := content["quotes"]:
            console.print(
                f"quoted words, {q['sentences']} sentences: {both(q['model'])}; all in marks: {both(q['marks'])}"
            )
        if r := content["resolution"]:
            console.print(
                f"of {r['sentences']} sentences that name nobody {r['answered']:.0%} get a speaker; right: "
                f"{r['accuracy']:.3f} of all, {r['precision']:.3f} of those"
            )


def behaviour_table(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    """A row a family; of articles also the share of all their sentences whose label changes."""
    of_all = "tried" in rows[0]
    table = _new_table(title, ["family", "cases", "failed", "rate", "95 %", *(["of all"] if of_all else [])])
    for row in rows:
        low, high = row["interval"]
        cells = [str(row["cases"]), str(row["failures"]), f"{row['rate']:.1%}", f"{low:.1%}–{high:.1%}"]
        cells += [f"{row['failures'] / row['tried']:.2%}"] if of_all else []
        table.add_row(escape(row["name"]), *cells, style="bold" if row["failures"] else None)
    return table


def _print_behaviour(results: dict[str, Any], console: Console) -> None:
    console.print(behaviour_table("behaviour", [{"name": k, **row} for k, row in results["kinds"].items()]))
    if worst := worst_families(results["families"])[:_WORST]:
        console.print(behaviour_table("behaviour, the worst families", worst))


def print_splitter(results: dict[str, Any], console: Console) -> None:
    """One table a set of passages."""
    for name, content in results.items():
        gold = next(iter(content["splitters"].values()))["gold"]
        title = f"sentence splitter, {name}: {gold} boundaries in {content['passages']} passages"
        table = _new_table(title, ["splitter", "precision", "recall", "F1 [95 %]", "recall, marked"])
        for splitter, s in content["splitters"].items():
            low, high = s["interval"]
            table.add_row(
                splitter, f"{s['precision']:.3f}", f"{s['recall']:.3f}",
                f"{s['f1']:.3f} [{low:.3f}–{high:.3f}]", f"{s['marked_recall']:.3f}",
            )  # fmt: skip
        console.print(table)


def _print_cost(results: dict[str, Any], console: Console) -> None:
    """A row a system; those on the Pareto front in bold."""
    table = _new_table("cost", ["system", "MB", "load, s", "peak MB", "sentences/s", "macro-F1 [95 %]"])
    for s in results["systems"]:
        load = "" if s["load_seconds"] is None else f"{s['load_seconds']:.2f}"
        peak = "" if s["peak_bytes"] is None else f"{s['peak_bytes'] / 1e6:.0f}"
        reached = "{:.3f} [{:.3f}–{:.3f}]".format(s["macro_f1"], *s["interval"])
        cells = [f"{s['bytes'] / 1e6:.2f}", load, peak, f"{s['sentences_per_second']:,.0f}", reached]
        table.add_row(escape(s["name"]), *cells, style="bold" if s["best"] else None)
    console.print(table)


_PRINT: dict[str, Callable[[dict[str, Any], Console], None]] = {
    "spans": _print_spans, "behaviour": _print_behaviour, "splitter": print_splitter, "cost": _print_cost,
}  # fmt: skip


def print_tables(results: dict[str, Any], console: Console) -> None:
    """Print one table a group of sentences, systems in rows, those of the sections, and then what the figures say."""
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
    for name, content in results["sections"].items():
        if "left_out" in content:
            console.print(f"[yellow]{name}:[/] {escape(content['left_out'])}", highlight=False)
        else:
            _PRINT[name](content, console)
    for finding in findings(results):
        console.print(("[red]✗[/] " if finding.fault else "· ") + finding.text, highlight=False)
    if (fitted := results["temperature"]["fitted"]) is not None:
        in_use = results["temperature"]["config"]
        console.print(f"· Temperature: config.json has {in_use:.2f}, {fitted:.2f} would suit these sentences best.")
    for note in results["notes"]:
        console.print(f"[yellow]note:[/] {note}", highlight=False)
