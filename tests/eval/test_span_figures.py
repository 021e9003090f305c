import numpy as np
import pytest
from nervaluate import Evaluator

from eval.spans import by_rules, span_figures, who_said_it
from isnad import Classifier, Label, Span
from seeds.corpus import Article, LabelledSentence

TEXT = "وأكدت وزيرة الصحة أن اللقاح متوفر. وأضافت أنه مجاني. تراجعت الصادرات."
SENTENCES = (
    LabelledSentence(0, 34, Label.REPORTED_CLAIM, cue=(0, 5), source=(6, 17)),
    LabelledSentence(35, 53, Label.REPORTED_CLAIM, cue=(35, 41), antecedent=(6, 17)),
    LabelledSentence(54, 71, Label.BACKGROUND),
)
ARTICLE = Article("own-x", "own/x", "", TEXT, SENTENCES)
ITEMS = [(ARTICLE, s) for s in SENTENCES]
DRAWS = {"draws": 20, "seed": 1}


def at(start, end):
    return Span(" " * (end - start), start, end)


def test_figures_are_those_counted_by_hand():
    found = [
        (at(0, 5), at(6, 11)),  # the cue exactly, half of the source
        (None, None),  # the cue missed
        (at(0, 6), None),  # a cue where there is none
    ]
    figures = span_figures(ITEMS, found, **DRAWS)
    alone = {"interval": (0.5, 0.5)}  # one article: every draw is that one
    assert figures["cue"]["exact"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "spans": 2} | alone
    assert figures["source"]["exact"]["f1"] == 0
    assert figures["source"]["partial"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "spans": 1} | alone


def test_all_right_is_one():
    found = [(at(0, 5), at(6, 17)), (at(0, 6), None), (None, None)]
    figures = span_figures(ITEMS, found, **DRAWS)
    assert {figures[k][w]["f1"] for k in figures for w in ("exact", "partial")} == {1.0}


def test_spans_that_only_touch_are_no_overlap():
    figures = span_figures(ITEMS[:1], [(at(5, 6), None)], **DRAWS)
    assert figures["cue"]["partial"]["f1"] == 0


def test_figures_are_those_of_nervaluate(own_articles):
    rng = np.random.default_rng(1)
    items = [(a, s) for a in own_articles[:8] for s in a.sentences]

    def moved(s, span):
        """The span as it is, moved, or gone; now and then one where there is none."""
        if span is None:
            return at(0, 4) if rng.random() < 0.2 else None
        by = int(rng.integers(0, 8)) if rng.random() < 0.5 else 0
        return at(span[0] - s.start + by, span[1] - s.start + by) if rng.random() < 0.8 else None

    found = [(moved(s, s.cue), moved(s, s.source)) for _, s in items]
    figures = span_figures(items, found, **DRAWS)
    gold = [[("cue", s.cue, s.start), ("source", s.source, s.start)] for _, s in items]
    as_dicts = [
        [{"label": k, "start": x[0] - by, "end": x[1] - by - 1} for k, x, by in row if x is not None] for row in gold
    ]
    predicted = [
        [{"label": k, "start": x.start, "end": x.end - 1} for k, x in zip(("cue", "source"), row, strict=True) if x]
        for row in found
    ]
    theirs = Evaluator(as_dicts, predicted, tags=["cue", "source"], loader="dict").evaluate()["entities"]
    for kind, ways in figures.items():
        for way, ours in ways.items():
            assert 0 < ours["f1"] < 1
            for name in ("precision", "recall", "f1"):
                assert ours[name] == pytest.approx(getattr(theirs[kind][way], name))
            assert ours["interval"][0] < ours["f1"] < ours["interval"][1]


@pytest.mark.parametrize(
    ("sentence", "cue", "source"),
    [
        ("وأكدت وزيرة الصحة أن اللقاح متوفر", "وأكدت", "وزيرة الصحة"),
        ("ونفت الشركة، أمس، علمها بالخلل", "ونفت", "الشركة"),
        ("وأضاف أن الطريق مغلق", "وأضاف", None),
    ],
)
def test_the_baseline_finds_the_plain_cases(sentence, cue, source):
    found = by_rules(sentence, "")
    assert [span and span.text for span in found] == [cue, source]
    assert all(span is None or sentence[span.start : span.end] == span.text for span in found)
    assert by_rules("تراجعت الصادرات هذا العام", "") == (None, None)


def test_a_model_beside_the_rules(tiny_artifact, own_articles):
    classifier = Classifier(tiny_artifact)
    held_out = own_articles[:3]
    measured = [(a, s) for a in held_out for s in a.sentences]
    answers = classifier.classify([a.sentence_text(s) for a, s in measured], [a.text[: s.start] for a, s in measured])
    figures = who_said_it(classifier, held_out, answers, **DRAWS)["articles of our own"]
    assert figures["rules"]["cue"]["exact"]["f1"] > figures["model"]["cue"]["exact"]["f1"]  # random weights
    assert set(figures["by_label"]) <= {"direct_quote", "reported_claim", "denial"}
