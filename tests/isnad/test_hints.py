import pytest

from isnad.hints import HINTS, hints
from isnad.normalize import normalize_with_offsets
from isnad.quotes import quotations_of


def of(sentence, context=""):
    """What is hinted of the first character of each word."""
    normalized = normalize_with_offsets(sentence)
    made = hints(normalized, quotations_of(sentence, context))
    assert len(made) == len(normalized.text)
    assert all(0 <= hint < HINTS for hint in made)
    starts = [0, *(i + 1 for i, c in enumerate(normalized.text) if c == " ")]
    return dict(zip(sentence.split(), (made[i] for i in starts), strict=True))


@pytest.mark.parametrize(
    ("sentence", "word", "kind"),
    [
        ("وأكدت الوزارة أن المعبر سيفتح", "وأكدت", 1),
        ("وتابع أن الطريق مغلق", "وتابع", 2),
        ("ونفت الشركة علمها بالخلل", "ونفت", 3),
        ("تراجعت الصادرات بحسب الجمارك", "بحسب", 4),
        ("وقال إنه لا صحة للأنباء", "لا", 5),
    ],
)
def test_cues_by_kind(sentence, word, kind):
    made = of(sentence)
    assert made[word] == kind
    assert made[sentence.split()[-1]] == 0


def test_words_in_quotation_marks_are_told_apart():
    made = of("قال الوزير: «أكدت اللجنة ذلك» ثم غادر")
    inside = made["اللجنة"]
    assert inside > 0
    assert made["«أكدت"] == inside  # the mark
    assert made["ثم"] == made["الوزير:"] == 0
    assert made["قال"] == 1


def test_a_quotation_may_have_been_opened_before():
    assert of("ولن نعود", "وقال: «خرجنا.")["نعود"] == of("«لن نعود»")["نعود»"] != 0
    assert of("ولن نعود", "وقال: «خرجنا».")["نعود"] == 0


def test_diacritics_change_nothing():
    assert list(of("قَالَ الوزيرُ «نَعَم لا»").values()) == list(of("قال الوزير «نعم لا»").values())
