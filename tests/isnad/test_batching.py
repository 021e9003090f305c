import threading
import time
from types import SimpleNamespace

import pytest

from isnad import Classifier
from isnad.serve.batching import ROUND, SHARE, Batcher, ClosedError, OverloadedError


class Gated:
    """A classifier whose rounds wait for `gate`; it remembers what came in each."""

    def __init__(self):
        self.rounds = []
        self.gate = threading.Event()

    def classify(self, sentences, context=None):
        self.rounds.append(list(sentences))
        if context is not None:  # the warm-up has none
            self.gate.wait(10)
        if "bad" in sentences:
            raise RuntimeError("bad sentence")
        return [f"<{s}>" for s in sentences]


@pytest.fixture
def gated():
    return Gated()


@pytest.fixture
def batcher(gated):
    batcher = Batcher(gated, max_queue=200, max_wait=60)
    batcher.start()
    gated.rounds.clear()
    yield batcher
    gated.gate.set()
    batcher.close()


def submit(batcher, *sentences):
    return batcher.submit(sentences, [None] * len(sentences))


def begin(batcher, gated, *sentences):
    """Submit and wait until the thread is busy with it."""
    future = submit(batcher, *sentences)
    while not gated.rounds:
        time.sleep(0.001)
    return future


def test_requests_that_wait_share_a_round(batcher, gated):
    first = begin(batcher, gated, "a")
    others = [submit(batcher, f"b{i}", f"c{i}") for i in range(5)]
    gated.gate.set()
    assert first.result(10) == ["<a>"]
    assert [f.result(10) for f in others] == [[f"<b{i}>", f"<c{i}>"] for i in range(5)]
    assert gated.rounds == [["a"], [s for i in range(5) for s in (f"b{i}", f"c{i}")]]


def test_a_long_request_does_not_hold_up_a_short_one(batcher, gated):
    begin(batcher, gated, "a")
    long = submit(batcher, *map(str, range(100)))
    short = submit(batcher, "x")
    gated.gate.set()
    assert long.result(10) == [f"<{i}>" for i in range(100)]
    assert short.result(10) == ["<x>"]
    assert gated.rounds[1] == [*map(str, range(SHARE)), "x"]
    assert [len(r) for r in gated.rounds[2:]] == [ROUND, 100 - SHARE - ROUND]  # alone again, it gets the whole round


def test_everybody_has_a_turn(batcher, gated):
    begin(batcher, gated, "a")
    requests = [submit(batcher, *[f"{n}"] * 20) for n in range(9)]
    gated.gate.set()
    for future in requests:
        assert len(future.result(10)) == 20
    per_round = ROUND // SHARE
    assert set(gated.rounds[1]) == {str(n) for n in range(per_round)}
    assert set(gated.rounds[2]) == {str(n) for n in range(per_round, 2 * per_round)}


def test_a_full_queue_sheds(batcher, gated):
    kept = [begin(batcher, gated, "a"), submit(batcher, *["b"] * 199)]
    with pytest.raises(OverloadedError) as refused:
        submit(batcher, "c")
    assert refused.value.retry_after >= 1
    gated.gate.set()
    assert [len(f.result(10)) for f in kept] == [1, 199]
    assert (batcher.accepted, batcher.answered, batcher.failed, batcher.shed) == (2, 2, 0, 1)
    assert batcher.waiting == 0
    assert submit(batcher, "d").result(10) == ["<d>"]


def test_what_would_wait_too_long_is_shed(gated, monkeypatch):
    clock = iter(range(0, 1000, 10))  # a round takes ten seconds
    monkeypatch.setattr("isnad.serve.batching.time", SimpleNamespace(perf_counter=lambda: next(clock)))
    gated.gate.set()
    batcher = Batcher(gated, max_queue=1000, max_wait=30)
    batcher.start()
    submit(batcher, "a", "b").result(10)  # so that a sentence takes five
    gated.gate.clear()
    gated.rounds.clear()
    taken = begin(batcher, gated, *"abcdefg")
    with pytest.raises(OverloadedError) as refused:
        submit(batcher, "x")
    assert refused.value.retry_after == 35
    gated.gate.set()
    assert len(taken.result(10)) == 7
    assert submit(batcher, "x").result(10) == ["<x>"]
    batcher.close()


def test_closing_finishes_what_was_accepted(batcher, gated):
    futures = [begin(batcher, gated, "a")] + [submit(batcher, *["b"] * 40) for _ in range(4)]
    closing = threading.Thread(target=batcher.close)
    closing.start()
    while batcher.ready:
        time.sleep(0.001)
    with pytest.raises(ClosedError):
        submit(batcher, "c")
    gated.gate.set()
    closing.join(10)
    assert [len(f.result(0)) for f in futures] == [1, 40, 40, 40, 40]
    assert batcher.accepted == batcher.answered == 5


def test_who_causes_an_error_fails_alone(batcher, gated):
    begin(batcher, gated, "a")
    good, bad, other = submit(batcher, "good"), submit(batcher, "x", "bad"), submit(batcher, "other")
    gated.gate.set()
    assert (good.result(10), other.result(10)) == (["<good>"], ["<other>"])
    with pytest.raises(RuntimeError, match="bad sentence"):
        bad.result(10)
    assert batcher.ready
    assert (batcher.failed, batcher.waiting) == (1, 0)


def test_nothing_is_answered_with_nothing(batcher):
    assert submit(batcher).result(0) == []


def test_it_must_be_started_and_have_room():
    with pytest.raises(ClosedError):
        submit(Batcher(Gated(), max_queue=1, max_wait=60), "a")
    for limits in ({"max_queue": 0, "max_wait": 1}, {"max_queue": 1, "max_wait": 0}):
        with pytest.raises(ValueError, match="max_queue must be at least 1, and max_wait above 0"):
            Batcher(Gated(), **limits)


def test_many_threads_get_their_own_answers(tiny_artifact):
    classifier = Classifier(tiny_artifact)
    texts = [[f"قال الوزير رقم {n} إن العدد {i}." for i in range(n % 5 + 1)] for n in range(24)]
    expected = [[p.label for p in classifier.classify(t)] for t in texts]
    batcher = Batcher(classifier, max_queue=1000, max_wait=60)
    batcher.start()
    answers = {}

    def ask(n):
        answers[n] = [p.label for p in submit(batcher, *texts[n]).result(30)]

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batcher.close()
    assert [answers[n] for n in range(24)] == expected
