import numpy as np
import pytest
from scipy.special import softmax

from eval.bootstrap import Resamples
from eval.calibration import (
    calibration,
    calibration_error,
    fit_temperature,
    log_loss,
    reliability,
    rescale,
    risk_coverage,
    scaled_out_of_sample,
)


def calibrated(sentences=3000, seed=0):
    """Probabilities that are true: the label is drawn from them."""
    rng = np.random.default_rng(seed)
    p = softmax(rng.normal(0, 2, (sentences, 4)), axis=1)
    gold = (p.cumsum(axis=1) < rng.random((sentences, 1))).sum(axis=1)
    return p, gold, [str(n // 5) for n in range(sentences)]


def test_expected_calibration_error_by_hand():
    confidence, right = np.array([0.61, 0.65, 0.95, 1.0]), np.array([True, False, True, True])
    bins = reliability(confidence, right)
    assert [b["sentences"] for b in bins] == [2, 2]
    assert bins[0] == pytest.approx({"sentences": 2, "confidence": 0.63, "accuracy": 0.5})
    assert calibration_error(bins) == pytest.approx(0.5 * 0.13 + 0.5 * 0.025)


def test_a_bin_holds_its_upper_bound():
    bins = reliability(np.array([10 / 15, 10 / 15 + 1e-9]), np.array([True, True]))
    assert [b["sentences"] for b in bins] == [1, 1]


def test_log_loss_by_hand():
    p = np.array([[0.5, 0.5, 0, 0], [0.25, 0.25, 0.25, 0.25]])
    assert log_loss(p, np.array([0, 3])) == pytest.approx((np.log(2) + np.log(4)) / 2)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_temperature_that_was_put_in_is_found(temperature):
    p, gold, _ = calibrated()
    assert fit_temperature(rescale(p, 1 / temperature), gold) == pytest.approx(temperature, rel=0.1)


def test_rescaling_divides_the_logits():
    logits = np.random.default_rng(0).normal(size=(5, 4))
    assert rescale(softmax(logits, axis=1), 2.0) == pytest.approx(softmax(logits / 2, axis=1))


def test_over_confidence_is_seen_and_mended_on_other_articles():
    p, gold, articles = calibrated()
    resamples = Resamples(articles, 200, 1)
    fair = calibration(p, gold, articles, resamples, 1)
    assert fair["before"]["interval"][0] < 0 < fair["before"]["interval"][1]
    assert fair["temperature"] == pytest.approx(1, abs=0.1)
    sharp = calibration(rescale(p, 0.3), gold, articles, resamples, 1)
    assert sharp["before"]["interval"][0] > 0.1
    assert sharp["after"]["ece"] < 0.3 * sharp["before"]["ece"]
    assert sharp["after"]["log_loss"] < sharp["before"]["log_loss"]
    assert sharp["risk_coverage"]["none"] == pytest.approx(1 - (p.argmax(1) == gold).mean())
    assert sharp["risk_coverage"]["best"] < sharp["risk_coverage"]["area"] < sharp["risk_coverage"]["none"]


def test_no_sentence_is_scaled_by_what_was_fitted_on_its_article():
    """Two kinds of articles: were a half its own judge, it would get the temperature that suits it."""
    p, gold, _ = calibrated(400)
    articles = ["one"] * 200 + ["two"] * 200
    p[:200] = rescale(p[:200], 0.2)
    scaled = scaled_out_of_sample(p, gold, articles, 1)
    flatter = rescale(p[:200], fit_temperature(p[200:], gold[200:]))
    assert scaled[:200] == pytest.approx(flatter)


def test_too_few_sentences_give_no_temperature():
    p, gold, articles = calibrated(30)
    found = calibration(p, gold, articles, Resamples(articles, 20, 1), 1)
    assert found["after"] is None
    assert found["temperature"] is None


def test_risk_and_coverage_by_hand():
    coverage, risk = risk_coverage(np.array([0.6, 0.9, 0.8, 0.7]), np.array([False, True, True, True]))
    assert list(coverage) == [0.25, 0.5, 0.75, 1]
    assert list(risk) == [0, 0, 0, 0.25]
    _, tied = risk_coverage(np.full(4, 0.5), np.array([False, True, True, True]))
    assert list(tied) == [0.25] * 4  # no order among equals
