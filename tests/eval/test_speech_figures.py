import pytest

from eval.speech import in_marks, quote_figures, resolution_figures
from isnad import Label, Prediction, Span
from isnad.results import Sentence, Source
from seeds.corpus import Article, LabelledSentence

TEXT = "وأكدت وزيرة الصحة أن اللقاح متوفر. وأضافت أنه مجاني. تراجعت الصادرات."
SENTENCES = (
    LabelledSentence(0, 34, Label.REPORTED_CLAIM, cue=(0, 5), source=(6, 17)),
    LabelledSentence(35, 53, Label.REPORTED_CLAIM, cue=(35, 41), antecedent=(6, 17)),
    LabelledSentence(54, 71, Label.BACKGROUND),
)
ARTICLE = Article("own-x", "own/x", "", TEXT, SENTENCES)
DRAWS = {"draws": 20, "seed": 1}


class Annotator:
    """Says of the second sentence that this is its source."""

    def __init__(self, source):
        self.source = source

    def annotate(self, text):
        common = {"score": 1.0, "probabilities": {}, "label": Label.REPORTED_CLAIM}
        places = [(s.start, s.end) for s in SENTENCES]
        return [
            Sentence(text=text[a:b], start=a, end=b, source=self.source if n == 1 else None, **common)
            for n, (a, b) in enumerate(places)
        ]


@pytest.mark.parametrize(
    ("source", "accuracy", "answered"),
    [
        (Source("وزيرة الصحة", 6, 17), 1.0, 1.0),
        (Source("الصادرات", 62, 70), 0.0, 1.0),
        (None, 0.0, 0.0),
    ],
)
def test_resolution(source, accuracy, answered):
    figures = resolution_figures(Annotator(source), [ARTICLE], {}, **DRAWS)
    low, high = figures.pop("interval")
    assert figures == {"sentences": 1, "answered": answered, "accuracy": accuracy, "precision": accuracy}
    assert 0 <= low <= accuracy <= high <= 1


def test_where_everybody_is_named_there_is_nothing_to_resolve():
    plain = Article("own-y", "own/y", "", TEXT, SENTENCES[:1])
    assert resolution_figures(Annotator(None), [plain], {}, **DRAWS) is None


def test_another_name_of_the_speaker_is_right():
    """«الصادرات» overlaps no word of the antecedent: right only where it is labelled as a mention."""
    source = Source("الصادرات", 62, 70)
    assert resolution_figures(Annotator(source), [ARTICLE], {("own-x", 35): [(60, 70)]}, **DRAWS)["accuracy"] == 1
    assert resolution_figures(Annotator(source), [ARTICLE], {("own-x", 0): [(60, 70)]}, **DRAWS)["accuracy"] == 0


QUOTED = "وقال: «سنفتح المعبر». وقال لصحيفة «الزمن الجديد» إنه «لن يعود أبدا»."
QUOTES = Article(
    "own-q", "own/x", "", QUOTED,
    (LabelledSentence(0, 21, Label.DIRECT_QUOTE), LabelledSentence(22, len(QUOTED), Label.DIRECT_QUOTE)),
)  # fmt: skip


def answer(*quotes, start):
    spans = tuple(Span(q, at := QUOTED.index(q, start) - start, at + len(q)) for q in quotes)
    return Prediction(label=Label.DIRECT_QUOTE, score=1.0, probabilities={}, quotes=spans)


def test_quoted_words_counted_by_hand():
    def place(words):
        return QUOTED.index(words), QUOTED.index(words) + len(words)

    labelled = {("own-q", 0): [place("سنفتح المعبر")], ("own-q", 22): [place("لن يعود أبدا")]}
    held_out = [(QUOTES, s) for s in QUOTES.sentences]
    answers = [answer("سنفتح المعبر»", start=0), answer("يعود أبدا", "لصحيفة", start=22)]
    figures = quote_figures(held_out, answers, labelled, **DRAWS)
    assert figures["sentences"] == 2
    model, marks = figures["model"], figures["marks"]
    # Three found of two there: one exact, its closing mark aside, one a half, one false.
    assert (model["exact"]["precision"], model["exact"]["recall"]) == pytest.approx((1 / 3, 1 / 2))
    assert model["partial"]["f1"] == pytest.approx(2 * 1.5 / 5)
    # The newspaper's name is taken for speech.
    assert marks["exact"]["f1"] == pytest.approx(2 * 2 / 5)
    assert quote_figures(held_out, answers, {("own-q", 1): []}, **DRAWS) is None


def test_the_baseline_takes_the_outermost_marks():
    sentence = "قال: «هذا ما سماه “خطة العمل” اليوم» في «الحياة»."
    assert [sentence[a:b] for a, b in in_marks(sentence, "")] == ["هذا ما سماه “خطة العمل” اليوم"]
    assert in_marks("إليه الآن». ثم غادر", "قال: «لن نعود ") == [(0, 9)]
