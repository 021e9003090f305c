"""The hand-written rules, held to the guidelines' worked examples and to their boundary rulings."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isnad.labels import LABELS
from isnad.rules import label_by_rules

# The table «Worked examples» of the annotation guidelines.
WORKED = [
    ("وقال الوزير: «سنفتح المعبر صباح الغد».", "direct_quote"),
    ("وتابع أن الحكومة «لن تتراجع عن قرارها مهما بلغت الضغوط».", "direct_quote"),
    ("ووصف الخطة بأنها «طموحة جدًا».", "reported_claim"),
    ("وأكدت الوزارة أن المعبر سيفتح غدًا.", "reported_claim"),
    ("تراجعت الصادرات بنسبة 4 في المائة، وفق بيانات الجمارك.", "reported_claim"),
    ("تراجعت الصادرات بنسبة 4 في المائة هذا العام.", "background"),
    ("ونفت الشركة أن تكون قد علمت بالخلل.", "denial"),
    ("وقال المتحدث: «هذه الأنباء لا أساس لها».", "denial"),
    ("وقال إن اللجنة لم تجتمع هذا الأسبوع.", "reported_claim"),
    ("ورفض المتحدث التعليق على الأنباء.", "background"),
    ("ورفضت النقابة مقترح الوزارة.", "background"),
    ("والتقى الوزير نظيره وبحثا العلاقات الثنائية.", "background"),
    ("ومع أن الشركة تنفي التهمة، فإن المحققين يقولون إنها أخفت تقارير السلامة.", "denial"),
]
# Our own sentences, for the rulings that the rules claim to follow.
RULINGS = [
    ("قال المدير: إن المصنع سيعمل غدا.", "reported_claim"),  # colon and «إن» are indirect speech
    ("وأضاف المدير: المصنع سيعمل غدا بكامل طاقته.", "direct_quote"),  # a colon with no marks
    ("وأكد المدير أنه متفائل، وأعتقد أن المصنع سيعمل غدا.", "direct_quote"),  # the source's first person
    ("واعتقد أهل البلدة أن المصنع سيغلق.", "reported_claim"),  # no hamza: he thought, not I think
    ("يذكر أن المصنع افتتح قبل عشرة أعوام.", "background"),  # a connective, not a source
    ("يذكر أن البلدية أعلنت إغلاق المصنع.", "reported_claim"),  # a connective before a source
    ("وتجمع العمال أمام المدير الذي أعلن استقالته.", "background"),  # attribution within a description
    ("ولم تؤكد الشركة الخبر ولم تنفه.", "background"),  # neither confirming nor denying
    ("لا ينفي المدير أن المصنع خاسر.", "background"),  # a denial denied
    ("واعتبر المدير الاتهامات عارية تماما من الصحة.", "denial"),
    ("وذكرت صحيفة «أخبار المصانع والعمال في الشمال» أن المصنع سيغلق.", "reported_claim"),  # a name
    ("رابط الخبر: الشركة تنفي إغلاق المصنع", "background"),  # a link line, whatever it repeats
    ("اكد المدير ان المصنع سيعمل.", "reported_claim"),  # hamzas dropped
    ("وأَكَّدَ المديرُ أنَّ المصنعَ سيعمل.", "reported_claim"),  # vowels written
]


@pytest.mark.parametrize(("sentence", "label"), WORKED + RULINGS)
def test_labels_as_the_guidelines_do(sentence: str, label: str) -> None:
    assert label_by_rules(sentence) == label


def test_open_quotation_carries_over() -> None:
    inside = "وقد تعلمت الكثير من العمال في هذه السنوات»."
    assert label_by_rules(inside, "وقال المدير: «المصنع بيتي الأول. ") == "direct_quote"
    assert label_by_rules(inside, "وقال المدير: «المصنع بيتي الأول». ") == "background"


def test_attribution_does_not_carry_over() -> None:
    assert label_by_rules("وسيعمل المصنع غدا.", "وأكد المدير أن الآلات أصلحت. ") == "background"


@pytest.mark.parametrize("sentence", ["", " ", "»", "«", ":", "\u064b", "\ud800", "قال:", "a" * 5000])
def test_takes_any_string(sentence: str) -> None:
    assert label_by_rules(sentence, sentence) in {"background", "reported_claim"}


PIECES = """
قال وأكدت نفى إن أن أنه الوزير المصنع بحسب وفق نقلا عن الذي لا صحة رابط الخبر يذكر أعتقد « » “ ” " : . ، ( ) كلمة لم
""".split()
NEWSY = st.lists(st.one_of(st.sampled_from(PIECES), st.characters()), max_size=15).map(" ".join)


@settings(max_examples=60)
@given(NEWSY, NEWSY)
def test_any_sentence_gets_a_label(sentence: str, context: str) -> None:
    assert label_by_rules(sentence, context) in LABELS


@given(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join))
def test_vowels_and_stretching_within_words_change_no_label(sentence: str) -> None:
    dressed = re.sub(r"(?<=\w)(?=\w)", "\u064e\u0640", sentence)
    assert label_by_rules(dressed) == label_by_rules(sentence)
