"""Shards on several processes, in order, a few ahead."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from isnad.classifier import Classifier
from isnad.corpus import CorpusError
from isnad.corpus.shards import Recipe, Shard, Task, annotate_shard

_AHEAD = 2  # shards a worker has waiting: enough to keep it busy, few enough to hold in memory

_work: tuple[Classifier, Recipe]  # of a worker process


def _start(recipe: Recipe) -> None:
    global _work
    _work = Classifier(recipe.model, threads=1), recipe
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it too, and ends this process by ending
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _annotate(task: Task) -> Shard:
    return annotate_shard(*_work, task)


def annotate_shards(recipe: Recipe, tasks: Iterable[Task], workers: int) -> Iterator[Shard]:
    """Annotate shards on `workers` processes (1: on this one), and yield them in order.

    No more than a few tasks for each worker are taken ahead.  A worker never outlives this process.

    Raises:
        CorpusError: a worker died.
    """
    if workers == 1:
        classifier = Classifier(recipe.model, threads=1)
        yield from (annotate_shard(classifier, recipe, task) for task in tasks)
        return
    # Spawned, not forked: a worker inherits neither threads nor the lock on the output folder.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_start, initargs=(recipe,))
    waiting: deque[Future[Shard]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(_annotate, task))
            if len(waiting) >= _AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise CorpusError(
            "a worker process died (killed, or out of memory): give the same command again to go on, "
            "with fewer --workers if memory was short"
        ) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
