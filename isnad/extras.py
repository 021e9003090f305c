"""Optional dependencies: what is missing, and which extra brings it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Import the packages of the extra `name` inside this block.

    Raises:
        ImportError: one of them is missing; the message names the extra that brings it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ImportError(f"{error.name} is not installed: pip install 'isnad[{name}]'") from error
