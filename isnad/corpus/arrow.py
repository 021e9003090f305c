"""Annotated articles as Arrow tables, for Parquet and for engines that speak Arrow (extra `corpus`)."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache
from typing import Any

from isnad.labels import LABELS


def parquet_module() -> Any:
    """The module `pyarrow.parquet`.

    Raises:
        ImportError: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("Parquet needs pyarrow: pip install 'isnad[corpus]'") from error
    return pyarrow.parquet


@cache
def sentences_type() -> Any:
    """The Arrow type of an article's sentences: a list of what `Sentence.to_dict` gives."""
    import pyarrow as pa

    span = [("text", pa.string()), ("start", pa.int32()), ("end", pa.int32())]
    sentence = [
        *span,
        ("label", pa.string()),
        ("score", pa.float64()),
        ("probabilities", pa.struct([(label.value, pa.float64()) for label in LABELS])),
        ("cue", pa.struct(span)),
        ("source", pa.struct([*span, ("confidence", pa.float64()), ("resolved_from", pa.int32())])),
        ("quotes", pa.list_(pa.struct(span))),
    ]
    return pa.list_(pa.struct(sentence))


def parquet_bytes(records: Iterable[dict[str, Any]]) -> bytes:
    """A Parquet file of records `row`, `id` (as a string) and `sentences`."""
    parquet = parquet_module()
    import pyarrow as pa

    schema = pa.schema([("row", pa.int64()), ("id", pa.string()), ("sentences", sentences_type())])
    rows = [r | {"id": None if r["id"] is None else str(r["id"])} for r in records]
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, schema), file, compression="zstd")
    return file.getvalue()
