"""Every prediction of an evaluation, one row a sentence, without text: what tables, curves and paired tests read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isnad import Prediction

if TYPE_CHECKING:
    from eval.suite import Item


def prediction_rows(measured: Sequence[Item], answers: Sequence[Prediction]) -> list[dict[str, Any]]:
    """One row a sentence: where it is, what it is a case of, gold, predicted, the four probabilities."""
    return [
        {
            "article": item.article.id, "start": item.sentence.start, "end": item.sentence.end,
            "outlet": item.article.outlet, "sampling": item.article.sampling,
            "hard": item.sentence.hard, "phenomenon": item.sentence.phenomenon,
            "gold": item.sentence.label.value, "predicted": answer.label.value,
            "probabilities": {label.value: p for label, p in answer.probabilities.items()},
        }
        for item, answer in zip(measured, answers, strict=True)
    ]  # fmt: skip


def write_predictions(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
