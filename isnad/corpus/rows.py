"""Read the rows of a JSONL, CSV or Parquet file as a stream, and tell the good from the bad.

Reading a row and making sense of it are two steps, since the first must be done in order and the second
can be done by whoever works on the row.  Nothing a file holds raises: what is wrong becomes a `Fault`.
"""

from __future__ import annotations

import codecs
import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from isnad.corpus import CorpusError
from isnad.corpus.arrow import parquet_module

# A longer row is a fault, in bytes: no article is; a file without line breaks must not fill the memory.
LONGEST_ROW = 16 << 20
_PARQUET_BATCH = 256


class Fault(NamedTuple):
    """Why a row cannot be annotated."""

    reason: str


class Article(NamedTuple):
    """A row that can be annotated."""

    id: str | int | None
    text: str


# A line of JSON, or fields by name.
Raw = bytes | Mapping[str, Any] | Fault


class Source(ABC):
    """A corpus file; `position` runs up to `size` while its rows are read."""

    def __init__(self, path: Path, size: int) -> None:
        self.path, self.size, self.position = path, size, 0

    @abstractmethod
    def rows(self) -> Iterator[Raw]:
        """Yield the rows in order, one at a time."""


class _Text(Source):
    def __init__(self, path: Path, fields: list[str]) -> None:
        super().__init__(path, path.stat().st_size)

    def _lines(self) -> Iterator[bytes | Fault]:
        with self.path.open("rb") as file:
            while line := file.readline(LONGEST_ROW):
                found: bytes | Fault = line if self.position else line.removeprefix(codecs.BOM_UTF8)
                self.position += len(line)
                if len(line) == LONGEST_ROW and not line.endswith(b"\n"):
                    found = Fault(f"longer than {LONGEST_ROW} bytes")
                    while line and not line.endswith(b"\n"):
                        line = file.readline(LONGEST_ROW)
                        self.position += len(line)
                yield found


class _JsonLines(_Text):
    def rows(self) -> Iterator[Raw]:
        return self._lines()


class _Decoded:
    """Lines for `csv.reader`, which goes on after an error of theirs."""

    def __init__(self, lines: Iterator[bytes | Fault]) -> None:
        self._lines = lines

    def __iter__(self) -> _Decoded:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if isinstance(line, Fault):
            raise csv.Error(f"a line {line.reason}")
        return line.decode("utf-8", "surrogateescape")  # `read_row` finds what is no UTF-8, in its own row


class _Csv(_Text):
    def __init__(self, path: Path, fields: list[str]) -> None:
        super().__init__(path, fields)
        header = next(self._records(), [])
        self.position = 0
        if isinstance(header, Fault):
            raise CorpusError(f"{path}: its first line is no header of a CSV file: {header.reason}")
        self._columns = {name: _column(path, header, name) for name in fields}

    def _records(self) -> Iterator[list[str] | Fault]:
        csv.field_size_limit(LONGEST_ROW)
        records = csv.reader(_Decoded(self._lines()))
        while True:
            try:
                yield next(records)
            except StopIteration:
                return
            except csv.Error as error:
                yield Fault(f"no CSV: {error}")

    def rows(self) -> Iterator[Raw]:
        records = self._records()
        next(records)
        for record in records:
            if isinstance(record, Fault):
                yield record
            else:
                yield {name: record[at] for name, at in self._columns.items() if at < len(record)}


class _Parquet(Source):
    def __init__(self, path: Path, fields: list[str]) -> None:
        parquet = parquet_module()
        try:
            file = parquet.ParquetFile(path)
        except ValueError as error:  # pyarrow's own errors are ValueErrors
            raise CorpusError(f"{path} cannot be read as Parquet: {error}") from error
        with file:
            super().__init__(path, file.metadata.num_rows)
            for name in fields:
                _column(path, file.schema_arrow.names, name)
        self._fields = fields

    def rows(self) -> Iterator[Raw]:
        with parquet_module().ParquetFile(self.path) as file:
            for batch in file.iter_batches(_PARQUET_BATCH, columns=self._fields):
                for values in zip(*(batch.column(name) for name in self._fields), strict=True):
                    self.position += 1
                    try:
                        yield {name: v.as_py() for name, v in zip(self._fields, values, strict=True)}
                    except UnicodeDecodeError as error:
                        yield Fault(f"broken UTF-8 at byte {error.start} of a field")


_READERS: dict[str, Callable[[Path, list[str]], Source]] = {
    ".jsonl": _JsonLines,
    ".ndjson": _JsonLines,
    ".csv": _Csv,
    ".parquet": _Parquet,
}


def open_source(path: Path, text_field: str, id_field: str | None) -> Source:
    """Open a corpus file by its suffix.

    Raises:
        CorpusError: the suffix is of no known format, or the file has no such column.
        OSError: the file cannot be read.
        ImportError: Parquet, and pyarrow is not installed.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise CorpusError(f"{path}: a corpus is a file that ends in {', '.join(_READERS)}")
    return reader(path, [text_field] if id_field is None else [text_field, id_field])


def _column(path: Path, names: list[str], name: str) -> int:
    if name not in names:
        raise CorpusError(f'{path} has no column "{name}"; its columns: {", ".join(names)}')
    return names.index(name)


def read_row(raw: Raw, text_field: str, id_field: str | None) -> Article | Fault:
    """Make sense of a row: its article, or what is wrong with it."""
    if isinstance(raw, bytes):
        raw = _json_object(raw)
    if isinstance(raw, Fault):
        return raw
    text, identity = raw.get(text_field), None if id_field is None else raw.get(id_field)
    if id_field is not None and not (isinstance(identity, str | int) and not isinstance(identity, bool)):
        return Fault(f'field "{id_field}" is missing or neither a string nor an integer')
    if text is None:
        return Fault(f'no field "{text_field}"')
    if not isinstance(text, str):
        return Fault(f'field "{text_field}" is no string but {type(text).__name__}')
    if not text.strip():
        return Fault(f'field "{text_field}" is empty')
    try:
        f"{identity}{text}".encode()
    except UnicodeEncodeError as error:
        return Fault(f"broken UTF-8 (no Unicode: {error.object[error.start]!a})")
    return Article(identity, text)


def _json_object(line: bytes) -> Mapping[str, Any] | Fault:
    if not line.strip():
        return Fault("empty line")
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Fault(f"broken UTF-8 at byte {error.start}")
    except (ValueError, RecursionError) as error:
        return Fault(f"invalid JSON: {error}")
    return value if isinstance(value, dict) else Fault(f"no JSON object but {type(value).__name__}")
