import json

import pytest

from eval.baselines import all_baselines
from eval.findings import findings
from eval.items import Item
from eval.slices import weak
from eval.suite import MODEL, evaluate
from isnad import LABELS

OWN = "articles of our own"


def score(models, parts, baselines=(), **more):
    models = models if isinstance(models, dict) else {MODEL: models}
    return evaluate(models, *parts, baselines=baselines, resamples=100, seed=1, **more)


def faults(results, topic):
    return [f.text for f in findings(results | {"notes": []}) if f.topic == topic and f.fault]


def test_a_perfect_model_has_no_fault(parts, fakes):
    results = score(fakes["knowing"](parts[1], probability=0.999), parts, labelled_twice=parts[1]).results
    model = results["groups"][OWN]["systems"][MODEL]
    assert model["macro_f1"] == model["kappa"] == model["mcc"] == model["average_precision"] == 1
    assert model["interval"] == (1, 1)
    assert results["errors"] == []
    assert results["groups"][OWN]["ceiling"]["sentences"] == len(parts[1])
    assert [f for f in findings(results) if f.fault] == []


def test_permuted_labels_are_told(parts, fakes):
    results = score(fakes["knowing"](parts[1], shift=1), parts, ["majority"]).results
    assert results["groups"][OWN]["systems"][MODEL]["macro_f1"] == 0
    assert results["groups"][OWN]["systems"][MODEL]["intervals"]["kappa"][1] < 0
    assert len(faults(results, "label")) == 4
    assert f"Most of denial is taken for {LABELS[3]}" in " ".join(faults(results, "label"))
    assert "Worse than majority" in faults(results, "comparison")[0]
    assert len(results["errors"]) == 200


def test_deleted_quotation_marks_are_told(parts, fakes):
    whole = score(fakes["by_rules"](), parts).results
    results = score({MODEL: fakes["by_rules"](marks=False), "whole": fakes["by_rules"]()}, parts).results
    traits = {("quotation marks", "« »"), ("quotation open from before", "yes"), ("mixed quotation", "yes")}
    assert not traits & {(s["dimension"], s["value"]) for s in weak(whole["slices"])}
    assert traits <= {(s["dimension"], s["value"]) for s in weak(results["slices"])}
    assert any("quotation marks is “« »”" in fault for fault in faults(results, "slice"))
    assert "Worse than whole" in faults(results, "comparison")[0]
    by_place = {str(i.identity): i for i in parts[1]}
    differ = [by_place[str({k: d[k] for k in ("article", "start", "end")})] for d in results["differ"]["whole"]]
    assert len(differ) == sum(
        results["comparisons"]["whole"][k] for k in ("only_first_right", "only_second_right", "both_wrong_differently")
    )
    marked = [i for i in differ if set('«»“”"') & set(i.text) or set('«»“”"') & set(i.context)]
    assert len(marked) == len(differ)


def test_over_confidence_is_told(parts, fakes):
    fair = score(fakes["uncertain"](parts[1]), parts).results
    sharp = score(fakes["uncertain"](parts[1], sharpness=4), parts).results
    assert faults(fair, "calibration") == []
    assert faults(sharp, "calibration")[0].startswith("Over-confident")
    assert sharp["calibration"]["temperature"] == pytest.approx(4 * fair["calibration"]["temperature"], rel=0.05)
    assert sharp["groups"][OWN]["systems"][MODEL]["macro_f1"] == fair["groups"][OWN]["systems"][MODEL]["macro_f1"]


def test_confidence_that_tells_nothing_is_told(parts, fakes):
    by_rules, sure_of = fakes["by_rules"](), fakes["sure_of"]
    flat = fakes["any"](lambda s, c: sure_of(by_rules.classify([s], [c])[0].label, 0.8))
    results = score(flat, parts).results
    assert "confidence does not tell errors" in faults(results, "abstention")[0]


def test_no_text_is_stored(parts, fakes):
    results = score({MODEL: fakes["by_rules"](), "other": fakes["uncertain"](parts[1])}, parts, ["rules"]).results
    stored = json.dumps(results, ensure_ascii=False)
    assert results["errors"]
    assert results["differ"]["other"]
    assert not any("ء" <= character <= "ي" for character in stored)


def test_baselines_learn_what_they_can(parts, fakes):
    systems = score(fakes["knowing"](parts[1]), parts, list(all_baselines())).results["groups"][OWN]["systems"]
    assert systems["majority"]["macro_f1"] < 0.2
    assert systems["n-grams"]["macro_f1"] > systems["majority"]["macro_f1"] + 0.2
    assert systems["rules"]["macro_f1"] > 0.6


def test_baselines_are_those_asked_for(parts, fakes):
    systems = score(fakes["knowing"](parts[1]), parts, ["rules"]).results["groups"][OWN]["systems"]
    assert set(systems) == {"model", "rules"}
    with pytest.raises(ValueError, match="baselines: guess: choose from majority, n-grams, rules"):
        score(fakes["knowing"](parts[1]), parts, ["guess"])


def test_groups_are_by_sampling_and_the_first_is_the_headline(parts, fakes):
    train, own = parts
    news = [Item(**(vars(i) | {"sampling": ["natural", "active"][n % 2]})) for n, i in enumerate(own[:80])]
    found = score(fakes["knowing"](own), (train, [*news, *own[80:]]))
    sizes = {name: content["sentences"] for name, content in found.results["groups"].items()}
    assert sizes == {
        "real news": 40,
        "real news, natural rate of the labels": 40,
        "real news on which models and rules disagreed": 40,
        OWN: len(own) - 80,
    }
    assert list(found.headline) == list(range(0, 80, 2))
