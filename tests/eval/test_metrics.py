import numpy as np
import pytest

from eval.metrics import classification_metrics, macro_f1_interval

Q, R, D, B = "direct_quote", "reported_claim", "denial", "background"


def test_against_values_computed_by_hand():
    gold = [Q, Q, Q, R, R, D, B, B, B, B]
    predicted = [Q, Q, R, R, B, D, B, B, B, Q]
    m = classification_metrics(gold, predicted)
    assert m["per_class"][Q] == pytest.approx({"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "support": 3})
    assert m["per_class"][R] == pytest.approx({"precision": 1 / 2, "recall": 1 / 2, "f1": 1 / 2, "support": 2})
    assert m["per_class"][D]["f1"] == 1
    assert m["per_class"][B]["f1"] == pytest.approx(3 / 4)
    assert m["macro_f1"] == pytest.approx((2 / 3 + 1 / 2 + 1 + 3 / 4) / 4)
    assert m["accuracy"] == 0.7
    assert m["confusion"] == [[2, 1, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0], [1, 0, 0, 3]]


def test_a_class_that_is_not_there_counts_nothing():
    assert classification_metrics([B, B], [B, B])["macro_f1"] == 0.25


@pytest.mark.parametrize(("gold", "predicted"), [([], []), ([B], [])])
def test_unequal_or_empty_lists_are_refused(gold, predicted):
    with pytest.raises(ValueError, match="need as many"):
        classification_metrics(gold, predicted)


def test_the_interval_is_around_the_figure_and_repeats():
    rng = np.random.default_rng(0)
    gold = list(rng.choice([Q, R, D, B], 400))
    predicted = [g if rng.random() < 0.8 else B for g in gold]
    articles = [str(i // 8) for i in range(400)]
    low, high = macro_f1_interval(gold, predicted, articles, resamples=500, seed=1)
    assert low < classification_metrics(gold, predicted)["macro_f1"] < high
    assert 0.02 < high - low < 0.2
    assert (low, high) == macro_f1_interval(gold, predicted, articles, resamples=500, seed=1)


def test_articles_are_drawn_whole():
    """Where all sentences of an article share their fate, the interval is as wide as few articles make it."""
    gold = [Q, R, D, B] * 50
    predicted = [g if i < 100 else B for i, g in enumerate(gold)]
    wide = macro_f1_interval(gold, predicted, [str(i // 20) for i in range(200)], resamples=500, seed=1)
    narrow = macro_f1_interval(gold, predicted, [str(i) for i in range(200)], resamples=500, seed=1)
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """Simulation with known truth: articles of correlated errors; 95 % intervals cover about 95 %."""
    names = np.array([Q, R, D, B])

    def draw(rng, count):
        gold = rng.integers(4, size=(count, 5))
        skill = rng.beta(8, 2, size=(count, 1))
        right = rng.random((count, 5)) < skill
        return gold, np.where(right, gold, rng.integers(4, size=(count, 5)))

    gold, predicted = draw(np.random.default_rng(1), 200_000)
    truth = classification_metrics(list(names[gold.ravel()]), list(names[predicted.ravel()]))["macro_f1"]
    covered = 0
    for trial in range(300):
        gold, predicted = draw(np.random.default_rng([2, trial]), 120)
        articles = [str(i // 5) for i in range(600)]
        low, high = macro_f1_interval(
            list(names[gold.ravel()]), list(names[predicted.ravel()]), articles, resamples=300, seed=trial
        )
        covered += low <= truth <= high
    assert 0.91 <= covered / 300 <= 0.985
