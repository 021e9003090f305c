import pytest
from hypothesis import given
from hypothesis import strategies as st

from isnad.normalize import normalize, normalize_with_offsets

ARABIC = st.text(
    st.one_of(st.characters(), st.sampled_from("اأإآوي ىـًّٰ\u0653\u0654\u0655«»“”\"'٣۴ﷲﻻﹰ\u202b\u200f\ufeff\n،؟"))
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("قَالَ إنَّ", "قال إن"),  # diacritics
        ("قـــال", "قال"),  # tatweel
        ("ﻗﺎل ﻻ", "قال لا"),  # presentation forms
        ("\u202bقال\u202c\u200f", "قال"),  # bidi controls
        ("٢٠٢٦ ۲۰", "2026 20"),  # digits
        ("١٫٥٪", "1.5%"),
        ("ا\u0654كد", "أكد"),  # a combining hamza
        ("ﮐﯿﻬﺎن ﷼", "كيهان ريال"),  # their presentation forms
        ("گوگل کیهان", "گوگل كيهان"),  # Farsi kaf and ya, but gaf is a letter of its own
        ("BBC", "bbc"),
        (" سطر\n\n آخر\t ", "سطر آخر"),
        ("ﹰ", ""),  # an isolated diacritic
        ("\ud800", "\ufffd"),  # a lone surrogate
        ("", ""),
    ],
)
def test_removes_what_does_not_carry_the_task(raw, expected):
    assert normalize(raw) == expected


@pytest.mark.parametrize(
    "kept", ["«»", "“”", "‘’", "\"'", "„‟", "‹›", ":", "؛", "،", "؟", "–—-", "…", "أعتقد اعتقد", "آ إ ؤ ئ ء ى ة"]
)
def test_keeps_what_carries_the_task(kept):
    assert normalize(kept) == kept


@given(ARABIC)
def test_offsets_lead_back(raw):
    text, offsets = normalize_with_offsets(raw)
    assert len(text) == len(offsets)
    assert offsets == sorted(offsets)
    assert all(0 <= i < len(raw) for i in offsets)
    for character, index in zip(text, offsets, strict=True):
        if raw[index].isascii() and raw[index].isalnum():
            assert character == raw[index].lower()


@given(ARABIC)
def test_is_idempotent_and_tidy(raw):
    once = normalize(raw)
    assert normalize(once) == once
    assert once == once.strip()
    assert "  " not in once
    once.encode("utf-8")  # whatever came in can be written


@given(ARABIC)
def test_with_and_without_offsets_are_the_same(raw):
    assert normalize(raw) == normalize_with_offsets(raw).text


@pytest.mark.parametrize(
    "raw", ["ﷺ  قال", "a \uffe3 b", "\u0653\u0654ا\u0653\u0654", "ا \u0653 \u0654", "اـ\u0654", "İ"]
)
def test_odd_characters_are_the_same_with_offsets(raw):
    assert normalize(raw) == normalize_with_offsets(raw).text


def test_no_presentation_form_needs_a_second_pass():
    for code in range(0xFB50, 0x10000):
        once = normalize(f"ا{chr(code)}ب")
        assert normalize(once) == once, hex(code)


def test_a_span_of_the_result_is_found_in_the_original():
    raw = "قَالَ الـوزير"
    text, offsets = normalize_with_offsets(raw)
    start = text.index("الوزير")
    assert raw[offsets[start] : offsets[start + 5] + 1] == "الـوزير"
