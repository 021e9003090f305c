import itertools
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import isnad
from isnad import Classifier
from isnad.streaming import POOL, pools

ARTICLES = ["عقد المجلس جلسته أمس. وقال رئيسه: «لن نتراجع».", "", "ونفت الوزارة علمها بالأمر.", " \n", "BBC 3.5."]


@pytest.fixture(scope="module")
def classifier(tiny_artifact):
    return Classifier(tiny_artifact)


@settings(max_examples=30)
@given(st.lists(st.one_of(st.just(""), st.integers(0, 90_000).map("x".__mul__)), max_size=30))
def test_pools_hold_every_article_once_in_order(texts):
    made = list(pools(texts))
    assert list(itertools.chain(*made)) == texts
    for pool in made:
        assert sum(map(len, pool[:-1])) < POOL  # full, and no more than one article over
    assert all(sum(max(len(t), 64) for t in pool) >= POOL for pool in made[:-1])


def test_a_stream_of_empty_articles_is_bounded():
    assert len(next(pools(itertools.repeat("")))) <= POOL


def test_gives_what_annotate_gives(classifier):
    answers = list(classifier.annotate_many(iter(ARTICLES)))
    assert len(answers) == len(ARTICLES)
    for text, sentences in zip(ARTICLES, answers, strict=True):
        alone = classifier.annotate(text)
        assert [(s.text, s.start, s.end) for s in sentences] == [(s.text, s.start, s.end) for s in alone]
        for s, a in zip(sentences, alone, strict=True):
            assert s.probabilities == pytest.approx(a.probabilities, rel=0, abs=1e-5)


def test_an_article_longer_than_a_pool_comes_back_whole(classifier, monkeypatch):
    monkeypatch.setattr("isnad.classifier._AT_ONCE", 7)
    text = "قال نعم. " * 25
    (sentences,) = classifier.annotate_many([text])
    assert [s.text for s in sentences] == ["قال نعم."] * 25
    assert [s.start for s in sentences] == list(range(0, 225, 9))


def test_an_endless_stream_is_taken_as_it_is_asked_for(classifier, monkeypatch):
    taken = []

    def endless():
        for number in itertools.count():
            taken.append(number)
            yield "قال. " * 20

    monkeypatch.setattr("isnad.streaming.POOL", 500)
    stream = classifier.annotate_many(endless())
    assert taken == []
    assert len(next(stream)) == 20
    upto = len(taken)
    assert upto == 5
    for _ in range(upto - 1):
        next(stream)
    assert len(taken) == upto


class Text(str):
    """An article that can be seen to live."""

    __slots__ = ("__weakref__",)


def test_articles_are_let_go_once_they_are_done(classifier, monkeypatch):
    monkeypatch.setattr("isnad.streaming.POOL", 640)
    alive = weakref.WeakSet()

    def stream():
        for number in range(60):
            text = Text(f"خبر رقم {number}.")
            alive.add(text)
            yield text
            del text

    most = max(len(alive) for _ in classifier.annotate_many(stream()))
    assert most <= 2 * 640 // 64


@pytest.mark.parametrize("wrong", ["مقال واحد", b"x", 3, None])
def test_a_stream_is_no_single_article(classifier, wrong):
    with pytest.raises(TypeError, match=f"an iterable of articles, not {type(wrong).__name__}"):
        classifier.annotate_many(wrong)


def test_what_is_no_string_is_named_after_the_articles_before_it(classifier):
    stream = classifier.annotate_many(["قال نعم.", "نفى.", None, "لا"])
    assert len(next(stream)) == 1
    assert len(next(stream)) == 1
    with pytest.raises(TypeError, match=r"texts\[2\] must be a string, not NoneType"):
        next(stream)


def test_the_packaged_model_streams():
    ((sentence,),) = isnad.annotate_many(["ونفت الشركة أن تكون قد علمت بالخلل."])
    assert sentence.label is isnad.Label.DENIAL
