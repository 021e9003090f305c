"""Measure one system in a process of its own, so that memory and load time are its alone: `eval.cost` starts it.

    echo '{"sentences": […], "contexts": […]}' | python -m eval.cost_measure isnad/model

It prints one line of JSON: `bytes`, `load_seconds`, `peak_bytes`, `sentences_per_second`.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

RULES = "rules"
REPEATS = 3
Predict = Callable[[Sequence[str], Sequence[str]], object]


def _peak_bytes() -> int | None:
    """The most memory that this process has held at once; None where the system does not tell.

    From /proc, not `getrusage`: there a process begins with what its parent held.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text("utf-8").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def load_model(directory: str) -> tuple[Predict, int]:
    """Load an exported model; returns what labels sentences, and the size of its files in bytes.

    Raises:
        ArtifactError: it cannot be loaded.
    """
    from isnad import Classifier
    from isnad.artifact import CONFIG, MODEL, TOKENIZER

    classifier = Classifier(directory)
    classifier.load()
    return classifier.classify, sum((Path(directory) / name).stat().st_size for name in (MODEL, TOKENIZER, CONFIG))


def load_rules() -> tuple[Predict, int]:
    """The hand-written rules: their module is all there is to them."""
    import isnad.rules
    from isnad.rules import label_by_rules

    def predict(texts: Sequence[str], contexts: Sequence[str]) -> object:
        return [label_by_rules(s, c) for s, c in zip(texts, contexts, strict=True)]

    return predict, Path(isnad.rules.__file__).stat().st_size


def speed(predict: Predict, sentences: Sequence[str], contexts: Sequence[str]) -> float:
    """Sentences a second: the median of several times."""
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        predict(sentences, contexts)
        seconds.append(time.perf_counter() - began)
    return len(sentences) / statistics.median(seconds)


def measure(system: str, sentences: Sequence[str], contexts: Sequence[str]) -> dict[str, object]:
    """Load a system and label all sentences, several times.

    Args:
        system: `RULES`, else a model directory.
        sentences: what is labelled.
        contexts: the text before each.
    """
    began = time.perf_counter()
    predict, size = load_rules() if system == RULES else load_model(system)
    loaded = time.perf_counter() - began
    reached = speed(predict, sentences, contexts)
    return {"bytes": size, "load_seconds": loaded, "peak_bytes": _peak_bytes(), "sentences_per_second": reached}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], **json.load(sys.stdin))) + "\n")
