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


def load_ngrams() -> tuple[Predict, int]:
    """The n-gram baseline, fitted here and now on our own articles; its size is that of weights and vocabulary."""
    from eval.baselines import Learnt, ngrams
    from seeds.corpus import load_own

    labelled = [(a.sentence_text(s), s.label.value) for a in load_own() for s in a.sentences]
    pipeline = ngrams()
    learnt = Learnt(pipeline)
    learnt.fit([text for text, _ in labelled], [label for _, label in labelled])
    size = pipeline["classifier"].coef_.nbytes + pipeline["classifier"].intercept_.nbytes
    for _, vectorizer in pipeline["features"].transformer_list:
        size += vectorizer.idf_.nbytes + sum(len(term.encode()) for term in vectorizer.vocabulary_)
    return learnt.predict, size


BASELINES = {"rules": load_rules, "n-grams": load_ngrams}


def measure(system: str, sentences: Sequence[str], contexts: Sequence[str]) -> dict[str, object]:
    """Load a system and label all sentences, several times.

    Args:
        system: a name of `BASELINES`, else a model directory.
        sentences: what is labelled.
        contexts: the text before each.
    """
    began = time.perf_counter()
    predict, size = BASELINES[system]() if system in BASELINES else load_model(system)
    loaded = time.perf_counter() - began
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        predict(sentences, contexts)
        seconds.append(time.perf_counter() - began)
    speed = len(sentences) / statistics.median(seconds)
    return {"bytes": size, "load_seconds": loaded, "peak_bytes": _peak_bytes(), "sentences_per_second": speed}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], **json.load(sys.stdin))) + "\n")
