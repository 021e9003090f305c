import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as reference

from eval.bootstrap import Resamples
from eval.paired import clustered_mcnemar, compare, mcnemar


@pytest.mark.parametrize(("first", "second"), [(3, 11), (0, 4), (25, 25), (40, 22)])
def test_mcnemar_is_that_of_statsmodels(first, second):
    table = [[50, first], [second, 9]]
    assert mcnemar(first, second) == pytest.approx(reference(table, exact=True).pvalue)
    only = np.repeat([True, False, True, False], [first, second, 50, 9])
    other = np.repeat([False, True, True, False], [first, second, 50, 9])
    alone = [str(n) for n in range(len(only))]
    expected = reference(table, exact=False, correction=False).pvalue
    assert clustered_mcnemar(only, other, alone) == pytest.approx(expected)


def test_no_difference_is_no_evidence():
    right = np.array([True, False, True])
    assert mcnemar(0, 0) == 1
    assert clustered_mcnemar(right, right, ["a", "b", "b"]) == 1


def test_by_article_the_test_errs_as_often_as_it_says():
    """Two equal systems that win or lose whole articles: sentence by sentence they differ far too often."""
    naive = clustered = 0
    for trial in range(400):
        rng = np.random.default_rng([5, trial])
        first = np.repeat(rng.random(60) < 0.5, 6)
        second = np.where(np.repeat(rng.random(60) < 0.5, 6), first, ~first)
        articles = [str(n // 6) for n in range(360)]
        naive += mcnemar(int((first & ~second).sum()), int((second & ~first).sum())) < 0.05
        clustered += clustered_mcnemar(first, second, articles) < 0.05
    assert naive / 400 > 0.2
    assert 0.02 <= clustered / 400 <= 0.085


def test_compare_by_hand():
    gold = np.array([0, 0, 1, 1, 2, 3])
    first, second = np.array([0, 0, 1, 0, 2, 3]), np.array([0, 1, 1, 3, 2, 2])
    articles = list("aabbcc")
    found = compare(gold, first, second, articles, Resamples(articles, 100, 1))
    assert found["effect"]["accuracy"]["value"] == pytest.approx(5 / 6 - 3 / 6)
    assert found["effect"]["direct_quote"]["value"] == pytest.approx(4 / 5 - 2 / 3)
    assert (found["only_first_right"], found["only_second_right"], found["both_wrong_differently"]) == (2, 0, 1)
    assert found["mcnemar"] == 0.5


def test_the_draws_are_paired():
    """Two systems that err together: their difference is known far better than either."""
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 4, 600)
    first = np.where(rng.random(600) < 0.7, gold, (gold + 1) % 4)
    second = first.copy()
    second[:6] = (gold[:6] + 1) % 4
    articles = [str(n) for n in range(600)]
    low, high = compare(gold, first, second, articles, Resamples(articles, 300, 1))["effect"]["accuracy"]["interval"]
    assert high - low < 0.02
