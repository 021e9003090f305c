"""Pretraining throughput beside a plain `run_mlm` script, on the same text, network and machine, in one run.

    python -m train.pretrain.bench                  # the shape of configs/pretrain.yaml; some minutes
    python -m train.pretrain.bench --seconds 5      # rougher

The text is our own articles, so that anyone can run it.  Tokens are those of the text: padding does not count.
`share of peak` is the floating-point operations that the useful work needs (forward and twice that backward, no
padding, no head where nothing is predicted) over the machine's rate in a large fp32 matrix product.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from omegaconf import OmegaConf
from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer
from transformers import (
    BertConfig,
    BertForMaskedLM,
    DataCollatorForLanguageModeling,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
)

from isnad.normalize import normalize
from seeds.corpus import load_own
from train.pretrain.config import Encoder, PretrainConfig
from train.pretrain.data import Packer, clean, tokenize
from train.pretrain.loop import Pretrainer

TOKENIZER = Path(__file__).parents[2] / "seeds" / "encoder" / "tokenizer.json"
ROWS = 16


@dataclass(frozen=True)
class Row:
    """One line of the table; `predicted` is the share of the tokens that the head is needed for."""

    name: str
    tokens_per_second: float
    predicted: float


def peak(size: int = 2048, repeats: int = 6) -> float:
    """Floating-point operations a second of the best of some fp32 products of two (size, size) matrices."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    best = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best


def operations(shape: Encoder, predicted: float) -> float:
    """Floating-point operations that training needs for a token: 6 a weight met, and attention (Kaplan et al. 2020)."""
    body = 12 * shape.layers * shape.width**2
    attention = 2 * shape.layers * shape.length * shape.width
    head = shape.width * (shape.vocabulary_size + shape.width)
    return 6 * (body + attention + predicted * head)


def rate(steps: Iterator[int], seconds: float) -> float:
    """Tokens a second of an iterator that does a step and yields its tokens; the first two steps warm up."""
    next(steps), next(steps)
    tokens, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds or not tokens:
        tokens += next(steps)
    return tokens / spent if spent else 0.0


def ours(tokenizer: Tokenizer, texts: list[str], shape: Encoder, causal: bool) -> Iterator[int]:
    """Steps of `train.pretrain`."""
    config = OmegaConf.structured(PretrainConfig(encoder=shape))
    config.device, config.precision = "cpu", "fp32"
    stream = tokenize(texts, tokenizer)
    batches = Packer(stream, tokenizer, shape.length, ROWS, 1, causal_steps=10**9 if causal else 0)
    with tempfile.TemporaryDirectory() as folder:
        config.output = folder
        run = Pretrainer(config, BertForMaskedLM(_bert(tokenizer, shape, dropout=0.0)), batches, batches)
        step = 0
        while True:
            run.train_step(step)
            step += 1
            yield ROWS * shape.length


def _bert(tokenizer: Tokenizer, shape: Encoder, dropout: float) -> BertConfig:
    return BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=shape.width, num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads, intermediate_size=4 * shape.width, max_position_embeddings=shape.length,
        hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
    )  # fmt: skip


def run_mlm(tokenizer: Tokenizer, texts: list[str], shape: Encoder, padded: bool) -> Iterator[int]:
    """Steps of a plain masked-language-modelling script: `transformers.Trainer`, its collator, fp32, the whole head.

    `padded`: a paragraph a row, padded to the full length (`--line_by_line --pad_to_max_length`); otherwise rows
    cut out of the joined text, as the script does by default.
    """
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_max_length=shape.length,
    )  # fmt: skip
    if padded:
        rows = [dict(wrapped(t, truncation=True, padding="max_length")) for t in texts for t in t.split("\n")]
    else:
        stream = tokenize(texts, tokenizer)
        rows = [{"input_ids": stream[i : i + shape.length].tolist()} for i in range(0, len(stream), shape.length)][:-1]
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder, per_device_train_batch_size=ROWS, report_to="none", use_cpu=True, disable_tqdm=True
        )
        model = BertForMaskedLM(_bert(tokenizer, shape, dropout=0.1))
        collator = DataCollatorForLanguageModeling(wrapped, mlm_probability=0.15)
        trainer = Trainer(model, arguments, data_collator=collator, train_dataset=rows)
        trainer.create_optimizer_and_scheduler(10**6)
        trainer.current_gradient_accumulation_steps = 1  # what `Trainer.train` sets before its first step
        while True:
            for batch in trainer.get_train_dataloader():
                trainer.training_step(model, batch)
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                trainer.optimizer.step()
                trainer.optimizer.zero_grad()
                yield int((batch["input_ids"] != wrapped.pad_token_id).sum())


def measure(tokenizer: Tokenizer, shape: Encoder, seconds: float) -> list[Row]:
    """Measure each way to pretrain for some seconds; the plain script comes first."""
    paragraphs = ["\n".join(clean(normalize(a.text))) for a in load_own()]
    ways: list[tuple[str, float, Callable[[], Iterator[int]]]] = [
        ("run_mlm, padded lines", 0.15, lambda: run_mlm(tokenizer, paragraphs, shape, padded=True)),
        ("run_mlm, joined text", 0.15, lambda: run_mlm(tokenizer, paragraphs, shape, padded=False)),
        ("train.pretrain, masked", 0.2, lambda: ours(tokenizer, paragraphs, shape, causal=False)),
        ("train.pretrain, causal", 0.5, lambda: ours(tokenizer, paragraphs, shape, causal=True)),
    ]
    return [Row(name, rate(steps(), seconds), predicted) for name, predicted, steps in ways]


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40, help="for each way (default 40)")
    seconds = parser.parse_args().seconds
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    shape = Encoder(vocabulary_size=tokenizer.get_vocab_size())
    top = peak()
    table = Table(title=f"{shape.layers}×{shape.width}, {ROWS}×{shape.length} tokens; peak {top / 1e9:.0f} GFLOP/s")
    for column in ("", "tokens/s", "ratio", "share of peak"):
        table.add_column(column, justify="left" if not column else "right")
    rows = measure(tokenizer, shape, seconds)
    for row in rows:
        needed = operations(shape, row.predicted)
        ratio = row.tokens_per_second / rows[0].tokens_per_second
        share = row.tokens_per_second * needed / top
        table.add_row(row.name, f"{row.tokens_per_second:,.0f}", f"{ratio:.2f}", f"{share:.0%}")
    Console().print(table)


if __name__ == "__main__":
    main()
