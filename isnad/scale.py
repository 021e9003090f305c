"""The same annotation on engines that run on many machines: Ray Data and Spark (extra `scale`).

Ray Data, from Parquet to Parquet; a task that dies with its worker is run again by Ray:

    import ray
    from isnad.scale import annotate_table

    news = ray.data.read_parquet("news/")
    news.map_batches(annotate_table, batch_format="pyarrow", batch_size=256).write_parquet("annotated/")

Spark, as a pandas UDF; isnad must be installed where the executors run:

    from pyspark.sql.functions import pandas_udf
    from isnad.scale import SPARK_TYPE, annotate_series

    annotate = pandas_udf(annotate_series, SPARK_TYPE)
    news.withColumn("sentences", annotate("text")).write.parquet("annotated/")

Both load the model once in a process, on one thread, since the engine runs a task for each processor.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from isnad.classifier import Classifier
from isnad.corpus.arrow import parquet_module, sentences_type
from isnad.corpus.shards import record
from isnad.labels import LABELS

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_SPAN = "text: string, start: int, end: int"
_PROBABILITIES = ", ".join(f"{label.value}: double" for label in LABELS)
# The type of an article's sentences, as Spark writes types.
SPARK_TYPE = (
    f"array<struct<{_SPAN}, label: string, score: double, probabilities: struct<{_PROBABILITIES}>, "
    f"cue: struct<{_SPAN}>, source: struct<{_SPAN}, confidence: double, resolved_from: int>, "
    f"quotes: array<struct<{_SPAN}>>>>"
)


@cache
def _classifier(model: str | None) -> Classifier:
    return Classifier(model, threads=1)


def annotate_table(table: pa.Table, *, text_field: str = "text", model: str | None = None) -> pa.Table:
    """Annotate a batch of articles, for `ray.data.Dataset.map_batches(…, batch_format="pyarrow")`.

    Args:
        table: the articles, one a row.
        text_field: the column of the article; where it is null, so is the result.
        model: a model directory that every machine sees (`fn_kwargs`); None takes the one in the package.

    Returns:
        The table with a column `sentences` more: lists of what `Sentence.to_dict` gives, scores rounded to 4
        decimal places.

    Raises:
        KeyError: there is no such column.
        TypeError: the column holds something else than strings.
        ImportError: pyarrow is not installed.
    """
    parquet_module()
    import pyarrow as pa

    if text_field not in table.column_names:
        raise KeyError(f"no column {text_field!r}; the columns: {', '.join(table.column_names)}")
    sentences = _records(table.column(text_field).to_pylist(), model)
    return table.append_column("sentences", pa.array(sentences, sentences_type()))


def annotate_series(texts: pd.Series[str]) -> pd.Series[Any]:
    """Annotate articles with the packaged model, for `pyspark.sql.functions.pandas_udf` with `SPARK_TYPE`.

    Returns:
        For each article the list of its sentences, or None where the article is null.

    Raises:
        TypeError: an item is neither a string nor null.
        ImportError: pandas is not installed.
    """
    import pandas as pd

    listed = texts.astype(object).where(texts.notna(), None).tolist()
    return pd.Series(_records(listed, None), index=texts.index, dtype=object)


def _records(texts: Iterable[str | None], model: str | None) -> list[list[dict[str, Any]] | None]:
    listed = list(texts)
    annotated = _classifier(model).annotate_many(text for text in listed if text is not None)
    return [None if text is None else [record(s) for s in next(annotated)] for text in listed]
