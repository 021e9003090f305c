"""One queue for all requests and one thread that works it off, so that requests share batches.

The thread never waits for company: while it works on one round, what arrives gathers for the next.  Each round takes
a few sentences of every waiting request in turn, so that a long article does not hold up the short ones behind it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice

from isnad.classifier import Classifier
from isnad.results import Prediction

# Sentences that go to the classifier in one round: few enough that a round takes a fraction of a second.
ROUND = 64
# Of these at most so many of one request, as long as others wait.
SHARE = 16
# Of what earlier rounds say of the speed, so much is kept after another.
_KEPT = 0.9


class OverloadedError(RuntimeError):
    """The queue is full; `retry_after` is when there should be room again, in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("the queue is full")
        self.retry_after = retry_after


class ClosedError(RuntimeError):
    """The service is shutting down, or has not started."""


@dataclass(eq=False, slots=True)
class _Job:
    sentences: Sequence[str]
    contexts: Sequence[str | None]
    predictions: list[Prediction] = field(default_factory=list)
    future: Future[list[Prediction]] = field(default_factory=Future)

    @property
    def left(self) -> int:
        return len(self.sentences) - len(self.predictions)


class Batcher:
    """Classifies the sentences of concurrent requests together.

    Args:
        classifier: what labels them; loaded by `start`.
        max_queue: sentences that may wait, over all requests: bounds the memory.
        max_wait: seconds that what waits may take, at the speed of the last rounds: bounds the time until an answer,
            on a fast machine and on a slow one.

    Attributes:
        accepted, answered, failed, shed: requests so far.  Those accepted are answered, or failed by an exception of
            the classifier, in the end; those shed were refused because the queue was full.
    """

    def __init__(self, classifier: Classifier, max_queue: int, max_wait: float) -> None:
        if max_queue < 1 or not max_wait > 0:
            raise ValueError("max_queue must be at least 1, and max_wait above 0")
        self._max_queue = max_queue
        self._max_wait = max_wait
        self.accepted = self.answered = self.failed = self.shed = 0
        self._classifier = classifier
        self._jobs: deque[_Job] = deque()
        self._waiting = 0
        self._classified, self._seconds = 0.0, 0.0  # sentences and the time they took; older rounds weigh less
        self._changed = threading.Condition()
        self._open = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Load the model, warm it up, and begin.

        Raises:
            ArtifactError: the model cannot be loaded.
        """
        self._classifier.classify(["قال الوزير إن المعبر سيفتح غدًا."])
        self._open = True
        self._thread = threading.Thread(target=self._work, name="isnad-batcher")
        self._thread.start()

    def close(self) -> None:
        """Take no more requests, finish those that were accepted, and stop."""
        with self._changed:
            self._open = False
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    @property
    def ready(self) -> bool:
        """Whether requests are taken and worked on."""
        return self._open and self._thread is not None and self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """Sentences that were accepted and are not classified yet."""
        return self._waiting

    def make_sure_of_room(self, sentences: int) -> None:
        """Refuse now what `submit` would refuse: before work is put into a request.

        Raises:
            OverloadedError: too much is waiting for `sentences` more.
        """
        with self._changed:  # reentrant
            wait = self._waiting * self._seconds / max(1.0, self._classified)
            if self._waiting + sentences > self._max_queue or wait > self._max_wait:
                self.shed += 1
                raise OverloadedError(max(1.0, wait))

    def submit(self, sentences: Sequence[str], contexts: Sequence[str | None]) -> Future[list[Prediction]]:
        """Queue the sentences of one request; the future gives a prediction for each, in order.

        Raises:
            OverloadedError: too much is waiting.
            ClosedError: the service is shutting down.
        """
        job = _Job(sentences, contexts)
        job.future.set_running_or_notify_cancel()  # accepted work is not cancelled
        with self._changed:
            if not self.ready:
                raise ClosedError("the service is shutting down")
            self.make_sure_of_room(len(sentences))
            self.accepted += 1
            if not sentences:
                self._finish(job)
                return job.future
            self._waiting += len(sentences)
            self._jobs.append(job)
            self._changed.notify()
        return job.future

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._jobs and self._open:
                    self._changed.wait()
                if not self._jobs:
                    return
                shares = self._take()
            self._round(shares)

    def _take(self) -> list[tuple[_Job, int]]:
        """The jobs of the next round, each with how many of its sentences."""
        most = SHARE if len(self._jobs) > 1 else ROUND
        room = ROUND
        shares: list[tuple[_Job, int]] = []
        for job in self._jobs:
            count = min(room, most, job.left)
            if not count:
                break
            shares.append((job, count))
            room -= count
        self._jobs.rotate(-len(shares))  # whoever was not reached is first in the next round
        return shares

    def _round(self, shares: list[tuple[_Job, int]]) -> None:
        parts = [(job, slice(len(job.predictions), len(job.predictions) + count)) for job, count in shares]
        sentences = [s for job, part in parts for s in job.sentences[part]]
        contexts = [c for job, part in parts for c in job.contexts[part]]
        began = time.perf_counter()
        try:
            predictions = iter(self._classifier.classify(sentences, contexts))
        except Exception as error:
            if len(shares) > 1:  # whoever caused it is to fail alone
                for share in shares:
                    self._round([share])
            else:
                self._fail(shares[0][0], error)
            return
        with self._changed:
            self._classified = _KEPT * self._classified + len(sentences)
            self._seconds = _KEPT * self._seconds + time.perf_counter() - began
            for job, count in shares:
                job.predictions.extend(islice(predictions, count))
                self._waiting -= count
                if not job.left:
                    self._jobs.remove(job)
                    self._finish(job)

    def _finish(self, job: _Job) -> None:
        self.answered += 1
        job.future.set_result(job.predictions)

    def _fail(self, job: _Job, error: Exception) -> None:
        with self._changed:
            self.failed += 1
            self._waiting -= job.left
            self._jobs.remove(job)
        job.future.set_exception(error)
