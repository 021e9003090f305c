import pytest

from eval.baselines import all_baselines
from eval.cost import learnt_bytes, measure_all, pareto, sample
from eval.cost_measure import load_model, load_rules
from eval.plots import plot_pareto
from isnad import LABELS
from isnad.classifier import DEFAULT_MODEL


def system(name, speed, macro_f1):
    return {
        "name": name, "bytes": 8_000_000, "sentences_per_second": speed, "macro_f1": macro_f1,
        "interval": (macro_f1 - 0.02, macro_f1 + 0.02),
    }  # fmt: skip


SYSTEMS = [
    system("fast", 1000, 0.7), system("slow", 10, 0.9), system("beaten", 9, 0.8), system("as fast, worse", 1000, 0.6),
    system("between", 100, 0.8),
]  # fmt: skip
REACHED = {name: {"macro_f1": f, "interval": (f - 0.01, f + 0.01)} for name, f in (("model", 0.9), ("rules", 0.8))}


def test_the_front_has_those_that_nothing_beats():
    assert [s["name"] for s in pareto(SYSTEMS)] == ["fast", "between", "slow"]


def test_the_sample_is_of_whole_articles_with_context(own_articles):
    drawn = sample(200)
    assert 150 < len(drawn["sentences"]) < 280
    assert drawn["sentences"][0] == own_articles[0].sentence_text(own_articles[0].sentences[0])
    assert drawn["contexts"][0] == ""
    assert drawn["sentences"][0] in drawn["contexts"][1]


def test_the_rules_load_and_label():
    predict, size = load_rules()
    assert set(predict(["قال الوزير: «سنفتح المعبر غدًا»."], [""])) <= set(LABELS)
    assert size > 1000


def test_the_size_of_a_model_is_that_of_its_files(tiny_artifact):
    predict, size = load_model(str(tiny_artifact))
    assert size == sum(f.stat().st_size for f in tiny_artifact.iterdir())
    assert predict(["نعم"], [""])[0].label in LABELS


def test_a_learnt_baseline_is_measured_where_it_is():
    baseline = all_baselines()["n-grams"]
    baseline.fit(["قال إنه نعم"] * 3 + ["نفى ذلك لا"] * 3, ["reported_claim"] * 3 + ["denial"] * 3)
    reached = {"n-grams": REACHED["rules"], "majority": REACHED["rules"]}
    fitted = {"majority": all_baselines()["majority"], "n-grams": baseline}
    (only,) = measure_all({}, fitted, reached, sentences=20)["systems"]  # nobody asks what a majority label costs
    terms = sum(len(v.vocabulary_) for _, v in baseline.pipeline["features"].transformer_list)
    assert only["bytes"] == learnt_bytes(baseline.pipeline) > 16 * terms  # a weight and a frequency, of 8 bytes each
    assert only["sentences_per_second"] > 0
    assert only["load_seconds"] is None
    assert only["best"]


def test_systems_are_measured_in_processes_of_their_own():
    """The model that the package carries, beside the rules."""
    found = measure_all({"model": str(DEFAULT_MODEL)}, {"rules": all_baselines()["rules"]}, REACHED, sentences=20)
    rules, model = found["systems"]
    assert (rules["name"], model["name"]) == ("rules", "model")
    assert rules["bytes"] < model["bytes"]
    assert rules["peak_bytes"] < model["peak_bytes"]
    assert (rules["macro_f1"], model["macro_f1"]) == (0.8, 0.9)
    assert model["best"]
    assert min(s["sentences_per_second"] for s in (rules, model)) > 0


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RuntimeError, match="no such model directory"):
        measure_all({"model": str(tmp_path / "none")}, {}, REACHED, sentences=20)


def test_the_picture_shows_every_system_and_the_front():
    front = pareto(SYSTEMS)
    svg = plot_pareto([s | {"best": s in front} for s in SYSTEMS])
    assert all(f"<!-- {s['name']}, 8.00 MB -->" in svg or f">{s['name']}, 8.00 MB<" in svg for s in SYSTEMS)
