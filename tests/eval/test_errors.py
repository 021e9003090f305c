import numpy as np
import pytest

from eval.errors import nearest, occlusion, worst
from eval.items import Item
from isnad import LABELS, Label


def item(text, label=Label.BACKGROUND, article="a"):
    return Item(article, {"line": 1}, text, "", label, "paper", False, None, "file")


def test_the_most_certain_errors_come_first():
    items = [item(f"نص {n}", article=str(n)) for n in range(4)]
    p = np.array([[0.6, 0.2, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7], [0.1, 0.8, 0, 0.1], [0, 0.5, 0.4, 0.1]])
    found = worst(items, np.full(4, 3), p, most=2)
    assert [n for n, _ in found] == [2, 0]
    assert found[0][1]["article"] == "2"
    assert found[0][1]["predicted"] == "reported_claim"
    assert found[0][1]["probabilities"]["reported_claim"] == 0.8


def test_the_word_that_decides_is_found(fakes):
    """The model answers denial for «نفت» alone; without the word it is undecided."""
    sure_of = fakes["sure_of"]
    model = fakes["any"](lambda s, _: sure_of(Label.DENIAL, 0.91) if "نفت" in s else [0.25] * 4)
    (parts,) = occlusion(model, [item("وقد نفت  الشركة ذلك")])
    assert [p.text for p in parts] == ["وقد", "نفت", "الشركة", "ذلك"]
    assert [p.push for p in parts] == pytest.approx([0, np.log(0.91 / 0.03), 0, 0])


def test_a_long_sentence_loses_several_words_at_once(fakes):
    calls = []

    def answer(sentence, _):
        calls.append(sentence)
        return fakes["sure_of"](LABELS[0])

    (parts,) = occlusion(fakes["any"](answer), [item("كلمة " * 100)])
    assert len(parts) == 34
    assert len(calls) == 35
    assert " ".join(p.text for p in parts) == ("كلمة " * 100).strip()


def test_the_nearest_sentences_are_those_that_share_words():
    train = [item("وصل الوفد إلى المدينة"), item("نفت الشركة علمها بالخلل"), item("ارتفعت الأسعار")]
    near, none = nearest(train, [item("ونفت الشركة الخلل"), item("xyz")])
    assert near[0].item is train[1]
    assert 0 < near[0].similarity < 1
    assert none == []
    assert nearest(train, [item("ارتفعت الأَسعار")])[0][0].similarity == pytest.approx(1)  # normalised alike
    assert nearest([], train) == [[], [], []]
