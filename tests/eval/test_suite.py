import json

import pytest

from eval.__main__ import select
from eval.baselines import all_baselines
from eval.suite import evaluate
from isnad import LABELS, Classifier, Prediction


class Oracle(Classifier):
    """Knows the answers, or gets each of them wrong."""

    def __init__(self, articles, shift=0):
        moved = {label: LABELS[(i + shift) % 4] for i, label in enumerate(LABELS)}
        self.answers = {a.sentence_text(s): moved[s.label] for a in articles for s in a.sentences}

    def load(self):
        return None

    def classify(self, sentences, context=None):
        rest = 0.02
        return [
            Prediction(
                label=self.answers[s],
                score=0.94,
                probabilities={k: 0.94 if k is self.answers[s] else rest for k in LABELS},
            )
            for s in sentences
        ]


def score(model, parts, baselines=()):
    return evaluate(model, *parts, baselines=baselines, resamples=20, seed=1)


@pytest.fixture(scope="module")
def parts(own_articles):
    return own_articles[:60], own_articles[100:130]


def test_a_perfect_model_scores_one_and_a_permuted_one_nothing(parts):
    _, held_out = parts
    right = score(Oracle(held_out), parts)
    wrong = score(Oracle(held_out, shift=1), parts)
    group = "articles of our own"
    assert right["groups"][group]["systems"]["model"]["macro_f1"] == 1.0
    assert right["errors"] == []
    assert wrong["groups"][group]["systems"]["model"]["macro_f1"] < 0.1
    assert len(wrong["errors"]) == 200
    assert "text" not in wrong["errors"][0]  # the texts of others stay out of the figures
    json.dumps(wrong)


def test_baselines_learn_what_they_can(parts):
    results = score(Oracle(parts[1]), parts, list(all_baselines()))
    systems = results["groups"]["articles of our own"]["systems"]
    assert systems["majority"]["macro_f1"] < 0.2
    assert systems["n-grams"]["macro_f1"] > systems["majority"]["macro_f1"] + 0.2
    assert systems["rules"]["macro_f1"] > 0.6


def test_a_baseline_answers_every_sentence(parts):
    train, held_out = parts
    texts = [a.sentence_text(s) for a in held_out for s in a.sentences]
    for baseline in all_baselines().values():
        baseline.fit(
            [a.sentence_text(s) for a in train for s in a.sentences],
            [s.label.value for a in train for s in a.sentences],
        )
        answers = baseline.predict(texts, [""] * len(texts))
        assert len(answers) == len(texts)
        assert set(answers) <= set(LABELS)


def test_select_takes_the_run_s_own_parts(tmp_path, own_articles):
    split = tmp_path / "split.json"
    split.write_text(json.dumps({"train": [own_articles[0].id], "dev": [own_articles[1].id, own_articles[2].id]}))
    train, held_out = select(own_articles, split, "dev")
    assert [a.id for a in train] == [own_articles[0].id]
    assert [a.id for a in held_out] == [own_articles[1].id, own_articles[2].id]
    with pytest.raises(ValueError, match="choose dev or test"):
        select(own_articles, split, "all")
    with pytest.raises(ValueError, match="none of its articles is there"):
        select(own_articles, split, "test")  # its articles are real ones
    with pytest.raises(FileNotFoundError, match="give split="):
        select(own_articles, tmp_path / "none.json", "dev")


def test_baselines_are_those_asked_for(parts):
    systems = score(Oracle(parts[1]), parts, ["rules"])["groups"]["articles of our own"]["systems"]
    assert set(systems) == {"model", "rules"}
    with pytest.raises(ValueError, match="baselines: guess: choose from majority, n-grams, rules"):
        score(Oracle(parts[1]), parts, ["guess"])
