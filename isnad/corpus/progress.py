"""How far a run is, on standard error: a bar of tqdm's on a terminal that has it, else a line now and then."""

from __future__ import annotations

import sys
import time
from typing import Any

_EVERY = 10.0  # seconds between lines


class Progress:
    """Sentences a second, and the time left by the share of the input that is done.

    Args:
        size: where the input's position ends, in whatever unit.
        position: where this run starts.
    """

    def __init__(self, size: int, position: int) -> None:
        self._size, self._first, self._sentences = size, position, 0
        self._began = self._told = time.monotonic()
        self._bar = _bar(size, position)

    def update(self, position: int, sentences: int) -> None:
        """Tell that the input is done up to `position`, with so many sentences more."""
        now = time.monotonic()
        self._sentences += sentences
        elapsed = max(now - self._began, 1e-9)
        rate = f"{self._sentences:,} sentences, {self._sentences / elapsed:,.0f}/s"
        if self._bar is not None:
            self._bar.set_postfix_str(rate, refresh=False)
            self._bar.update(position - self._bar.n)
        elif now - self._told >= _EVERY:
            self._told = now
            left = elapsed * (self._size - position) / max(position - self._first, 1)
            share = position / max(self._size, 1)
            sys.stderr.write(f"isnad: {share:.0%}, {rate}, {_duration(left)} left\n")

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()


def _bar(size: int, position: int) -> Any:
    if not sys.stderr.isatty():
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    form = "{percentage:3.0f}%|{bar}| {elapsed}, {remaining} left{postfix}"
    return tqdm(total=size, initial=position, bar_format=form, dynamic_ncols=True)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
