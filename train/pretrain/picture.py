"""The curves of a pretraining run as a picture."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.figure import Figure


def draw(history: Path, picture: Path) -> None:
    """Losses of `history.jsonl` against the step: while training, and both kinds on held-out text."""
    rows = [json.loads(line) for line in history.read_text("utf-8").splitlines()]
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([r["step"] for r in rows], [r["loss"] for r in rows], linewidth=1, label="training")
    for name, label in (("held_out_causal", "held out, next token"), ("held_out_masked", "held out, masked token")):
        points = [(r["step"], r[name]) for r in rows if name in r]
        axes.plot(*zip(*points, strict=True), marker="o", label=label)
    axes.set(xlabel="step", ylabel="cross-entropy (nats a token)")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(picture)
