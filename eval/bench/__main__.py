"""Speed of isnad beside other ways to run the same network, on the same sentences, in one run.

    python -m eval.bench            # some ten minutes on two idle cores
    python -m eval.bench --quick    # rougher

Sentences are those of our own articles, so that anyone can run it.  The others run the encoder that isnad's model was
fine-tuned from, with a linear layer on top: the same shape, and speed does not depend on what the weights say.  Each
system runs in a fresh process, and all of them take turns several times, so that a busy machine hits all alike; figures
are medians, and the spread stands beside them.  `per CPU s` counts the processor's time instead of the clock's: on one
core that leaves out other programs, save what they push out of the caches.  Ratios are those to
`transformers.pipeline` at batch 32.  `of peak` is what the encoder's matrix products need, without padding, over the
machine's rate in a large one, both by the processor's time: int8 for isnad, fp32 for the others.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer
from tqdm import tqdm
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from eval.bench.peak import operations, peaks
from eval.bench.systems import SYSTEMS, Measured
from isnad.artifact import TOKENIZER, read_config
from isnad.classifier import DEFAULT_MODEL
from isnad.encoding import encode
from isnad.labels import LABELS
from isnad.normalize import normalize
from seeds.corpus import load_own

ENCODER = Path(__file__).parents[2] / "seeds" / "encoder"
REFERENCE = "transformers.pipeline, batch 32"
OURS = "isnad (int8)"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def choose(count: int, seed: int) -> list[dict[str, str]]:
    """Sentences of our own articles with the text before them, article by article, in random order of the articles."""
    articles = load_own()
    random.Random(seed).shuffle(articles)
    chosen = [
        {"sentence": article.sentence_text(s), "context": article.text[max(0, s.start - 4096) : s.start]}
        for article in articles
        for s in article.sentences
    ]
    return chosen[:count]


def prepare(folder: Path, items: list[dict[str, str]]) -> list[int]:
    """Write what the systems need: `items.json`, `hf/`, `float.onnx`; returns the inputs' lengths in tokens.

    `plain_sentence` and `plain_context` are normalised text that gives `transformers` the tokens that isnad has.
    """
    tokenizer, layout = Tokenizer.from_file(str(DEFAULT_MODEL / TOKENIZER)), read_config(DEFAULT_MODEL).layout
    encoded = encode(tokenizer, layout, [i["sentence"] for i in items], [i["context"] for i in items])
    for item, e in zip(items, encoded, strict=True):
        context = e.ids[1 : e.segments.index(1) - 1]
        item["plain_context"] = tokenizer.decode(context)
        item["plain_sentence"] = normalize(item["sentence"])
    (folder / "items.json").write_text(json.dumps(items), "utf-8")
    model = AutoModelForSequenceClassification.from_pretrained(ENCODER, num_labels=len(LABELS), dtype=torch.float32)
    model.save_pretrained(folder / "hf")
    AutoTokenizer.from_pretrained(ENCODER).save_pretrained(folder / "hf")
    _export_float(folder)
    return [len(e.ids) for e in encoded]


class _Logits(torch.nn.Module):
    """A model as a function from tensors, in the order of `INPUTS`, to logits."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.model = AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager")

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        return self.model(**dict(zip(INPUTS, tensors, strict=True))).logits


def _export_float(folder: Path) -> None:
    sample = tuple(torch.ones(2, 16, dtype=torch.int64) for _ in INPUTS)
    axes = {name: {0: "rows", 1: "length"} for name in INPUTS} | {"logits": {0: "rows"}}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of every shape that it records
        torch.onnx.export(
            _Logits(folder / "hf").eval(), sample, str(folder / "float.onnx"),
            input_names=list(INPUTS), output_names=["logits"], dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip


def measure(name: str, folder: Path, cores: int, passes: int) -> Measured:
    """Run one system in a fresh process on so many cores.

    Raises:
        RuntimeError: the process failed; the message ends with what it said.
    """
    command = [sys.executable, "-m", "eval.bench.systems", name, str(folder), f"--cores={cores}", f"--passes={passes}"]
    threads = {"OMP_NUM_THREADS": str(cores), "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, env=os.environ | threads, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-2000:]}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def summarise(runs: list[Measured], work: float, peak: float) -> dict[str, Any]:
    """Medians over all passes and processes of a system.

    Args:
        runs: one for each process.
        work: operations a sentence.
        peak: operations in a second of one core's time.
    """
    passes = [x for run in runs for x in run.per_second]
    by_processor = statistics.median(x for run in runs for x in run.per_cpu_second)
    single = [x for run in runs for x in run.single]
    return {
        "per_second": statistics.median(passes),
        "slowest": min(passes),
        "fastest": max(passes),
        "per_cpu_second": by_processor,
        "single_p50": float(np.percentile(single, 50)),
        "single_p99": float(np.percentile(single, 99)),
        "load": statistics.median(run.load for run in runs),
        "memory": max(run.memory for run in runs),
        "share_of_peak": by_processor * work / peak,
    }


def print_table(cores: int, rows: dict[str, dict[str, Any]], console: Console) -> None:
    """One table: systems in rows."""
    table = Table(title=f"{cores} core{'s' * (cores > 1)}", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    columns = "system|sentences/s|spread|ratio|per CPU s|ratio|one p50|one p99|load|MiB|of peak"
    for column in columns.split("|"):
        table.add_column(column, justify="left" if column == "system" else "right", no_wrap=True)
    reference = rows[REFERENCE]
    for name, row in rows.items():
        table.add_row(
            name, f"{row['per_second']:.0f}", f"{row['slowest']:.0f}–{row['fastest']:.0f}",
            f"{row['per_second'] / reference['per_second']:.1f}", f"{row['per_cpu_second']:.0f}",
            f"{row['per_cpu_second'] / reference['per_cpu_second']:.1f}",
            f"{1000 * row['single_p50']:.1f} ms", f"{1000 * row['single_p99']:.1f} ms",
            f"{row['load']:.1f} s", f"{row['memory']:.0f}", f"{row['share_of_peak']:.0%}",
        )  # fmt: skip
    console.print(table)


def compare(folder: Path, cores: int, rounds: int, passes: int, work: float) -> dict[str, Any]:
    """All systems on so many cores, taking turns; `work` is in operations a sentence."""
    measured: dict[str, list[Measured]] = {name: [] for name in SYSTEMS}
    turns = [name for _ in range(rounds) for name in SYSTEMS]
    for name in tqdm(turns, desc=f"{cores} cores", unit="process"):
        measured[name].append(measure(name, folder, cores, passes))
    peak = peaks(cores, repeats=4 * rounds)
    kind = dict.fromkeys(SYSTEMS, "fp32") | {OURS: "int8"}
    systems = {name: summarise(runs, work, peak[kind[name]]) for name, runs in measured.items()}
    return {"peak": peak, "systems": systems, "load_average": os.getloadavg()[0]}


def main() -> None:
    """Command line: see the module's text."""
    every = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="64 sentences, once")
    parser.add_argument("--sentences", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3, help="processes of each system")
    parser.add_argument("--passes", type=int, default=3, help="of each process over the sentences")
    parser.add_argument("--cores", type=int, nargs="+", default=sorted({1, every}), help="default: one, and all")
    parser.add_argument("--seed", type=int, default=1, help="of the choice of articles")
    parser.add_argument("--output", type=Path, help="write the figures here, JSON")
    arguments = parser.parse_args()
    sentences, rounds, passes = arguments.sentences, arguments.rounds, arguments.passes
    if arguments.quick:
        sentences, rounds, passes = 64, 1, 1
    results: dict[str, Any] = {"sentences": sentences, "rounds": rounds, "passes": passes, "seed": arguments.seed}
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as folder:
        lengths = prepare(Path(folder), choose(sentences, arguments.seed))
        work = operations(AutoConfig.from_pretrained(ENCODER), lengths) / len(lengths)
        results |= {"tokens": sum(lengths), "operations_per_sentence": work, "cores": {}}
        console.print(f"{len(lengths)} sentences of {sum(lengths) / len(lengths):.0f} tokens")
        for cores in arguments.cores:
            content = results["cores"][cores] = compare(Path(folder), cores, rounds, passes, work)
            print_table(cores, content["systems"], console)
            fp32, int8 = (content["peak"][kind] / 1e9 for kind in ("fp32", "int8"))
            busy = content["load_average"]
            console.print(f"peak: fp32 {fp32:.0f}, int8 {int8:.0f} Gop a CPU second (load average {busy:.1f})")
            if arguments.output:
                arguments.output.write_text(json.dumps(results, indent=1), "utf-8")


if __name__ == "__main__":
    main()
