import numpy as np
import pytest

from eval.bootstrap import Resamples
from eval.items import Item
from eval.slices import FEWEST, cue_word, slices, traits, weak
from isnad import Label


def item(text, label=Label.BACKGROUND, *, context="", cue=None, article="a", sampling="natural", hard=False):
    place = None if cue is None else (text.index(cue), text.index(cue) + len(cue))
    return Item(article, {"start": 0, "end": len(text)}, text, context, label, "paper", hard, place, sampling)


@pytest.mark.parametrize(
    ("dimension", "value", "text", "context"),
    [
        ("quotation marks", "none", "وصل الوفد إلى المدينة.", ""),
        ("quotation marks", "« »", "قال: «سنفتح المعبر».", ""),
        ("quotation marks", '" "', 'قال: "سنفتح المعبر".', ""),
        ("quotation marks", "“ ”", "قال: “سنفتح المعبر”.", ""),
        ("quotation marks", "several kinds", 'قال: «سنفتح "المعبر" غدًا».', ""),
        ("mixed quotation", "yes", "وقال إن الحكومة «لن تتراجع عن قرارها».", ""),
        ("mixed quotation", "no", "وقال: «إن الحكومة لن تتراجع».", ""),
        ("mixed quotation", "no", "وأكد أن الأمر انتهى، وقال: «لن نتراجع».", ""),
        ("nested quotation", "yes", "قال: «قرأت في صحيفة “الغد” أن المعبر سيفتح».", ""),
        ("nested quotation", "no", "قرأ في «الغد» وفي «اليوم».", ""),
        ("quotation open from before", "yes", "ولن نتراجع عنه».", "قال الوزير: «هذا قرارنا."),
        ("quotation open from before", "no", "وغادر الوزير.", "قال الوزير: «هذا قرارنا»."),
        ("quotation left open", "yes", "قال الوزير: «هذا قرارنا.", ""),
        ("quotation left open", "no", "قال الوزير: «هذا قرارنا».", ""),
        ("first person", "yes", "نحن نعمل على ذلك.", ""),
        ("first person", "no", "يعمل الوزير على ذلك.", ""),
        ("Latin words inside", "yes", "أعلنت شركة Acme عن هاتف.", ""),
        ("Latin words inside", "no", "أعلنت شركة عن هاتف.", ""),
        ("length", "1 to 10 words", "ذهب " * 10, ""),
        ("length", "11 to 20 words", "ذهب " * 11, ""),
        ("length", "over 50 words", "ذهب " * 51, ""),
    ],
)
def test_traits(dimension, value, text, context):
    assert traits(item(text, context=context), None)[dimension] == value


def test_a_denial_is_placed_by_its_cue():
    quoted = item("وقال: «هذه الأنباء لا صحة لها».", Label.DENIAL, cue="لا صحة")
    tail = item(
        "اتهمت اللجنة الشركة بإخفاء تقارير السلامة عن المفتشين، وهو ما تنفيه الشركة.", Label.DENIAL, cue="تنفيه"
    )
    plain = item("ونفت الشركة علمها بالخلل.", Label.DENIAL, cue="ونفت")
    found = [traits(i, None) for i in (quoted, tail, plain)]
    assert [t["denial in a quotation"] for t in found] == ["yes", "no", "no"]
    assert [t["denial as a tail"] for t in found] == ["no", "yes", "no"]
    assert "denial as a tail" not in traits(item("ونفت.", Label.DENIAL), None)  # no cue, no place


def test_a_cue_is_known_without_its_conjunction():
    assert cue_word(item("وأكَّد الوزير ذلك.", cue="وأكَّد")) == cue_word(item("أكد الوزير ذلك.", cue="أكد")) == "أكد"
    assert cue_word(item("وفق البيانات.", cue="وفق")) == "وفق"
    known = frozenset({"أكد"})
    assert traits(item("وأكد ذلك.", Label.REPORTED_CLAIM, cue="وأكد"), known)["cue word"] == "seen in training"
    assert traits(item("وجزم بذلك.", Label.REPORTED_CLAIM, cue="وجزم"), known)["cue word"] == "never seen in training"
    assert "cue word" not in traits(item("وأكد ذلك.", Label.REPORTED_CLAIM, cue="وأكد"), None)


def test_translated_texts_are_known_by_their_source():
    assert traits(item("نص.", article="ntrex:3"), None)["translated"] == "yes"
    assert traits(item("نص.", article="padt:3"), None)["translated"] == "no"
    assert "translated" not in traits(item("نص.", article="ntrex:3", sampling="file"), None)


def test_a_topic_is_known_where_somebody_has_given_it(monkeypatch):
    monkeypatch.setattr("eval.slices.topics", lambda: {"a": "sport"})
    assert traits(item("نص.", article="a"), None)["topic"] == "sport"
    assert "topic" not in traits(item("نص.", article="b"), None)


@pytest.fixture
def measured():
    """300 sentences, a tenth of them hard; the model fails on two of three of these, on one of ten of the others."""
    items = [item("نص.", article=str(n // 2), hard=n % 10 == 0) for n in range(300)]
    gold = np.full(300, 3)
    wrong = [(n // 10) % 3 > 0 if n % 10 == 0 else n % 10 == 5 and n % 20 == 5 for n in range(300)]
    return items, gold, np.where(wrong, 1, 3)


def test_a_slice_says_how_much_worse_and_how_sure_that_is(measured):
    items, gold, predicted = measured
    found = slices(items, gold, predicted, Resamples([i.article for i in items], 200, 1), None)
    hard = next(s for s in found if s["dimension"] == "hard for the annotator" and s["value"] == "yes")
    assert hard["sentences"] == hard["articles"] == 30
    assert hard["accuracy"] == pytest.approx(10 / 30)
    assert hard["difference"] == pytest.approx(10 / 30 - 255 / 270)
    assert hard["interval"][0] < 10 / 30 < hard["interval"][1]
    assert hard["confused"] == {"gold": "background", "predicted": "reported_claim", "sentences": 20}
    assert [(s["dimension"], s["value"]) for s in weak(found)] == [("hard for the annotator", "yes")]


def test_chance_makes_no_slice_weak():
    rng = np.random.default_rng(6)
    items = [item("نص.", article=str(n // 2), hard=rng.random() < 0.2) for n in range(600)]
    items = [Item(**(vars(i) | {"outlet": f"paper {rng.integers(12)}"})) for i in items]
    gold = np.full(600, 3)
    found = slices(
        items, gold, np.where(rng.random(600) < 0.2, 1, 3), Resamples([i.article for i in items], 200, 1), None
    )
    assert len([s for s in found if "p" in s]) > 12
    assert weak(found) == []


def test_a_small_slice_has_no_figure(measured):
    items, gold, predicted = (part[: 10 * FEWEST - 10] for part in measured)
    items = [Item(**(vars(i) | {"outlet": "other" if i.hard else "paper"})) for i in items]
    found = slices(items, gold, predicted, Resamples([i.article for i in items], 20, 1), None)
    assert {"dimension": "hard for the annotator", "value": "yes", "sentences": FEWEST - 1} in found
    paper = next(s for s in found if s["value"] == "paper")
    assert "accuracy" in paper
    assert "difference" not in paper  # from what is too few to know
