"""Every prediction of an evaluation, one row a sentence, without text: what tables, curves and paired tests read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.slices import traits
from eval.suite import MODEL, Evaluation
from isnad.labels import LABELS


def prediction_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """One row a sentence: where it is, gold, the model's label, the slices that it is in, four probabilities."""
    system = evaluation.systems[MODEL]
    assert system.probabilities is not None
    return [
        item.identity
        | {
            "outlet": item.outlet, "sampling": item.sampling, "hard": item.hard,
            "gold": item.label.value, "predicted": LABELS[predicted].value,
            "slices": [f"{dimension}: {value}" for dimension, value in traits(item, None).items()],
            "probabilities": dict(zip((label.value for label in LABELS), row.tolist(), strict=True)),
        }
        for item, predicted, row in zip(evaluation.measured, system.predicted, system.probabilities, strict=True)
    ]  # fmt: skip


def write_predictions(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
