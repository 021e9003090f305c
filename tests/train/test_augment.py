from dataclasses import replace

import pytest

from isnad import Label
from isnad.encoding import Layout
from isnad.normalize import normalize
from isnad.quotes import find_marks
from seeds.corpus import Article, LabelledSentence
from train.augment import AugmentedExamples, augment, droppable_cue, droppable_marks, swap_marks
from train.config import Augment
from train.data import make_examples

LAYOUT = Layout(max_length=64, context_tokens=16, cls=2, sep=3, pad=0)
ALL = Augment(swap_marks=1.0, drop_marks=1.0, drop_cues=1.0)


def sentence(text, label, cue=None, source=None, within=None):
    """The labelled sentence `within` a text (all of it by default), its spans given as strings."""
    within = within or text
    start = text.index(within)
    span = lambda s: s and (text.index(s, start), text.index(s, start) + len(s))  # noqa: E731
    return LabelledSentence(start, start + len(within), label, span(cue), span(source))


def article(text, *sentences):
    return Article("own-x", "own/x", "", text, sentences)


@pytest.mark.parametrize(
    ("text", "angle", "double", "expected"),
    [
        ("قال: «سنفتح الباب».", "“”", "«»", "قال: “سنفتح الباب”."),
        ("قال: «سنفتح الباب».", '""', "«»", 'قال: "سنفتح الباب".'),
        ('قال: "سنفتح الباب".', "“”", "«»", "قال: «سنفتح الباب»."),
        ("قال: «قرأت “الأيام” أمس».", "“”", "«»", "قال: “قرأت «الأيام» أمس”."),
        ("قال: «بدأنا\n«ثم توقفنا» أمس", "“”", "«»", "قال: “بدأنا\n“ثم توقفنا” أمس"),  # opened anew
    ],
)
def test_marks_are_swapped_and_nesting_stays(text, angle, double, expected):
    assert swap_marks(text, angle, double) == expected
    assert find_marks(expected) == find_marks(text)


def test_what_would_be_read_otherwise_is_left_alone():
    german = "قال: „سنفتح الباب“ غدًا."
    assert swap_marks(german, "“”", "«»") == german  # „ would be left without its partner


CLAIM = "ووصف الوزير الخطة بأنها «طموحة جدًا»."
DENIAL = "وقال المتحدث: «هذه الأنباء لا أساس لها»."
UNNAMED = "«هذه الأنباء لا أساس لها»، بحسب ما كتب."
TITLE = "وعرض فيلم «طريق الجبل» أمس."
COLON = "وقال الوزير: «سنفتح المعبر صباح الغد أمام الجميع» في مؤتمر."
MIXED = "وتابع الوزير أن الحكومة «لن تتراجع عن قرارها مهما بلغت الضغوط» اليوم."
ENDS = "وتابع الوزير أن الحكومة «لن تتراجع عن قرارها مهما بلغت الضغوط»."
INDIRECT = "وقال الوزير: «إن المعبر سيفتح صباح الغد أمام الجميع» في مؤتمر."


@pytest.mark.parametrize(
    ("text", "label", "source", "left"),
    [
        (CLAIM, Label.REPORTED_CLAIM, "الوزير", ""),
        (DENIAL, Label.DENIAL, "المتحدث", ""),
        (UNNAMED, Label.DENIAL, None, "«»"),  # without marks it would be the reporter's own word
        (TITLE, Label.BACKGROUND, None, ""),
        (COLON, Label.DIRECT_QUOTE, "الوزير", ""),  # a colon after a verb of saying
        (MIXED, Label.DIRECT_QUOTE, "الوزير", "«»"),  # without marks a claim
        (ENDS, Label.DIRECT_QUOTE, "الوزير", "«"),  # papers forget to close
        (INDIRECT, Label.DIRECT_QUOTE, "الوزير", "«»"),  # a colon and «إن» with no marks make a claim
    ],
)
def test_marks_are_dropped_where_the_label_does_without(text, label, source, left):
    s = sentence(text, label, source=source)
    got = augment(article(text, s), Augment(drop_marks=1.0), 1, 0)
    assert "".join(c for c in got.text if c in "«»") == left
    assert len(got.text) == len(text)
    assert normalize(got.text) == normalize("".join(c for c in text if c not in "«»" or c in left))
    assert got.sentences == (s,)


def test_a_quotation_that_goes_beyond_its_sentence_keeps_its_marks():
    text = "وقال: «بدأنا العمل. ثم توقفنا لأسباب كثيرة»."
    first = sentence(text, Label.DIRECT_QUOTE, within="وقال: «بدأنا العمل.")
    assert droppable_marks(text, first, find_marks(text)) == []
    # A closing mark is not dropped where the paragraph goes on: the next sentence would be in the quotation.
    text = "وأضاف أن الحكومة «لن تتراجع عن قرارها مهما حدث». وعاد الوزير."
    first = sentence(text, Label.DIRECT_QUOTE, within=text.split(" وعاد")[0])
    assert droppable_marks(text, first, find_marks(text)) == []
    # Nor where the next one opens: papers open every paragraph of a long quotation anew.
    text = "وأضاف أن الحكومة «لن تتراجع عن قرارها مهما حدث».\n«الأيام» هي الصحيفة."
    first = sentence(text, Label.DIRECT_QUOTE, within=text.split("\n")[0])
    assert droppable_marks(text, first, find_marks(text)) == []


@pytest.mark.parametrize(
    ("text", "label", "cue", "source", "expected"),
    [
        (COLON, Label.DIRECT_QUOTE, "وقال", "الوزير", "الوزير: «سنفتح المعبر صباح الغد أمام الجميع» في مؤتمر."),
        (COLON, Label.DIRECT_QUOTE, "وقال", None, None),  # whose words they are would be said nowhere
        ("وقال الوزير: «لن نتراجع» أمس.", Label.DIRECT_QUOTE, "وقال", "الوزير", None),  # too short to do without
        ("وأكدت الوزارة أن المعبر سيفتح غدًا.", Label.REPORTED_CLAIM, "وأكدت", "الوزارة", None),
        (DENIAL, Label.DENIAL, "لا أساس", "المتحدث", None),
    ],
)
def test_cues_are_dropped_where_marks_carry_the_label(text, label, cue, source, expected):
    s = sentence(text, label, cue, source)
    got = augment(article(text, s), Augment(drop_cues=1.0), 1, 0)
    assert normalize(got.text) == normalize(expected or text)


def test_marks_and_cue_are_never_dropped_together():
    s = sentence(COLON, Label.DIRECT_QUOTE, "وقال", "الوزير")
    assert droppable_marks(COLON, s, find_marks(COLON))
    assert droppable_cue(COLON, s, find_marks(COLON))
    assert "وقال" in augment(article(COLON, s), replace(ALL, swap_marks=0.0), 1, 0).text


def test_a_label_that_nobody_gave_lets_marks_be_swapped_alone():
    weak = replace(article(CLAIM, sentence(CLAIM, Label.REPORTED_CLAIM)), sampling="weak")
    assert augment(weak, Augment(drop_marks=1.0, drop_cues=1.0), 1, 0) == weak
    assert any(augment(weak, ALL, seed, 0).text != weak.text for seed in range(5))


def test_offsets_and_labels_stay_in_the_whole_corpus(own_articles):
    changed = 0
    for before in own_articles:
        after = augment(before, ALL, 1, 0)
        changed += after.text != before.text
        assert len(after.text) == len(before.text)
        assert after.sentences == before.sentences
        for s in before.sentences:  # what is open before a sentence decides its label: no change there
            opened = [find_marks(t[: s.end]).open_at(s.start) for t in (before.text, after.text)]
            assert opened[0] == opened[1]
    assert changed > 0.8 * len(own_articles)


def test_the_same_seed_and_epoch_give_the_same_texts(own_articles):
    some = Augment(swap_marks=0.5, drop_marks=0.5, drop_cues=0.5)
    texts = lambda seed, epoch: [augment(a, some, seed, epoch).text for a in own_articles[:40]]  # noqa: E731
    assert texts(1, 0) == texts(1, 0)
    assert texts(1, 0) != texts(1, 1)
    assert texts(1, 0) != texts(2, 0)
    assert [augment(a, Augment(), 1, 0) for a in own_articles[:40]] == own_articles[:40]


def test_examples_are_made_anew_for_each_epoch(own_articles, tiny_tokenizer):
    encode = lambda articles: make_examples(articles, tiny_tokenizer, LAYOUT)  # noqa: E731
    articles = own_articles[:4]
    examples = AugmentedExamples(articles, encode, ALL, seed=1)
    first = list(examples)
    assert first == encode([augment(a, ALL, 1, 0) for a in articles])
    assert [e["labels"] for e in first] == [e["labels"] for e in encode(articles)]
    examples.set_epoch(1)
    assert list(examples) == encode([augment(a, ALL, 1, 1) for a in articles]) != first
    examples.set_epoch(0)
    assert list(examples) == first


def test_what_normalisation_removes_is_no_augmentation(tiny_tokenizer):
    plain = "وقال الوزير إن 25 مدرسة ستفتح."
    other = "وقـــال الوزيرُ إنّ ٢٥ مدرسةً ستُفتَح."
    made = [
        make_examples([article(t, sentence(t, Label.REPORTED_CLAIM))], tiny_tokenizer, LAYOUT) for t in (plain, other)
    ]
    assert made[0] == made[1]
