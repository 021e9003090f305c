import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isnad.quotes import LONGEST, find_marks, quotations_of

MARKED = st.text(st.sampled_from("«»‹›“”„\"‘’'<> \n\rابت.،:()"))


def quoted(text):
    return [text[q.start : q.end] for q in find_marks(text).quotations]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("قال: «نعم» ثم", ["«نعم»"]),
        ('قال: "نعم" ثم "لا"', ['"نعم"', '"لا"']),
        ("قال: “نعم”.", ["“نعم”"]),
        ("قال: ”نعم“.", ["”نعم“"]),  # swapped
        ('قال " نعم " ثم', ['" نعم "']),  # spaces inside
        ("«قال لي: “نعم” ومضى»", ["«قال لي: “نعم” ومضى»", "“نعم”"]),  # nested
        ("قال: «أولا.\nثانيا.»", ["«أولا.\nثانيا.»"]),  # over paragraphs
        ("قال: «أولا.\n«ثانيا.»", ["«أولا.\n«ثانيا.»"]),  # every paragraph opened anew
        ("قال: «بلا نهاية.\nفقرة «اسم» هنا", ["«بلا نهاية.", "«اسم»"]),  # unclosed: ends with its paragraph
        ("إغلاق بلا فتح»", []),
        ("it’s O'Brien", []),  # apostrophes
        ("", []),
    ],
)
def test_finds_quotations(text, expected):
    assert quoted(text) == expected


def test_tells_whether_the_end_is_marked():
    closed, unclosed = find_marks("«أ» ثم «ب").quotations
    assert closed.closed
    assert not unclosed.closed


def test_open_at():
    marks = find_marks("قال: «أ ب» ج")
    assert [marks.open_at(i) for i in (5, 6, 8, 10, 11)] == [False, True, True, False, False]


@given(MARKED)
def test_never_raises_and_stays_inside(text):
    marks = find_marks(text)
    assert not marks.opening & marks.closing
    for q in marks.quotations:
        assert 0 <= q.start < q.end <= len(text)


@pytest.mark.parametrize(
    ("context", "sentence", "expected"),
    [
        ("قال:", "«نعم» و«لا", [(0, 5, True), (7, 10, False)]),
        ("وقال: «نعم.", "ولن نعود». ثم", [(-6, 9, True)]),  # opened before
        ("وقال: «نعم.", "» ثم غادر", [(-6, 1, True)]),  # a mark of it alone
        ("وقال: «نعم».", "ثم غادر", []),
        ("", "", []),
    ],
)
def test_quotations_are_counted_from_the_sentence(context, sentence, expected):
    assert [(q.start, q.end, q.closed) for q in quotations_of(sentence, context)] == expected


def test_a_quotation_that_never_closes_is_given_up():
    first, *_ = find_marks("«" + "أ " * LONGEST + "» ثم «ب»").quotations
    assert not first.closed


@pytest.mark.parametrize("piece", ["«", '"ا ', "“”", "«\n", "»"])
def test_time_is_linear(piece):
    began = time.process_time()
    find_marks(piece * 100_000)
    assert time.process_time() - began < 10  # quadratic would take hours
