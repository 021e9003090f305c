"""Ways to run the network, each measured in a fresh process: `python -m eval.bench.systems NAME FOLDER`.

The folder is made by `eval.bench.__main__.prepare`.  Every system gets the same sentences with the same 32 tokens of
context (the pipeline gets text, which makes some .7 % more of them), and gives four numbers for each.  The pipeline
gets normalised text and has no rules to run; the others pay for both.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUDGET = 1024  # tokens of a sorted batch, padding included, of torch and of the float graph: isnad's own
SINGLE_CALLS = 60

# Takes sentences as `prepare` writes them.
System = Callable[[Sequence[dict[str, str]]], Any]


def _pipeline(folder: Path, batch_size: int) -> System:
    """`transformers.pipeline` as people use it: text in order of arrival, padded to the longest of a batch."""
    from transformers import pipeline

    classify = pipeline("text-classification", model=str(folder / "hf"), top_k=None)

    def run(items: Sequence[dict[str, str]]) -> Any:
        pairs = [{"text": i["plain_context"], "text_pair": i["plain_sentence"]} for i in items]
        return list(classify(pairs, batch_size=batch_size, truncation=True))

    return run


def _sorted_batches(folder: Path, logits: Callable[..., Any]) -> System:
    """Encode as isnad does, then batches of like length up to a budget of tokens."""
    import numpy as np
    from tokenizers import Tokenizer

    from isnad.artifact import TOKENIZER, read_config
    from isnad.classifier import DEFAULT_MODEL
    from isnad.encoding import batches, encode

    tokenizer, layout = Tokenizer.from_file(str(DEFAULT_MODEL / TOKENIZER)), read_config(DEFAULT_MODEL).layout

    def run(items: Sequence[dict[str, str]]) -> Any:
        encoded = encode(tokenizer, layout, [i["sentence"] for i in items], [i["context"] for i in items])
        for rows in batches([len(e.ids) for e in encoded], BUDGET):
            shape = (len(rows), max(len(encoded[r].ids) for r in rows))
            ids, mask, segments = (np.zeros(shape, np.int64) for _ in range(3))
            for n, row in enumerate(rows):
                width = len(encoded[row].ids)
                ids[n, :width], mask[n, :width], segments[n, :width] = encoded[row].ids, 1, encoded[row].segments
            logits(input_ids=ids, attention_mask=mask, token_type_ids=segments)

    return run


def _torch(folder: Path) -> System:
    import torch
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(folder / "hf").eval()

    @torch.inference_mode()
    def logits(**inputs: Any) -> Any:
        return model(**{name: torch.from_numpy(array) for name, array in inputs.items()}).logits

    return _sorted_batches(folder, logits)


def _onnx_float(folder: Path) -> System:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    session = onnxruntime.InferenceSession(folder / "float.onnx", options, providers=["CPUExecutionProvider"])
    return _sorted_batches(folder, lambda **inputs: session.run(None, inputs))


def _isnad(folder: Path) -> System:
    from isnad import Classifier

    classifier = Classifier(threads=int(os.environ["OMP_NUM_THREADS"]))
    return lambda items: classifier.classify([i["sentence"] for i in items], [i["context"] for i in items])


SYSTEMS: dict[str, Callable[[Path], System]] = {
    "transformers.pipeline, batch 1": lambda folder: _pipeline(folder, 1),
    "transformers.pipeline, batch 32": lambda folder: _pipeline(folder, 32),
    "torch, sorted batches": _torch,
    "onnxruntime fp32, sorted batches": _onnx_float,
    "isnad (int8)": _isnad,
}


@dataclass(frozen=True)
class Measured:
    """One process's figures; seconds, MiB."""

    load: float  # imports, loading and the first answer
    per_second: list[float]  # sentences, one figure a pass, by the clock
    per_cpu_second: list[float]  # the same by the processor's time: other programs do not count
    single: list[float]  # seconds of each call with one sentence
    memory: float  # the highest resident size


def measure(make: Callable[[Path], System], folder: Path, passes: int) -> Measured:
    """Load a system and time it."""
    items = json.loads((folder / "items.json").read_text("utf-8"))
    began = time.perf_counter()
    system = make(folder)
    system(items[:1])
    load = time.perf_counter() - began
    system(items[: len(items) // 4])
    clock, cpu = [], []
    for _ in range(passes):
        began, cpu_began = time.perf_counter(), time.process_time()
        system(items)
        clock.append(len(items) / (time.perf_counter() - began))
        cpu.append(len(items) / (time.process_time() - cpu_began))
    single = []
    for item in items[:SINGLE_CALLS]:
        began = time.perf_counter()
        system([item])
        single.append(time.perf_counter() - began)
    return Measured(load, clock, cpu, single, _peak_memory())


def _peak_memory() -> float:
    """The highest resident size of this program in MiB; getrusage would count the one that started it."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def main() -> None:
    """Measure one system and print its figures as JSON, in the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=SYSTEMS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cores", type=int, required=True, help="to run on; OMP_NUM_THREADS should be the same")
    parser.add_argument("--passes", type=int, required=True)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.cores])
    measured = measure(SYSTEMS[arguments.name], arguments.folder, arguments.passes)
    print(json.dumps(vars(measured)))  # noqa: T201


if __name__ == "__main__":
    main()
