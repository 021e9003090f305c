"""Fine-tuning throughput beside a plain script, on the same sentences, encoder and machine, in one run.

    python -m train.bench                              # some minutes on two cores
    python -m train.bench --sentences 512 --json bench.json

Each way trains one epoch on sentences of our own articles, so that anyone can run it; the rate is the Trainer's own
(`train_samples_per_second`).  The plain script is what tutorials show: `BertForSequenceClassification`, sentence pairs
padded to the full length, fp32, batches in random order.  Ours is `train.finetune` as `python -m train` calls it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import transformers
from rich.console import Console
from rich.table import Table
from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments

from isnad.encoding import Layout
from isnad.labels import LABELS
from seeds.corpus import load_own
from train.config import Data, Encoder, Optimisation, TrainConfig
from train.data import Collator, Example, make_examples
from train.encoder import load_encoder, load_tokenizer
from train.finetune import finetune
from train.hardware import pick_device, use_bf16
from train.model import SentenceClassifier


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    sentences_per_second: float


def plain(encoder: Encoder, layout: Layout, examples: Sequence[Example], batch_size: int, folder: str) -> float:
    """Sentences a second of a plain script."""
    rows = []
    for example in examples:
        ids, segments = example["input_ids"], example["token_type_ids"]
        padding = layout.max_length - len(ids)
        rows.append({
            "input_ids": ids + [layout.pad] * padding, "token_type_ids": segments + [0] * padding,
            "attention_mask": [1] * len(ids) + [0] * padding, "labels": example["labels"],
        })  # fmt: skip
    arguments = TrainingArguments(
        folder, num_train_epochs=1, per_device_train_batch_size=batch_size, learning_rate=4e-4, save_strategy="no",
        report_to="none", disable_tqdm=True, use_cpu=pick_device("auto").type == "cpu",
    )  # fmt: skip
    model = AutoModelForSequenceClassification.from_pretrained(encoder.path, num_labels=len(LABELS), dtype="float32")
    return float(Trainer(model, arguments, train_dataset=rows).train().metrics["train_samples_per_second"])


def ours(
    encoder: Encoder, layout: Layout, examples: Sequence[Example], batch_size: int, precision: str, folder: str
) -> float:
    """Sentences a second of `train.finetune`."""
    config = TrainConfig(
        Data(corpora="", split_seed=1), encoder, Optimisation(batch_size=batch_size), output=folder, precision=precision
    )
    model = SentenceClassifier(load_encoder(encoder), encoder.dropout)
    history = finetune(config, model, Collator(layout.pad), list(examples), [], Path(folder), [])
    return float(history[-1]["train_samples_per_second"])


def measure(encoder: Encoder, sentences: int, batch_size: int) -> list[Row]:
    """Measure each way to train an epoch; the plain script comes first."""
    tokenizer, layout = load_tokenizer(encoder)
    examples = make_examples(load_own(), tokenizer, layout)
    examples = examples[:: max(1, len(examples) // sentences)][:sentences]
    ways: dict[str, Callable[[str, Sequence[Example]], float]] = {
        "plain: padded, fp32": lambda folder, rows: plain(encoder, layout, rows, batch_size, folder),
        "train, fp32": lambda folder, rows: ours(encoder, layout, rows, batch_size, "fp32", folder),
    }
    if use_bf16("auto", pick_device("auto")):
        ways["train, bf16"] = lambda folder, rows: ours(encoder, layout, rows, batch_size, "bf16", folder)
    measured = []
    for name, way in ways.items():
        speed = 0.0
        for rows in (examples[: 2 * batch_size], examples):  # the first warms up
            with tempfile.TemporaryDirectory() as folder:
                speed = way(folder, rows)
        measured.append(Row(name, speed))
    return measured


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=1024, help="for each way (default 1024)")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--encoder", default="seeds/encoder", help="a folder (default seeds/encoder)")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    given = parser.parse_args()
    transformers.logging.set_verbosity_error()
    rows = measure(Encoder(path=given.encoder), given.sentences, given.batch_size)
    table = Table(title=f"one epoch of {given.sentences} sentences, batches of {given.batch_size}")
    for column in ("", "sentences/s", "ratio"):
        table.add_column(column, justify="left" if not column else "right")
    ratios = [row.sentences_per_second / rows[0].sentences_per_second for row in rows]
    for row, ratio in zip(rows, ratios, strict=True):
        table.add_row(row.name, f"{row.sentences_per_second:,.1f}", f"{ratio:.2f}")
    Console().print(table)
    if given.json:
        figures = [asdict(row) | {"ratio": ratio} for row, ratio in zip(rows, ratios, strict=True)]
        given.json.write_text(json.dumps({"sentences": given.sentences, "rows": figures}, indent=1), "utf-8")


if __name__ == "__main__":
    main()
