"""Take a stream of articles in pools, large enough that their sentences fill the network's batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# Characters of a pool: some 500 sentences, which make batches of like length and little padding.
POOL = 65_536
# A shorter article counts as one of so many characters, so that a stream of empty ones is bounded too.
_SHORTEST = 64


def pools(texts: Iterable[str]) -> Iterator[list[str]]:
    """Group consecutive articles into pools of at least `POOL` characters; the last may be smaller.

    Raises:
        TypeError: an item is no string; the articles before it have been yielded.
    """
    pool: list[str] = []
    size = 0
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            if pool:
                yield pool
            raise TypeError(f"texts[{index}] must be a string, not {type(text).__name__}")
        pool.append(text)
        size += max(len(text), _SHORTEST)
        if size >= POOL:
            yield pool
            pool, size = [], 0
    if pool:
        yield pool
