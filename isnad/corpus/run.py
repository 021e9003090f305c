"""Annotate a corpus file into a folder of shards; stop it as you like, and go on with the same call.

The input is cut into shards by its rows alone, each is annotated by itself, and they are written in order:
the output's bytes depend on input, options and model, not on workers or interruptions.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from isnad.artifact import CONFIG, file_hash, read_config
from isnad.classifier import DEFAULT_MODEL
from isnad.corpus import SHARD_ROWS, CorpusError
from isnad.corpus.arrow import parquet_module
from isnad.corpus.manifest import Manifest
from isnad.corpus.progress import Progress
from isnad.corpus.rows import Fault, Raw, Source, open_source
from isnad.corpus.shards import Recipe, Task
from isnad.corpus.workers import annotate_shards

FORMAT = 1
OUTPUTS = {"jsonl": ".jsonl", "parquet": ".parquet"}
# A shard takes no more rows once it holds so many bytes (characters, for CSV and Parquet): it is kept in memory.
_SHARD_BYTES = 8 << 20


def annotate_corpus(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    text_field: str = "text",
    id_field: str | None = None,
    output: str = "jsonl",
    shard_rows: int = SHARD_ROWS,
    model: str | os.PathLike[str] | None = None,
    workers: int | None = None,
) -> dict[str, Any]:
    """Annotate the articles of a file, one a row, into the folder `out`.

    The folder gets `part-00000.jsonl` (or `.parquet`) and so on, one article a line: `row` (from 1; a CSV
    file's header does not count), `id`, and `sentences` as `Sentence.to_dict` gives them, scores rounded to 4
    decimal places; `bad-00000.jsonl` and so on with `row` and `reason` of rows that cannot be annotated; and
    `manifest.jsonl`.  The same call goes on where one before it was stopped; a finished run is left as it is.

    Args:
        source: a file that ends in `.jsonl`, `.ndjson`, `.csv` (UTF-8, with a header) or `.parquet`.
        out: a folder, new or of the same run.
        text_field: the field or column that holds the article.
        id_field: the field or column that goes into the output as `id`; None for none.
        output: `jsonl` or `parquet`.
        shard_rows: rows of a shard, the unit of work: what a killed run has to do again.
        model: a model directory; None takes the model that the package carries.
        workers: processes of one thread each; None takes one for each processor.

    Returns:
        The totals: `shards`, `rows`, `articles`, `sentences`, `bad`.

    Raises:
        CorpusError: the input has no such field or format, or `out` holds another run.
        ArtifactError: the model directory cannot be used.
        ImportError: Parquet, and pyarrow is not installed (extra `corpus`).
        OSError: a file cannot be read or written.
    """
    if output not in OUTPUTS:
        raise CorpusError(f"output is one of {', '.join(OUTPUTS)}, not {output!r}")
    workers = _processors() if workers is None else workers
    if workers < 1 or shard_rows < 1:
        raise CorpusError("workers and shard_rows must be at least 1")
    if output == "parquet":
        parquet_module()
    rows = open_source(Path(source), text_field, id_field)
    recipe = Recipe(text_field, id_field, output, DEFAULT_MODEL if model is None else Path(model))
    manifest = Manifest(Path(out), _identity(rows, recipe, shard_rows))
    try:
        if manifest.totals is None:
            _run(rows, recipe, manifest, shard_rows, workers)
            manifest.finish()
        assert manifest.totals is not None
        return {k: v for k, v in manifest.totals.items() if k != "finished"}
    finally:
        manifest.close()


def _processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _identity(source: Source, recipe: Recipe, shard_rows: int) -> dict[str, Any]:
    """What makes the output what it is."""
    read_config(recipe.model)
    return {
        "format": FORMAT,
        "versions": {name: version(name) for name in ("isnad", "onnxruntime", "tokenizers")},
        "model": file_hash(recipe.model / CONFIG),  # which holds the hashes of the other files
        "input": {"name": source.path.name, "sha256": file_hash(source.path)},
        "options": {
            "input": source.path.suffix.lower(),
            "text_field": recipe.text_field,
            "id_field": recipe.id_field,
            "output": recipe.output,
            "shard_rows": shard_rows,
        },
    }


def _run(source: Source, recipe: Recipe, manifest: Manifest, shard_rows: int, workers: int) -> None:
    rows = source.rows()
    done = sum(shard["rows"] for shard in manifest.shards)
    skipped = sum(1 for _ in islice(rows, done))
    assert skipped == done, "the input's hash is the same, and it has fewer rows"
    positions: deque[int] = deque()
    progress = Progress(source.size, source.position)
    try:
        tasks = _tasks(source, rows, done + 1, shard_rows, positions)
        for shard in annotate_shards(recipe, tasks, workers):
            counts = {"rows": shard.rows, "articles": shard.articles, "sentences": shard.sentences}
            manifest.add(shard.good, shard.bad, OUTPUTS[recipe.output], counts | {"bad": shard.rows - shard.articles})
            progress.update(positions.popleft(), shard.sentences)
    finally:
        progress.close()


def _tasks(source: Source, rows: Iterator[Raw], first: int, shard_rows: int, positions: deque[int]) -> Iterator[Task]:
    """Cut the rows into shards; where the input stands after each goes into `positions`."""
    shard: list[Raw] = []
    size = 0
    for raw in rows:
        shard.append(raw)
        size += _size(raw)
        if len(shard) == shard_rows or size >= _SHARD_BYTES:
            positions.append(source.position)
            yield Task(first, shard)
            first, shard, size = first + len(shard), [], 0
    if shard:
        positions.append(source.position)
        yield Task(first, shard)


def _size(raw: Raw) -> int:
    if isinstance(raw, bytes):
        return len(raw)
    return 0 if isinstance(raw, Fault) else sum(len(v) for v in raw.values() if isinstance(v, str))
