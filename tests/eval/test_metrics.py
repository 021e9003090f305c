import numpy as np
import pytest
from sklearn.metrics import average_precision_score, cohen_kappa_score, matthews_corrcoef

from eval.metrics import average_precision, classification_metrics, confusion_metrics, over_seeds
from isnad import LABELS

Q, R, D, B = "direct_quote", "reported_claim", "denial", "background"
NAMES = [label.value for label in LABELS]


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
    # Both sides have 3, 2, 1 and 4 sentences of the labels: by chance 9 + 4 + 1 + 16 = 30 of 100 agree.
    assert m["kappa"] == pytest.approx((0.7 - 0.3) / (1 - 0.3))
    assert m["mcc"] == pytest.approx((7 * 10 - 30) / (100 - 30))


@pytest.mark.filterwarnings("error")
def test_a_class_that_is_not_there_counts_nothing():
    m = classification_metrics([B, B], [B, B])
    assert m["macro_f1"] == 0.25
    assert m["kappa"] == m["mcc"] == 0  # agreement beyond chance cannot be seen


@pytest.mark.parametrize(("gold", "predicted"), [([], []), ([B], [])])
def test_unequal_or_empty_lists_are_refused(gold, predicted):
    with pytest.raises(ValueError, match="need as many"):
        classification_metrics(gold, predicted)


def test_figures_of_many_matrices_are_those_of_each():
    rng = np.random.default_rng(0)
    matrices = rng.integers(0, 30, (6, 4, 4)) * (rng.random((6, 4, 4)) < 0.8)
    matrices[0] = 0
    matrices[0, 3, 3] = 5  # one label on both sides
    many = confusion_metrics(matrices.astype(float))
    for n, matrix in enumerate(matrices):
        pairs = [(g, p) for g in range(4) for p in range(4) for _ in range(matrix[g, p])]
        gold, predicted = ([NAMES[pair[side]] for pair in pairs] for side in (0, 1))
        one = classification_metrics(gold, predicted)
        for name in ("macro_f1", "accuracy", "mcc", "kappa"):
            assert many[name][n] == pytest.approx(one[name]), name
        for name in ("precision", "recall", "f1"):
            assert list(many[name][n]) == pytest.approx([one["per_class"][label][name] for label in NAMES])
        if n:  # scikit-learn has no answer for the first
            assert one["mcc"] == pytest.approx(matthews_corrcoef(gold, predicted))
            assert one["kappa"] == pytest.approx(cohen_kappa_score(gold, predicted))


def test_average_precision_by_hand():
    """Of denial, ranked: right, wrong, right: (1 + 2/3) / 2."""
    p = np.array([[0.1, 0, 0.9, 0], [0.2, 0, 0.8, 0], [0.3, 0, 0.7, 0], [1, 0, 0, 0]])
    figures = average_precision(np.array([2, 0, 2, 0]), p)
    assert figures[2] == pytest.approx(5 / 6)
    assert np.isnan(figures[1])  # nothing to find


def test_average_precision_is_scikit_learn_s_for_every_weighting():
    rng = np.random.default_rng(3)
    gold, p = rng.integers(0, 4, 80), rng.dirichlet(np.ones(4), 80).round(1)  # many ties
    weights = rng.multinomial(80, np.full(80, 1 / 80), size=5)
    figures = average_precision(gold, p, weights)
    for draw in range(5):
        for label in range(4):
            expected = average_precision_score(gold == label, p[:, label], sample_weight=weights[draw])
            assert figures[draw, label] == pytest.approx(expected)
    assert average_precision(gold, p) == pytest.approx(average_precision(gold, p, np.ones((1, 80), int))[0])


def test_the_spread_over_seeds_is_that_counted_by_hand():
    systems = [
        {"macro_f1": m, "per_class": {label.value: {"f1": m - 0.1} for label in LABELS}} for m in (0.8, 0.9, 0.7)
    ]
    found = over_seeds(systems)
    assert found["runs"] == 3
    assert found["macro_f1"] == pytest.approx({"mean": 0.8, "deviation": 0.1})
    assert found["f1"]["denial"] == pytest.approx({"mean": 0.7, "deviation": 0.1})
