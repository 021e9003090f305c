from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isnad.labels import LABELS, Label
from isnad.quotes import quotations_of
from isnad.results import Span
from isnad.speech import quoted_words

DIRECT, CLAIM, DENIAL = Label.DIRECT_QUOTE, Label.REPORTED_CLAIM, Label.DENIAL


def span(sentence, words):
    start = sentence.index(words)
    return Span(words, start, start + len(words))


@pytest.mark.parametrize(
    ("label", "sentence", "quotes"),
    [
        (DIRECT, "وقال: «سنفتح المعبر غدًا».", ["سنفتح المعبر غدًا"]),
        (DIRECT, 'وقال "لن نتراجع" ثم "سنبقى هنا في بيوتنا".', ["لن نتراجع", "سنبقى هنا في بيوتنا"]),
        (DIRECT, "وقال: «هذا ما سماه “خطة العمل” اليوم».", ["هذا ما سماه “خطة العمل” اليوم"]),
        (DIRECT, "وقال: «هل نبقى هنا؟».", ["هل نبقى هنا؟"]),
        (DIRECT, "وقال لصحيفة «الزمن الجديد» إنه «لن يعود إلى الملاعب أبدا».", ["لن يعود إلى الملاعب أبدا"]),
        (CLAIM, "وقال بأنه «شريك موثوق» أمام صحيفة «الزمن الجديد».", ["شريك موثوق"]),
        (CLAIM, "وقالت منصة «الزمن الجديد» إن الموقع توقف.", []),
        (DENIAL, "وقال إن ما نشر «محض كذب» وإن الشركة قائمة.", ["محض كذب"]),
        (Label.BACKGROUND, "وقال: «سنفتح المعبر غدًا».", []),
    ],
)
def test_words_in_marks_that_are_speech(label, sentence, quotes):
    found = quoted_words(
        sentence, quotations_of(sentence, ""), label, span(sentence, "وقال") if "وقال " in sentence else None
    )
    assert [q.text for q in found] == quotes
    assert all(sentence[q.start : q.end] == q.text for q in found)


@pytest.mark.parametrize(
    ("sentence", "cue", "quote"),
    [
        ("وأضاف: لن نغلق الباب في وجه أحد.", "وأضاف", "لن نغلق الباب في وجه أحد"),
        ("وسأل: متى نعود إلى بيوتنا؟", "وسأل", "متى نعود إلى بيوتنا؟"),
        ("وقال: سنعمل ليلا ونهارا، مشيرا إلى أن الخطة جاهزة.", "وقال", "سنعمل ليلا ونهارا"),
        ("لا نملك جيشا من المفتشين، تقول المديرة.", "تقول", "لا نملك جيشا من المفتشين"),
        ("- نعم، كنت هناك.", None, "نعم، كنت هناك"),
        ("ونقل عنها قولها إنها باقية.", "ونقل", None),
    ],
)
def test_speech_without_marks(sentence, cue, quote):
    found = quoted_words(sentence, quotations_of(sentence, ""), DIRECT, cue and span(sentence, cue))
    assert [q.text for q in found] == ([quote] if quote else [])


def test_a_quotation_goes_on_from_the_sentence_before():
    for sentence, quoted in (
        ("ولن نعود إليه». ثم غادر القاعة.", "ولن نعود إليه"),
        ("ولن نعود إليه أبدًا.", "ولن نعود إليه أبدًا"),
    ):
        (found,) = quoted_words(sentence, quotations_of(sentence, "وقال: «تركنا البيت."), DIRECT, None)
        assert found.text == quoted


@given(st.text(alphabet='ابن قال:«»“”"،. \n؟إ', max_size=60), st.text(alphabet="ا«» \n", max_size=10), st.data())
def test_any_text_gives_spans_of_it_in_order(sentence, context, data):
    label = data.draw(st.sampled_from(LABELS))
    start = data.draw(st.integers(0, len(sentence)))
    end = data.draw(st.integers(start, len(sentence)))
    cue = Span(sentence[start:end], start, end) if start < end else None
    found = quoted_words(sentence, quotations_of(sentence, context), label, cue)
    assert all(sentence[q.start : q.end] == q.text and q.text.strip() for q in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
