import json
import os
from collections import Counter
from pathlib import Path

import pytest

from isnad import Label
from seeds.check import agreement, near_duplicates, overlaps, own_agreement, real_agreement, summary, unmarked
from seeds.corpus import REAL, Article, LabelledSentence, load_real
from seeds.stories import group_stories

CORPORA = Path(os.environ.get("ISNAD_CORPORA", "../shared/corpora"))


def article(key, text, label=Label.BACKGROUND):
    return Article(key, "own/test", "", text, (LabelledSentence(0, len(text), label),))


LONG = "أعلنت البلدية أنها ستبدأ أعمال صيانة الطريق الرئيس صباح السبت المقبل وتستمر الأعمال ثلاثة أسابيع متواصلة"


def test_our_corpus_is_as_large_and_as_balanced_as_promised(own_articles):
    sentences = [s for a in own_articles for s in a.sentences]
    labels = [s.label for s in sentences]
    near_misses = [s for s in sentences if (s.phenomenon or "").startswith("near_")]
    assert len(own_articles) >= 200
    assert len(sentences) >= 2400
    assert labels.count(Label.DENIAL) >= 250
    assert len(near_misses) >= 250
    assert min(labels.count(label) for label in Label) >= 0.15 * len(labels)


def test_near_misses_and_denials_are_tagged_as_what_they_are(own_articles):
    for a in own_articles:
        for s in a.sentences:
            if (s.phenomenon or "").startswith("denial_"):
                assert s.label is Label.DENIAL, (a.id, s)
            if (s.phenomenon or "").startswith("near_"):
                assert s.label is not Label.DENIAL, (a.id, s)


def test_no_article_of_ours_is_a_copy_of_another(own_articles):
    assert near_duplicates(own_articles) == []
    assert unmarked(own_articles) == []


def test_the_check_finds_copies_overlaps_and_unmarked_claims():
    first = article("own-a", LONG)
    copy = article("own-b", LONG.replace("ثلاثة", "أربعة"), Label.REPORTED_CLAIM)
    assert near_duplicates([first, copy]) == ["own-b: nearly a copy of own-a"]
    assert unmarked([first, copy]) == [f"own-b: characters 0:{len(LONG)}: reported_claim without cue or source"]
    stolen = "خبر آخر: " + " ".join(LONG.split()[:8])
    assert overlaps([first], [stolen]) == ["own-a: shares with the corpora: " + " ".join(LONG.split()[:8])]
    assert overlaps([first], ["خبر آخر: " + " ".join(LONG.split()[:7])]) == []
    assert "2 articles, 2 sentences" in summary([first, copy])


def test_the_two_passes_agree(own_articles):
    for same, kappa in (own_agreement(own_articles), *(figures[1:] for figures in real_agreement().values())):
        assert same >= 0.97
        assert kappa >= 0.95


def test_a_fifth_of_what_we_labelled_of_real_news_was_labelled_twice():
    records = [json.loads(line) for line in REAL.read_text("utf-8").splitlines()]
    count = Counter(str(r["pool"]) for r in records for _ in r["sentences"])
    twice = {pool: figures[0] for pool, figures in real_agreement().items()}
    assert set(twice) == {"3", "4"}
    assert twice["3"] >= count["3"] / 5
    assert sum(twice.values()) >= (count["3"] + count["4"]) / 5


def test_agreement_is_that_of_the_two_passes():
    settled = {("a", 0): "denial", ("a", 1): "background", ("b", 0): "background", ("b", 1): "denial"}
    differences = {("b", 1): {"first": "denial", "second": "background"}}
    same, kappa = agreement(settled, differences)
    assert same == 0.75
    assert kappa == pytest.approx(0.5)  # (.75 - .5) / (1 - .5)


@pytest.mark.skipif(not (CORPORA / "news.jsonl.xz").exists(), reason="the texts of the real articles are not here")
def test_no_labelled_sentence_of_the_corpora_is_in_our_text(own_articles):
    assert overlaps(own_articles, (a.text for a in load_real(CORPORA))) == []


def test_stories_are_grouped_whatever_the_order():
    texts = {"c": "خبر مختلف تماما عن غيره في كل كلماته ولا يشبه شيئا", "b": LONG, "a": LONG + " كما ورد"}
    expected = {"a": "a", "b": "a", "c": "c"}
    assert group_stories(texts) == expected
    assert group_stories(dict(reversed(texts.items()))) == expected
