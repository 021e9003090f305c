import dataclasses
import pickle
import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import isnad
from isnad import LABELS, Classifier, Label, Prediction, Sentence, Span
from isnad.classifier import DEFAULT_MODEL

ARTICLE = """عنوان الخبر
عقد المجلس جلسته أمس.وقال رئيسه: «لن نتراجع. سنمضي».
ونفت الوزارة علمها بالأمر، وقال BBC إن 3.5 في المئة وافقوا."""


@pytest.fixture(scope="module")
def classifier(tiny_artifact):
    return Classifier(tiny_artifact)


class Always:
    """A session that is sure of one label."""

    def __init__(self, session, column):
        self.session, self.column = session, column

    def run(self, names, feed):
        logits, spans = self.session.run(names, feed)
        logits[:] = 0
        logits[:, self.column] = 20
        return logits, spans


def test_a_prediction_is_whole(classifier):
    (p,) = classifier.classify(["ونفت الشركة أن تكون قد علمت بالخلل."])
    assert set(p.probabilities) == set(LABELS)
    assert sum(p.probabilities.values()) == pytest.approx(1)
    assert p.score == p.probabilities[p.label] == max(p.probabilities.values())


def test_background_has_no_spans_and_the_others_have_their_quotes(classifier, monkeypatch):
    sentence = "قال الوزير: «سنفتح المعبر غدًا»."
    for column, label in enumerate(LABELS):
        model = classifier._model()
        monkeypatch.setattr(classifier, "_loaded", model._replace(session=Always(model.session, column)))
        (p,) = classifier.classify([sentence])
        assert p.label is label
        if label is Label.BACKGROUND:
            assert (p.cue, p.source, p.quotes) == (None, None, ())
            continue
        assert [q.text for q in p.quotes] == ["سنفتح المعبر غدًا"]
        for span in (p.cue, p.source):
            assert span is None or sentence[span.start : span.end] == span.text
        monkeypatch.undo()


def test_annotate_gives_the_article_back(classifier):
    sentences = classifier.annotate(ARTICLE)
    assert [s.text for s in sentences] == [
        "عنوان الخبر",
        "عقد المجلس جلسته أمس.",
        "وقال رئيسه: «لن نتراجع.",
        "سنمضي».",
        "ونفت الوزارة علمها بالأمر، وقال BBC إن 3.5 في المئة وافقوا.",
    ]
    assert all(ARTICLE[s.start : s.end] == s.text for s in sentences)


def test_annotate_is_classify_with_the_text_before(classifier):
    sentences = classifier.annotate(ARTICLE)
    again = classifier.classify([s.text for s in sentences], [ARTICLE[: s.start] for s in sentences])
    assert [p.probabilities for p in again] == [s.probabilities for s in sentences]
    for s, p in zip(sentences, again, strict=True):
        assert (s.cue and s.cue.text) == (p.cue and p.cue.text)
        assert [q.text for q in s.quotes] == [q.text for q in p.quotes]
        for span in (s.cue, s.source, *s.quotes):
            assert span is None or ARTICLE[span.start : span.end] == span.text


def test_the_context_is_looked_at(classifier):
    alone, after = classifier.classify(["وأضاف أنه باق."] * 2, [None, "قال الوزير: «نعم»."])
    assert alone.probabilities != after.probabilities


def test_results_are_frozen_picklable_and_plain(classifier):
    (sentence, *_) = classifier.annotate(ARTICLE)
    with pytest.raises(dataclasses.FrozenInstanceError):
        sentence.label = Label.DENIAL
    assert pickle.loads(pickle.dumps(sentence)) == sentence
    assert isinstance(sentence, Sentence)
    assert isinstance(sentence, Prediction)
    record = sentence.to_dict()
    assert list(record) == ["text", "start", "end", "label", "score", "probabilities", "cue", "source", "quotes"]
    assert list(record["probabilities"]) == [str(label) for label in LABELS]
    full = dataclasses.replace(sentence, cue=Span("قال", 0, 3))
    assert full.to_dict()["cue"] == {"text": "قال", "start": 0, "end": 3}


def test_nothing_in_nothing_out(classifier):
    assert classifier.classify([]) == []
    assert classifier.classify([], []) == []
    assert classifier.annotate("") == []
    assert classifier.annotate(" \n\t") == []


@pytest.mark.parametrize("wordless", ["", "   ", "...", "«»", "\u200f", "🙂"])
def test_a_sentence_without_words_is_background(classifier, wordless):
    (p,) = classifier.classify([wordless])
    assert (p.label, p.score) == (Label.BACKGROUND, 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "ا" * 100_000,
        "كلمة " * 20_000,
        "قال \ud800 نعم",
        "Only Latin here.",
        "مزيج of لغتين",
        "\x00\x01",
        "قال\r\nنعم",
        "中文。",
    ],
    ids=["letters", "words", "surrogate", "latin", "mixed", "control", "crlf", "chinese"],
)
def test_odd_text_gets_an_answer(classifier, text):
    (p,) = classifier.classify([text], [text])
    assert p.label in LABELS
    for s in classifier.annotate(text):
        assert text[s.start : s.end] == s.text


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("قال نعم",), TypeError, r"sentences must be a list of strings, not str; wrap a single one: \[sentences\]"),
        ((b"x",), TypeError, "not bytes"),
        ((None,), TypeError, "not NoneType"),
        ((7,), TypeError, "not int"),
        ((["قال", None],), TypeError, r"sentences\[1\] must be .*not NoneType"),
        ((["قال"], "سياق"), TypeError, "context must be a list of strings or None, not str"),
        ((["قال"], [3]), TypeError, r"context\[0\] must be"),
        ((["قال"], []), ValueError, "context has 0 items for 1 sentences"),
    ],
)
def test_wrong_arguments_are_named(classifier, arguments, error, message):
    with pytest.raises(error, match=message):
        classifier.classify(*arguments)


@pytest.mark.parametrize("wrong", [None, 3, b"x", ["x"]])
def test_annotate_takes_one_string(classifier, wrong):
    with pytest.raises(TypeError, match="takes an article as one string"):
        classifier.annotate(wrong)


@pytest.mark.parametrize("wrong", [{"threads": 0}, {"batch_tokens": 0}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValueError, match="must be at least 1"):
        Classifier(**wrong)


@pytest.mark.parametrize("shipped", [False, True])
def test_a_score_does_not_depend_on_what_else_is_asked(shipped, tiny_artifact, own_articles):
    """Neither on the batch's size, nor on the order, nor on the threads."""
    model = DEFAULT_MODEL if shipped else tiny_artifact
    placed = [(a, s) for a in own_articles[::40] for s in a.sentences[:8]]
    sentences, contexts = [a.sentence_text(s) for a, s in placed], [a.text[: s.start] for a, s in placed]
    expected = Classifier(model).classify(sentences, contexts)
    mixed = random.Random(1).sample(range(len(placed)), len(placed))
    shuffled = Classifier(model, batch_tokens=300).classify([sentences[i] for i in mixed], [contexts[i] for i in mixed])
    back = dict(zip(mixed, shuffled, strict=True))
    for answers in (
        Classifier(model, batch_tokens=1).classify(sentences, contexts),
        Classifier(model, threads=2).classify(sentences, contexts),
        [back[i] for i in range(len(placed))],
    ):
        assert [p.label for p in answers] == [p.label for p in expected]
        assert [p.cue for p in answers] == [p.cue for p in expected]
        for answer, wanted in zip(answers, expected, strict=True):
            assert answer.probabilities == pytest.approx(wanted.probabilities, rel=0, abs=1e-5)


def test_threads_share_one_classifier(tiny_artifact):
    shared = Classifier(tiny_artifact)
    expected = Classifier(tiny_artifact).annotate(ARTICLE)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(shared.annotate(ARTICLE))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 8


@settings(max_examples=40, deadline=None)
@given(st.text(st.one_of(st.characters(), st.sampled_from('ابت «»"“”.؟\n')), max_size=200))
def test_any_string_is_annotated(classifier, text):
    for s in classifier.annotate(text):
        assert text[s.start : s.end] == s.text


def test_the_package_carries_a_model_that_knows_its_trade():
    """Plain cases that any released model must get right; figures are in eval/RESULTS.md."""
    answers = isnad.classify(
        [
            "وقال الوزير: «سنفتح المعبر صباح الغد».",
            "وأكدت الوزارة أن المعبر سيفتح غدًا.",
            "ونفت الشركة أن تكون قد علمت بالخلل.",
            "تراجعت الصادرات بنسبة 4 في المائة هذا العام.",
        ]
    )
    assert [a.label for a in answers] == list(LABELS)
    assert isnad.annotate("ونفت الوزارة ذلك.")[0].label is Label.DENIAL
