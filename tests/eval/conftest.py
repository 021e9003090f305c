"""Models whose answers are known, each good or broken in one way."""

import numpy as np
import pytest

from eval.items import read_articles
from isnad import LABELS, Classifier, Prediction
from isnad.rules import label_by_rules


class Fake(Classifier):
    """Gives each sentence the probabilities that `answer(sentence, context)` says."""

    def __init__(self, answer):
        self.answer = answer

    def load(self):
        return None

    def classify(self, sentences, context=None):
        rows = [self.answer(s, c or "") for s, c in zip(sentences, context or [""] * len(sentences), strict=True)]
        return [
            Prediction(
                label=LABELS[int(np.argmax(p))], score=float(max(p)), probabilities=dict(zip(LABELS, p, strict=True))
            )
            for p in rows
        ]


def sure_of(label, probability=0.94):
    return [probability if other is label else (1 - probability) / 3 for other in LABELS]


@pytest.fixture(scope="session")
def fakes():
    """By name, functions that make a model; those that know the answers take the items."""

    def knowing(items, shift=0, probability=0.94):
        answers = {i.text: LABELS[(LABELS.index(i.label) + shift) % 4] for i in items}
        return Fake(lambda s, _: sure_of(answers[s], probability))

    def by_rules(marks=True):
        def answer(sentence, context):
            bare = str.maketrans("", "", "«»“”„\"'‘’")
            pair = (sentence, context) if marks else (sentence.translate(bare), context.translate(bare))
            return sure_of(label_by_rules(*pair))

        return Fake(answer)

    def uncertain(items, sharpness=1.0):
        """Right as often as it says, at sharpness 1."""
        answers = {}
        for n, item in enumerate(items):
            rng = np.random.default_rng([7, n])
            confidence = rng.uniform(0.4, 1)
            gold = LABELS.index(item.label)
            said = gold if rng.random() < confidence else (gold + int(rng.integers(1, 4))) % 4
            p = np.array(sure_of(LABELS[said], confidence)) ** sharpness
            answers[item.text] = list(p / p.sum())
        return Fake(lambda s, _: answers[s])

    return {"knowing": knowing, "by_rules": by_rules, "uncertain": uncertain, "any": Fake, "sure_of": sure_of}


@pytest.fixture(scope="session")
def parts(own_articles):
    """Sentences to learn from, and sentences to measure."""
    return read_articles(own_articles[:60]), read_articles(own_articles[100:160])
