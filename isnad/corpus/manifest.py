"""The output folder and its manifest, which is the only state of a run: what is in it is done, all else is not.

`manifest.jsonl` holds what makes the run (input, options, model), then a line for each shard in order, then a
line of totals.  A shard's files are on the disk before its line is; a line that was cut short does not count.
So a run may be killed at any moment, and the next goes on after the last line.  No line holds a date or a path.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isnad.artifact import file_hash
from isnad.corpus import CorpusError

try:
    import fcntl
except ImportError:  # Windows: two runs at once in one folder are not kept apart there
    fcntl = None  # type: ignore[assignment]

NAME = "manifest.jsonl"
PARTIAL = ".partial"


class Manifest:
    """An output folder, held against other runs until `close`.

    Attributes:
        shards: the line of each finished shard, in order.
        totals: the last line of a finished run, else None.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        """Open the folder for the run that `identity` describes: a new run, or one to go on with.

        Raises:
            CorpusError: the folder holds another run or something else, or a shard is not as it was written.
            OSError: the folder cannot be written.
        """
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / NAME
        if not path.exists() and (found := [p.name for p in folder.iterdir()]):
            raise CorpusError(f"{folder} is not empty (it holds {min(found)}) and no run of isnad: name a new folder")
        self._file = path.open("a+b")
        try:
            self._lock()
            lines, cut_short = self._read()
            if lines:
                self._check_identity(lines[0], json.loads(json.dumps(identity)))
            elif not _line(identity).startswith(cut_short):
                raise CorpusError(f"{path} is no manifest of isnad: name a new folder")
            self._file.truncate(path.stat().st_size - len(cut_short))
            if not lines:
                self._append(identity)
            self.totals = lines.pop() if lines and "finished" in lines[-1] else None
            self.shards = lines[1:]
            self._check_shards()
            for partial in folder.glob("*" + PARTIAL):
                partial.unlink()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the folder."""
        self._file.close()

    def _lock(self) -> None:
        if fcntl is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CorpusError(f"{self.folder}: another run is writing there; wait for it, or stop it") from None

    def _read(self) -> tuple[list[dict[str, Any]], bytes]:
        """The manifest's whole lines, and what was written of the last one when a run was killed."""
        self._file.seek(0)
        *whole, cut_short = self._file.read().split(b"\n")
        try:
            lines = [json.loads(line) for line in whole]
            if any(line.get("shard", number) != number for number, line in enumerate(lines, -1)):
                raise ValueError("its shards are not in order")
        except (ValueError, AttributeError) as error:
            raise CorpusError(f"{self.folder / NAME} is damaged: {error}; name a new folder") from error
        return lines, cut_short

    def _check_identity(self, was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        # The name of the input is for people: the same bytes under another name are the same input.
        before, after = _flat(was), _flat(now)
        differ = [k for k in sorted(before | after) if before.get(k) != after.get(k) and k != "input.name"]
        if differ:
            changes = "; ".join(f"{k} was {before.get(k)!r} and is {after.get(k)!r}" for k in differ)
            raise CorpusError(
                f"{self.folder} holds a run with other input or options ({changes}): "
                "go on with the same ones, or name a new folder"
            )

    def _check_shards(self) -> None:
        for shard in self.shards:
            for name, digest in shard["sha256"].items():
                path = self.folder / name
                if not path.exists() or file_hash(path) != digest:
                    raise CorpusError(f"{path} is missing or not as it was written: name a new folder")

    def add(self, good: bytes, bad: bytes, suffix: str, counts: Mapping[str, int]) -> None:
        """Write the next shard's files, then its line."""
        number = len(self.shards)
        files = {f"part-{number:05}{suffix}": good}
        if bad:
            files[f"bad-{number:05}.jsonl"] = bad
        for name, content in files.items():
            self._write(name, content)
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        line = {"shard": number, **counts, "sha256": digests}
        self._append(line)
        self.shards.append(line)

    def finish(self) -> dict[str, Any]:
        """Add up the shards, write the last line and return it."""
        keys = ("rows", "articles", "sentences", "bad")
        self.totals = {
            "finished": True,
            "shards": len(self.shards),
            **{key: sum(shard[key] for shard in self.shards) for key in keys},
        }
        self._append(self.totals)
        return self.totals

    def _write(self, name: str, content: bytes) -> None:
        partial = self.folder / (name + PARTIAL)
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.folder / name)
        with contextlib.suppress(OSError):  # a system that cannot sync a folder needs no telling
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _append(self, line: Mapping[str, Any]) -> None:
        self._file.write(_line(line))
        self._file.flush()
        os.fsync(self._file.fileno())


def _line(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record, ensure_ascii=False) + "\n").encode()


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return flat
