import itertools

import pytest

from train.pretrain.bench import measure, operations, ours, peak, rate, run_mlm
from train.pretrain.config import Encoder

SHAPE = Encoder(vocabulary_size=1200, layers=1, width=16, heads=2, length=32)
TEXTS = ["قال الوزير إن الجسر سيفتح غدًا.\nونفت الشركة ذلك."] * 400


def test_padding_is_not_counted(tiny_tokenizer):
    first = next(run_mlm(tiny_tokenizer, TEXTS, SHAPE, padded=True))
    lines = [len(tiny_tokenizer.encode(line).ids) for line in TEXTS[0].split("\n")]
    assert 16 * min(lines) <= first <= 16 * max(lines) < 16 * SHAPE.length
    assert next(run_mlm(tiny_tokenizer, TEXTS, SHAPE, padded=False)) == 16 * SHAPE.length
    assert next(ours(tiny_tokenizer, TEXTS, SHAPE, causal=True)) == 16 * SHAPE.length


def test_the_rate_is_tokens_over_time(monkeypatch):
    clock = itertools.count()
    monkeypatch.setattr("train.pretrain.bench.time.perf_counter", lambda: next(clock))
    assert rate(iter([9, 9, 10, 10, 10, 10]), seconds=3) == pytest.approx(20 / 3)


def test_operations_are_counted_as_by_hand():
    body, attention, head = 12 * 16**2, 2 * 32 * 16, 16 * (1200 + 16)
    assert operations(SHAPE, 0.5) == 6 * (body + attention + 0.5 * head)


def test_all_ways_are_measured(tiny_tokenizer):
    rows = measure(tiny_tokenizer, SHAPE, seconds=0.01)
    assert len(rows) == 4
    assert all(row.tokens_per_second > 0 for row in rows)
    assert peak(64, 2) > 0
