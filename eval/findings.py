"""What the figures say, in sentences: where the model fails comes first in the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eval.slices import YES, weak
from isnad.labels import LABELS

_MOST_SLICES = 6
_FEW = 20  # sentences of a label on which its F1 is hardly known
_MOST_FAMILIES = 5
_SLIGHT = 0.02  # between confidence and accuracy: nobody would act on less


@dataclass(frozen=True)
class Finding:
    """One sentence of the summary; `fault` where the model fails."""

    topic: str
    text: str
    fault: bool = False


def number(value: float) -> str:
    """A figure as the report writes it."""
    return f"{value:.3f}"


def bounds(interval: tuple[float, float] | None) -> str:
    """An interval as the report writes it."""
    return "" if interval is None else f"[{interval[0]:.3f}, {interval[1]:.3f}]"


def _headline(name: str, content: dict[str, Any]) -> Finding:
    model, ceiling = content["systems"]["model"], content["ceiling"]
    text = (
        f"Macro-F1 {number(model['macro_f1'])} {bounds(model['interval'])} on {name}: "
        f"{content['sentences']:,} sentences of {content['articles']:,} articles."
    )
    if ceiling:
        text += f" The annotator agrees with its own second pass at κ {number(ceiling['kappa'])}, "
        text += f"the model with the annotator at κ {number(model['kappa'])}."
    return Finding("overall", text)


def _natural_rate(model: dict[str, Any]) -> Finding:
    few = [label for label, scores in model["per_class"].items() if scores["support"] < _FEW]
    text = f"At the natural rate of the labels: accuracy {number(model['accuracy'])} "
    text += (
        f"{bounds(model['intervals']['accuracy'])}, macro-F1 {number(model['macro_f1'])} {bounds(model['interval'])}"
    )
    text += f"; there are fewer than {_FEW} of {', '.join(few)}, so that macro-F1 says little." if few else "."
    return Finding("overall", text)


def _comparison(name: str, found: dict[str, Any], *, is_baseline: bool) -> Finding:
    effect = found["effect"]["macro_f1"]
    low, high = effect["interval"]
    size = f"{effect['value']:+.3f} {bounds(effect['interval'])} in macro-F1"
    tests = f"McNemar by article p = {found['mcnemar_by_article']:.2g}"
    if low > 0:
        return Finding("comparison", f"Better than {name}: {size}; {tests}.")
    if high < 0:
        return Finding("comparison", f"Worse than {name}: {size}; {tests}.", fault=True)
    return Finding("comparison", f"Not told apart from {name}: {size}; {tests}.", fault=is_baseline)


def _labels(model: dict[str, Any]) -> list[Finding]:
    there = {label: scores for label, scores in model["per_class"].items() if scores["support"]}
    intervals = model["intervals"]["per_class"]
    label, scores = min(there.items(), key=lambda item: item[1]["f1"])
    lean = "it misses them" if scores["recall"] < scores["precision"] else "it sees them where there are none"
    found = [
        Finding(
            "label",
            f"Weakest label: {label}, F1 {number(scores['f1'])} {bounds(intervals[label]['f1'])}; "
            f"precision {number(scores['precision'])}, recall {number(scores['recall'])}: more often {lean}.",
        )
    ]
    for row, gold in zip(model["confusion"], LABELS, strict=True):
        most = max(range(len(LABELS)), key=row.__getitem__)
        if sum(row) and LABELS[most] != gold:
            share = f"{row[most]} of {sum(row)}"
            found.append(Finding("label", f"Most of {gold} is taken for {LABELS[most]}: {share}.", fault=True))
    return found


def _where(found: dict[str, Any]) -> str:
    if found["value"] == YES:
        return f"on “{found['dimension']}”"
    return f"where {found['dimension']} is “{found['value']}”"


def _slices(results: dict[str, Any]) -> list[Finding]:
    return [
        Finding(
            "slice",
            f"Weak {_where(s)}: accuracy {number(s['accuracy'])} {bounds(s['interval'])} "
            f"({s['sentences']:,} sentences), {-s['difference']:.3f} under the others.",
            fault=True,
        )
        for s in weak(results["slices"])[:_MOST_SLICES]
    ]


def _calibration(found: dict[str, Any]) -> list[Finding]:
    before = found["before"]
    low, high = before["interval"]
    gap, size = before["overconfidence"], bounds(before["interval"])
    told = []
    if abs(gap) > _SLIGHT and (low > 0 or high < 0):
        name = "Over-confident" if gap > 0 else "Under-confident"
        text = f"{name}: mean confidence is {abs(gap):.3f} {'above' if gap > 0 else 'below'} accuracy {size}"
        if found["temperature"]:
            text += f"; dividing the logits by {found['temperature']:.2f} would mend what can be mended so"
        told.append(Finding("calibration", text + ".", fault=True))
    else:
        told.append(Finding("calibration", f"Mean confidence minus accuracy: {gap:+.3f} {size}."))
    risk, curve = found["risk_coverage"]["risk_at"], found["risk_coverage"]
    text = f"Answering only the surest 80 % leaves {risk['0.8']:.1%} errors, answering all {risk['1.0']:.1%}"
    useless = curve["none"] > 0 and curve["area"] >= curve["none"]
    told.append(Finding("abstention", text + (": confidence does not tell errors." if useless else "."), fault=useless))
    return told


def worst_families(families: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The families of behaviour tests with a failure, worst first."""
    return sorted((f for f in families if f["failures"]), key=lambda f: (-f["rate"], -f["cases"]))


def _spans(groups: dict[str, Any]) -> list[Finding]:
    """Of the first group: real news where there is any."""
    name, content = next(iter(groups.items()))
    told = []
    for kind, ways in content["model"].items():
        exact, rules = ways["exact"], content["rules"][kind]["exact"]["f1"]
        if not exact["spans"]:
            continue
        text = f"Who said it, on {name}: {kind} F1 {number(exact['f1'])} {bounds(exact['interval'])}, "
        text += f"{number(ways['partial']['f1'])} if an overlap is half a hit (rules: {number(rules)})"
        of_label = {x: f[kind]["exact"] for x, f in content["by_label"].items() if f[kind]["exact"]["spans"] >= _FEW}
        if of_label:
            label, figures = min(of_label.items(), key=lambda item: item[1]["f1"])
            text += f"; weakest in {label}: {number(figures['f1'])}"
        told.append(Finding("spans", text + ".", fault=exact["interval"][1] < rules))
    if found := content["quotes"]:
        exact, marks = found["model"]["exact"], found["marks"]["exact"]["f1"]
        text = (
            f"The speaker’s own words: F1 {number(exact['f1'])} {bounds(exact['interval'])} (all that stands in marks: "
        )
        told.append(Finding("spans", text + f"{number(marks)}).", fault=exact["interval"][1] < marks))
    if found := content["resolution"]:
        text = f"Of {found['sentences']:,} sentences that name nobody, the right speaker is found for "
        told.append(Finding("spans", text + f"{number(found['accuracy'])} {bounds(found['interval'])}."))
    return told


def _behaviour(results: dict[str, Any]) -> list[Finding]:
    rates = [f"{r['rate']:.1%} of {r['cases']:,} ({kind})" for kind, r in results["kinds"].items()]
    mostly = [f for f in worst_families(results["families"]) if f["interval"][0] > 1 / 2]
    invariance = results["kinds"]["invariance"]
    low, high = invariance["interval"]
    told = [
        Finding("behaviour", f"Behaviour tests that fail: {', '.join(rates)}."),
        Finding(
            "behaviour",
            f"A change that should not matter (marks, names, spelling …) changes the label in "
            f"{invariance['rate']:.1%} of {invariance['cases']:,} pairs [{low:.1%}, {high:.1%}].",
        ),
    ]
    if mostly:
        named = [f"“{f['name']}” ({f['failures']} of {f['cases']})" for f in mostly]
        more = f" and {len(named) - _MOST_FAMILIES} more families" if len(named) > _MOST_FAMILIES else ""
        text = f"Mostly fails at {', '.join(named[:_MOST_FAMILIES])}{more}."
        told.append(Finding("behaviour", text, fault=True))
    return told


def _splitter(sets: dict[str, Any]) -> list[Finding]:
    told = []
    for name, content in sets.items():
        (_, own), *others = content["splitters"].items()
        beside = ", ".join(f"{other} {number(s['f1'])}" for other, s in others)
        text = f"Sentence splitter, on {name}: boundary F1 {number(own['f1'])} {bounds(own['interval'])}; {beside}."
        told.append(Finding("splitter", text, fault=any(own["interval"][1] < s["f1"] for _, s in others)))
    return told


def _cost(results: dict[str, Any]) -> list[Finding]:
    model = next(s for s in results["systems"] if s["name"] == "model")
    text = f"The model is {model['bytes'] / 1e6:.1f} MB and labels {model['sentences_per_second']:,.0f} sentences "
    text += "a second"
    ahead = [
        s["name"]
        for s in results["systems"]
        if s["macro_f1"] > model["macro_f1"] and s["sentences_per_second"] > model["sentences_per_second"]
    ]
    return [Finding("cost", f"{text}; faster and more accurate: {', '.join(ahead)}." if ahead else f"{text}.")]


_SECTIONS: dict[str, Callable[[dict[str, Any]], list[Finding]]] = {
    "spans": _spans, "behaviour": _behaviour, "splitter": _splitter, "cost": _cost,
}  # fmt: skip


def findings(results: dict[str, Any]) -> list[Finding]:
    """The summary of `Evaluation.results`, for people who read nothing else."""
    (name, content), *others = results["groups"].items()
    told = [_headline(name, content)]
    natural = next((c for g, c in others if "natural rate" in g), None)
    if natural:
        told.append(_natural_rate(natural["systems"]["model"]))
    told += [
        _comparison(other, found, is_baseline=other not in results["differ"])
        for other, found in results["comparisons"].items()
    ]
    told += _labels(content["systems"]["model"])
    told += _slices(results)
    told += _calibration(results["calibration"])
    for section, figures in results["sections"].items():
        told += [] if "left_out" in figures else _SECTIONS[section](figures)
    return told
