"""An evaluation in Weights & Biases: figures, curves, the table of predictions, the report, what was made from what."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve

from eval.items import Item
from eval.report import write_html
from eval.suite import Evaluation
from isnad.labels import LABELS
from tracking import Tracker
from tracking.identity import code_state, hash_folder

CONTEXT = 240  # characters before a sentence that the table shows
NAMES = [label.value for label in LABELS]


def figures(results: Mapping[str, Any]) -> dict[str, float]:
    """The model's figures under names that sort, as `dev/real_news/f1_denial`."""
    flat = {}
    for group, content in results["groups"].items():
        prefix = f"{_part(results)}/{slug(group)}"
        for name, system in content["systems"].items():
            flat[f"{prefix}/{name}/macro_f1" if name != "model" else f"{prefix}/macro_f1"] = system["macro_f1"]
        model = content["systems"]["model"]
        flat |= {f"{prefix}/f1_{label}": model["per_class"][label]["f1"] for label in NAMES}
        flat |= {f"{prefix}/sentences": content["sentences"], f"{prefix}/accuracy": model["accuracy"]}
    return flat | _section_figures(results)


def _section_figures(results: Mapping[str, Any]) -> dict[str, float]:
    """The main figures of who said it, behaviour and splitter, as `dev/spans/all_real_news/cue_f1`."""
    sections = {name: s for name, s in results.get("sections", {}).items() if "left_out" not in s}
    flat = {}
    for group, content in sections.get("spans", {}).items():
        for kind, ways in content["model"].items():
            flat[f"spans/{slug(group)}/{kind}_f1"] = ways["exact"]["f1"]
        if content["quotes"]:
            flat[f"spans/{slug(group)}/quotes_f1"] = content["quotes"]["model"]["exact"]["f1"]
        if content["resolution"]:
            flat[f"spans/{slug(group)}/resolution_accuracy"] = content["resolution"]["accuracy"]
    for kind, content in sections.get("behaviour", {}).get("kinds", {}).items():
        flat[f"behaviour/{slug(kind)}_failure_rate"] = content["rate"]
    for group, content in sections.get("splitter", {}).items():
        flat[f"splitter/{slug(group)}/f1"] = content["splitters"]["isnad"]["f1"]
    return {f"{_part(results)}/{key}": value for key, value in flat.items()}


def slug(group: str) -> str:
    """The name of a group of articles, as a part of a key."""
    return re.sub(r"\W+", "_", group)


def run_of(artifact: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Config and record of the run that made an artifact; empty where they are not beside it."""
    config, record = artifact.parent / "config.yaml", artifact.parent / "record.json"
    if not (config.exists() and record.exists()):
        return {}, {}
    return OmegaConf.to_container(OmegaConf.load(config)), json.loads(record.read_text("utf-8"))


def settings(config: Any) -> dict[str, Any]:
    """What `track` is to know of an evaluation: it stands in the group and the sweep of the run that it measures."""
    trained, record = run_of(Path(config.artifact).resolve())
    asked = OmegaConf.to_container(config, resolve=True)
    own = trained.get("tracking", {})
    tracking = asked.pop("tracking")
    tracking["group"] = tracking["group"] or own.get("group") or record.get("experiment")
    tracking["sweep"] = tracking["sweep"] or record.get("sweep")
    tracking["tags"] = [*tracking["tags"], *own.get("tags", []), asked["part"]]
    known = {k: record[k] for k in ("experiment", "data_hash", "encoder_hash", "commit", "dirty") if k in record}
    return {
        "tracking": OmegaConf.create(tracking), "job_type": "evaluate", "folder": Path(config.output).resolve(),
        "config": {**trained, "tracking": tracking, "evaluation": asked},
        "record": {**code_state(), "seed": trained.get("seed"), "sentences": record.get("sentences"), **known},
    }  # fmt: skip


def redact(item: Item) -> Item:
    """The sentence with every character of a text that is not ours replaced by a dot; offsets stay."""
    if item.sampling == "own":
        return item
    return dataclasses.replace(item, text=_dots(item.text), context=_dots(item.context))


def _dots(text: str) -> str:
    return re.sub(r"\S", "·", text)


def log_evaluation(
    tracker: Tracker,
    evaluation: Evaluation,
    errors: Sequence[dict[str, Any]],
    rows: Sequence[dict[str, Any]],
    model: Path,
    output: Path,
) -> None:
    """Pass an evaluation on.

    Args:
        tracker: the wandb run.
        evaluation: what was measured.
        errors: what `eval.report.explain` gives: left out unless text may be passed on, since all of it is text.
        rows: the predictions.
        model: the artifact's folder.
        output: the report's folder.
    """
    if not tracker.active:
        return
    results = evaluation.results
    if not tracker.tracking.text:
        evaluation = dataclasses.replace(evaluation, measured=[redact(item) for item in evaluation.measured])
        errors = []
    kept = output / "wandb-report"
    kept.mkdir(parents=True, exist_ok=True)
    write_html(evaluation, errors, kept / "report.html")
    (kept / "metrics.json").write_text(json.dumps(results, indent=1), "utf-8")
    tracker.summarise(figures(results))
    tracker.do("curves", lambda run: run.log(_charts(rows)))
    table = functools.partial(_table, rows, evaluation.measured)
    tracker.do("table of predictions", lambda run: run.log({"predictions": table()}))
    tracker.do("report", lambda run: run.log({"report": _html(kept / "report.html")}))
    tracker.use("model", model, hash_folder(model), ["best"] if _is_best(model.parent, results) else [])
    tracker.make("evaluation", kept, hash_folder(kept), part=_part(results))


def _part(results: Mapping[str, Any]) -> str:
    return results["part"] or "file"


def _is_best(run: Path, results: Mapping[str, Any]) -> bool:
    """Whether no run beside this one has a higher macro-F1 on the same part and group of articles."""
    group = next(iter(results["groups"]))
    reached = results["groups"][group]["systems"]["model"]["macro_f1"]
    others = (p for p in run.parent.glob(f"*/report-{_part(results)}/metrics.json") if p.parents[1] != run)
    groups = (json.loads(path.read_text("utf-8"))["groups"].get(group) for path in others)
    return all(reached >= other["systems"]["model"]["macro_f1"] for other in groups if other)


def _table(rows: Sequence[Mapping[str, Any]], items: Sequence[Item]) -> Any:
    import wandb

    columns = ["article", "start", "end", "line", "outlet", "sampling", "hard", "gold", "predicted"]
    table = wandb.Table(columns=[*columns, "correct", "confidence", *NAMES, "slices", "sentence", "context"])
    for row, item in zip(rows, items, strict=True):
        p = row["probabilities"]
        table.add_data(
            *(row.get(name) for name in columns), row["gold"] == row["predicted"], max(p.values()),
            *(p[name] for name in NAMES), "; ".join(row["slices"]), item.text, item.context[-CONTEXT:],
        )  # fmt: skip
    return table


def _html(path: Path) -> Any:
    import wandb

    return wandb.Html(path.read_text("utf-8"), inject=False)


def _charts(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Confusion matrix, precision-recall and calibration curves; of real news where there is any."""
    import wandb

    rows = [row for row in rows if row["sampling"] != "own"] or rows
    gold, predicted = ([NAMES.index(row[key]) for row in rows] for key in ("gold", "predicted"))
    p = np.array([[row["probabilities"][name] for name in NAMES] for row in rows])
    recalls, precisions, stated, true = [], [], [], []
    present = [n for n in range(len(NAMES)) if n in gold]
    for n in present:
        is_n = np.array(gold) == n
        precision, recall, _ = precision_recall_curve(is_n, p[:, n])
        chosen = np.linspace(0, len(recall) - 1, min(200, len(recall))).astype(int)
        recalls.append(recall[chosen].tolist())
        precisions.append(precision[chosen].tolist())
        share, mean = calibration_curve(is_n, p[:, n], n_bins=10)
        stated.append(mean.tolist())
        true.append(share.tolist())
    keys = [NAMES[n] for n in present]
    series = wandb.plot.line_series
    return {
        "confusion": wandb.plot.confusion_matrix(y_true=gold, preds=predicted, class_names=NAMES),
        "precision_recall": series(recalls, precisions, keys, title="precision by recall", xname="recall"),
        "calibration": series(stated, true, keys, title="share that is right by probability", xname="probability"),
    }
