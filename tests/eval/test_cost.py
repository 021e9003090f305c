import json

import pytest

from eval.cost import Cost, draw, measure_all, pareto, print_table, read_accuracy, sample
from eval.cost_measure import load_model, load_ngrams, load_rules
from isnad import LABELS
from isnad.classifier import DEFAULT_MODEL


def cost(name, speed, macro_f1):
    interval = None if macro_f1 is None else (macro_f1 - 0.02, macro_f1 + 0.02)
    return Cost(name, 8_000_000, 0.1, 90_000_000, speed, macro_f1, interval)


COSTS = [
    cost("fast", 1000, 0.7), cost("slow", 10, 0.9), cost("beaten", 9, 0.8), cost("as fast, worse", 1000, 0.6),
    cost("between", 100, 0.8), cost("unknown", 5000, None),
]  # fmt: skip


def report(folder, part="dev"):
    systems = {n: {"macro_f1": f, "interval": [f - 0.01, f + 0.01]} for n, f in (("model", 0.9), ("rules", 0.8))}
    groups = {"real news": {"systems": systems}, "articles of our own": {"systems": {}}}
    (folder / f"report-{part}").mkdir(parents=True)
    (folder / f"report-{part}" / "metrics.json").write_text(json.dumps({"groups": groups}))


def test_the_front_has_those_that_nothing_beats():
    assert [c.name for c in pareto(COSTS)] == ["fast", "between", "slow"]


def test_accuracy_is_read_from_the_report_beside_the_model(tmp_path):
    report(tmp_path, "test")
    assert read_accuracy(tmp_path / "model", "test")["model"]["macro_f1"] == 0.9
    assert read_accuracy(tmp_path / "model", "dev") == {}


def test_the_sample_is_of_whole_articles_with_context(own_articles):
    drawn = sample(200)
    assert 150 < len(drawn["sentences"]) < 280
    assert drawn["sentences"][0] == own_articles[0].sentence_text(own_articles[0].sentences[0])
    assert drawn["contexts"][0] == ""
    assert drawn["sentences"][0] in drawn["contexts"][1]


def test_the_baselines_load_and_label(own_articles, monkeypatch):
    monkeypatch.setattr("seeds.corpus.load_own", lambda: own_articles[:30])
    for load in (load_rules, load_ngrams):
        predict, size = load()
        assert set(predict(["قال الوزير: «سنفتح المعبر غدًا»."], [""])) <= set(LABELS)
        assert size > 1000


def test_the_size_of_a_model_is_that_of_its_files(tiny_artifact):
    predict, size = load_model(str(tiny_artifact))
    assert size == sum(f.stat().st_size for f in tiny_artifact.iterdir())
    assert predict(["نعم"], [""])[0].label in LABELS


def test_systems_are_measured_in_processes_of_their_own(tmp_path, monkeypatch):
    """The model that the package carries, as a run with a report; n-grams, whose fitting takes long, left out."""
    monkeypatch.setattr("eval.cost.BASELINES", {"rules": load_rules})
    (tmp_path / "model").symlink_to(DEFAULT_MODEL)
    report(tmp_path)
    rules, model = measure_all([tmp_path / "model"], sentences=20)
    assert rules.bytes < model.bytes
    assert rules.peak_bytes < model.peak_bytes
    assert rules.macro_f1 == 0.8
    assert min(c.sentences_per_second for c in (rules, model)) > 0


def test_a_model_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("eval.cost.BASELINES", {})
    with pytest.raises(RuntimeError, match="no such model directory"):
        measure_all([tmp_path / "none"], sentences=20)


def test_table_and_picture_show_what_is_known(tmp_path, capsys):
    from rich.console import Console

    print_table(COSTS, Console(width=120))
    printed = capsys.readouterr().out
    assert "0.900 [0.880–0.920]" in printed
    assert "5,000" in printed
    draw(COSTS, tmp_path / "cost.svg")
    svg = (tmp_path / "cost.svg").read_text("utf-8")
    assert "<!-- slow, 8.0 MB -->" in svg
    assert "unknown" not in svg
    with pytest.raises(ValueError, match="python -m eval artifact=MODEL comes first"):
        draw([COSTS[-1]], tmp_path / "none.svg")
