import numpy as np
import pytest

from eval.bootstrap import Resamples, interval, share_interval
from eval.metrics import average_precision, confusion_metrics
from eval.paired import compare


def draw(rng, articles, sentences=5):
    """Articles whose sentences share their fate: gold, and the answers of two models of which one is better."""
    gold = rng.integers(4, size=(articles, sentences))
    skill = rng.beta(8, 2, size=(articles, 1))

    def answer(skill):
        return np.where(rng.random(gold.shape) < skill, gold, rng.integers(4, size=gold.shape))

    return gold.ravel(), answer(skill).ravel(), answer(skill - 0.05).ravel()


def figures(gold, predicted):
    confusion = np.zeros((4, 4))
    np.add.at(confusion, (gold, predicted), 1)
    return {name: confusion_metrics(confusion)[name] for name in ("macro_f1", "mcc", "kappa")}


def coverage(trials, articles=120, draws=300):
    """How often the 95 % intervals hold the truth, and the interval of a difference holds it."""
    gold, better, worse = draw(np.random.default_rng(1), 100_000)
    truth, other = figures(gold, better), figures(gold, worse)
    held = dict.fromkeys([*truth, "difference"], 0)
    names = [str(n // 5) for n in range(articles * 5)]
    for trial in range(trials):
        gold, better, worse = draw(np.random.default_rng([2, trial]), articles)
        resamples = Resamples(names, draws, trial)
        found = confusion_metrics(resamples.confusions(gold, better))
        for name, value in truth.items():
            low, high = interval(found[name])
            held[name] += low <= value <= high
        low, high = compare(gold, better, worse, names, resamples)["effect"]["macro_f1"]["interval"]
        held["difference"] += low <= truth["macro_f1"] - other["macro_f1"] <= high
    return {name: count / trials for name, count in held.items()}


def test_the_intervals_cover_the_truth_as_often_as_they_say():
    """300 trials: a coverage of 95 % is seen as 91.5 to 98 % in all but 1 of 200."""
    for name, share in coverage(300).items():
        assert 0.915 <= share <= 0.98, (name, share)


def test_the_interval_of_a_share_covers_it_also_near_one():
    covered, trials = 0, 300
    for trial in range(trials):
        rng = np.random.default_rng([4, trial])
        right = rng.random(60) < np.repeat(rng.beta(28.5, 1.5, 20), 3)  # 95 % in the mean
        resamples = Resamples([str(n // 3) for n in range(60)], 200, trial)
        low, high = share_interval(int(right.sum()), 60, resamples.means(right))
        covered += low <= 0.95 <= high
    assert 0.92 <= covered / trials <= 0.995
    low, high = share_interval(20, 20, np.ones(100))
    assert 0.8 < low < 0.9  # twenty of twenty is not certainty
    assert high == pytest.approx(1)


def test_articles_are_drawn_whole():
    """Where all sentences of an article share their fate, the interval is as wide as few articles make it."""
    right = np.arange(200) < 100
    wide = interval(Resamples([str(i // 20) for i in range(200)], 500, 1).means(right))
    narrow = interval(Resamples([str(i) for i in range(200)], 500, 1).means(right))
    assert wide[1] - wide[0] > 3 * (narrow[1] - narrow[0])


def test_draws_are_sums_over_the_sentences_drawn():
    articles = ["b", "a", "b", "c"]
    resamples = Resamples(articles, 50, 7)
    weights = np.concatenate(list(resamples.sentence_weights()))
    assert weights.shape == (50, 4)
    assert (weights[:, 0] == weights[:, 2]).all()  # one article
    values = np.array([[1.0, 2], [3, 4], [5, 6], [7, 8]])
    assert resamples.totals(values) == pytest.approx(weights @ values)
    among = np.array([False, True, False, False])
    means = resamples.means(values[:, 0], among)
    assert (np.isnan(means) == (weights[:, 1] == 0)).all()
    assert set(means[~np.isnan(means)]) == {3.0}
    gold, predicted = np.array([0, 1, 2, 3]), np.array([0, 1, 3, 3])
    expected = np.zeros((50, 4, 4))
    for n, (g, p) in enumerate(zip(gold, predicted, strict=True)):
        expected[:, g, p] += weights[:, n]
    assert resamples.confusions(gold, predicted) == pytest.approx(expected)


def test_the_same_seed_gives_the_same_interval():
    def once(seed):
        return interval(Resamples([str(n) for n in range(50)], 100, seed).means(np.arange(50) % 3 == 0))

    assert once(1) == once(1) != once(2)


def test_weights_are_the_same_in_parts(monkeypatch):
    articles = [str(n // 2) for n in range(10)]
    whole = np.concatenate(list(Resamples(articles, 30, 1).sentence_weights()))
    monkeypatch.setattr("eval.bootstrap._AT_ONCE", 40)
    parts = list(Resamples(articles, 30, 1).sentence_weights())
    assert len(parts) == 8
    assert (np.concatenate(parts) == whole).all()


def test_a_figure_that_no_draw_has_has_no_interval():
    assert interval(np.full(5, np.nan)) is None
    gold, p = np.zeros(3, int), np.full((3, 4), 0.25)
    assert interval(average_precision(gold, p, np.ones((2, 3), int))[:, 1]) is None
