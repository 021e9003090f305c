"""What each system costs beside what it reaches.

Size, load time (imports included), peak memory and sentences a second are measured on our own articles, each system
in a process of its own. A baseline that has learnt has no directory to load: its speed is measured where it is, and
its size is that of its weights and vocabulary.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.pipeline import Pipeline
from tqdm import tqdm

from eval.baselines import Baseline, Learnt
from eval.cost_measure import RULES, speed
from seeds.corpus import load_own


def sample(count: int) -> dict[str, list[str]]:
    """About so many sentences of our own articles, whole articles evenly drawn, each with the text before it."""
    articles = load_own()
    total = sum(len(a.sentences) for a in articles)
    chosen = [(a, s) for a in articles[:: max(1, total // count)] for s in a.sentences]
    return {
        "sentences": [a.sentence_text(s) for a, s in chosen],
        "contexts": [a.text[: s.start] for a, s in chosen],
    }


def _measure(system: str, content: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "eval.cost_measure", system], input=content, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{system}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


def learnt_bytes(pipeline: Pipeline) -> int:
    """The size of a fitted n-gram baseline: weights, inverse document frequencies, and the terms in UTF-8."""
    size = pipeline["classifier"].coef_.nbytes + pipeline["classifier"].intercept_.nbytes
    for _, vectorizer in pipeline["features"].transformer_list:
        size += vectorizer.idf_.nbytes + sum(len(term.encode()) for term in vectorizer.vocabulary_)
    return size


def _measure_here(baseline: Learnt, drawn: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {
        "bytes": learnt_bytes(baseline.pipeline), "load_seconds": None, "peak_bytes": None,
        "sentences_per_second": speed(baseline.predict, **drawn),
    }  # fmt: skip


def measure_all(
    paths: Mapping[str, str],
    fitted: Mapping[str, Baseline],
    reached: Mapping[str, Mapping[str, Any]],
    *,
    sentences: int,
) -> dict[str, Any]:
    """Measure models and baselines, one after the other.

    Args:
        paths: directories of exported models, by name.
        fitted: baselines; one that always says the same is left out.
        reached: the figures of each: `macro_f1` and its `interval` are taken over.
        sentences: about so many are labelled, several times.

    Returns:
        `cpus`, `sentences`, and `systems`, for each `name`, `bytes`, `load_seconds` and `peak_bytes` (None where
        they are not known), `sentences_per_second`, `macro_f1`, `interval`, and `best`, whether it is on the
        `pareto` front.

    Raises:
        RuntimeError: a system cannot be loaded; the message is its own.
    """
    drawn = sample(sentences)
    content = json.dumps(drawn)
    systems = []
    for name in tqdm([*(n for n in (RULES, "n-grams") if n in fitted), *paths], desc="cost", unit="system"):
        if name in paths or name == RULES:
            figures = _measure(paths.get(name, name), content)
        else:
            figures = _measure_here(fitted[name], drawn)
        systems.append({"name": name} | figures | {key: reached[name][key] for key in ("macro_f1", "interval")})
    front = pareto(systems)
    systems = [system | {"best": system in front} for system in systems]
    return {"cpus": os.cpu_count(), "sentences": len(drawn["sentences"]), "systems": systems}


def pareto(systems: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that no other one beats or equals in both speed and accuracy, the fastest first."""
    front: list[Mapping[str, Any]] = []
    for system in sorted(systems, key=lambda s: (-s["sentences_per_second"], -s["macro_f1"])):
        if not front or system["macro_f1"] > front[-1]["macro_f1"]:
            front.append(system)
    return front
