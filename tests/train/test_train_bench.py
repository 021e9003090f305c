import json
import sys

import pytest

from train import bench
from train.config import Encoder


def test_both_ways_train_on_the_same_sentences(tiny_encoder, monkeypatch):
    seen = {}
    for name in ("plain", "ours"):
        original = getattr(bench, name)

        def spied(encoder, layout, examples, *rest, original=original, name=name):
            seen.setdefault(name, []).append([e["input_ids"] for e in examples])
            return original(encoder, layout, examples, *rest)

        monkeypatch.setattr(bench, name, spied)
    settings = Encoder(path=str(tiny_encoder), max_length=64, context_tokens=16)
    rows = bench.measure(settings, sentences=24, batch_size=8)
    assert seen["plain"] == seen["ours"][:2]
    assert [len(s) for s in seen["plain"]] == [16, 24]  # a warm-up, then what is measured
    assert [row.name for row in rows][:2] == ["plain: padded, fp32", "train, fp32"]
    assert all(row.sentences_per_second > 0 for row in rows)


def test_the_ratio_is_to_the_plain_script(monkeypatch, tmp_path, capsys):
    rows = [bench.Row("plain", 20.0), bench.Row("ours", 70.0)]
    monkeypatch.setattr(bench, "measure", lambda *_: rows)
    monkeypatch.setattr(sys, "argv", ["bench", "--json", str(tmp_path / "b.json")])
    bench.main()
    assert "3.50" in capsys.readouterr().out
    figures = json.loads((tmp_path / "b.json").read_text())["rows"]
    assert [f["ratio"] for f in figures] == pytest.approx([1.0, 3.5])
