import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isnad.sentences import LONGEST, split

NEWSY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("اد م.،؛:؟!…«»“”\"'()\n\r 0123٣جيه إل. // انتهى //"),
    )
)


def sentences(text):
    return [text[s.start : s.end] for s in split(text)]


@pytest.mark.parametrize(
    "whole",
    [
        "ارتفع المؤشر 3.5 في المئة، إلى 17615.17 نقطة، عند 10.30 صباحًا.",
        "وصل د. أحمد علي وأ.د. سعاد، وم. خالد، إلى القاعة.",
        "صدرت رواية جيه. كيه. رولينغ الجديدة عن دار في لندن.",
        "قالت وكالة (ا.ف.ب) وشبكة سي.بي.إس إن اللقاء أُجّل.",
        "للتسجيل www.example.com/a.b أو user.name@example.org قبل الأحد.",
        "قال: كنا نعمل، ثم توقفنا؛ لأن المال نفد، ولم نعد.",
        "العنوان: «شبابنا .. مستقبلنا» شعار للملتقى هذا العام.",
        "التخصصات كثيرة جدا في هذه الكلية، هندسة وطب وعلوم.. وغيرها.",
        "تساءل: «من يصدق هذا؟»، ثم غادر القاعة.",
        "انتهى الخبر كما ورد . // انتهى //",
        "1. البند الأول من الاتفاق",
    ],
)
def test_does_not_cut(whole):
    assert sentences(whole) == [whole]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("انتهى اللقاء.وبدأ آخر.", ["انتهى اللقاء.", "وبدأ آخر."]),  # no space after the full stop
        ("هل عاد؟ نعم! عاد.", ["هل عاد؟", "نعم!", "عاد."]),
        ("قال: «لن نعود». ومضى.", ["قال: «لن نعود».", "ومضى."]),
        ("قال: «لن نعود.» ومضى.", ["قال: «لن نعود.»", "ومضى."]),
        ('قال " لا " . ومضى .', ['قال " لا " .', "ومضى ."]),  # spaced marks
        ("قال “لا . ” ومضى.", ["قال “لا . ”", "ومضى."]),  # no lone mark
        ("أكد أنه باق.\n»\nوغادر.", ["أكد أنه باق.\n»", "وغادر."]),  # a mark on a line of its own
        ("في 2015م. وفي 1436 هـ. ثم عاد.", ["في 2015م.", "وفي 1436 هـ.", "ثم عاد."]),
        ("عنوان\nفقرة أولى\r\nفقرة ثانية", ["عنوان", "فقرة أولى", "فقرة ثانية"]),
        ("كنت أشعر أنه ضدي دائما.. كنت أظن.", ["كنت أشعر أنه ضدي دائما..", "كنت أظن."]),
        ("***\nخبر.", ["***\nخبر."]),
        ("...", ["..."]),
        (" \n\t ", []),
        ("", []),
    ],
)
def test_cuts(text, expected):
    assert sentences(text) == expected


def test_an_open_quotation_is_tracked_over_sentences_and_paragraphs():
    text = "قال: «نحن هنا. لن نرحل.\nسنبقى». ثم مضى."
    assert [s.open_quotation for s in split(text)] == [False, True, True, False]


def test_an_unclosed_quotation_ends_with_its_paragraph():
    text = "قال: «نحن هنا. لن نرحل.\nوفي «الحياة» خبر آخر. انتهى."
    assert [s.open_quotation for s in split(text)] == [False, True, False, False]


@given(NEWSY)
def test_sentences_cover_the_text_in_order_without_overlap(text):
    position = 0
    for span in split(text):
        assert span.start >= position
        assert not text[position : span.start].strip()
        piece = text[span.start : span.end]
        assert piece
        assert piece == piece.strip()
        position = span.end
    assert not text[position:].strip()


@given(st.text(st.sampled_from("«»“”\"'‘’.؟! \nاب"), max_size=300))
def test_marks_in_any_disorder_never_stand_alone(text):
    found = sentences(text)
    if any(c.isalnum() for c in text):
        assert all(any(c.isalnum() for c in s) for s in found)


@pytest.mark.parametrize(
    "text", ["كلمة " * 20_000, "ا" * 100_000, "كلمة، " * 20_000], ids=["words", "letters", "commas"]
)
def test_a_text_without_full_stops_is_bounded(text):
    found = sentences(text)
    assert all(len(s) <= LONGEST for s in found)
    assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", text)
    if "،" in text:
        assert all(s.endswith("،") for s in found)


@pytest.mark.parametrize("piece", ["… - ", "…-", ". ", "؟» ", "د. ", "أ.", ".. ا"])
def test_time_is_linear(piece):
    began = time.process_time()
    split(piece * (100_000 // len(piece)))
    assert time.process_time() - began < 10  # a square would take minutes


def test_splits_our_own_articles_as_their_authors_did(own_articles):
    """A floor on the share of gold sentences that come back exactly; eval measures it on real news."""
    gold = [(a, (s.start, s.end)) for a in own_articles for s in a.sentences]
    found = {a.id: {(s.start, s.end) for s in split(a.text)} for a in own_articles}
    exact = sum(span in found[a.id] for a, span in gold) / len(gold)
    assert exact >= 0.99
