import json

import pytest
from sklearn.metrics import cohen_kappa_score

from eval.ceiling import second_pass
from eval.items import Item, read_articles
from isnad import Label
from seeds.check import own_agreement, real_agreement
from seeds.corpus import REAL


def kappa(passes):
    return cohen_kappa_score([first for _, first, _ in passes], [second for *_, second in passes])


def test_our_own_articles_agree_as_the_corpus_check_says(own_articles):
    passes = second_pass(read_articles(own_articles))
    assert len(passes) == sum(len(a.sentences) for a in own_articles)
    assert kappa(passes) == pytest.approx(own_agreement(own_articles)[1])


def test_real_news_agrees_as_the_corpus_check_says(monkeypatch):
    records = [("", json.loads(line)) for line in REAL.read_text("utf-8").splitlines()]
    monkeypatch.setattr("seeds.check.read_records", lambda *_: iter(records))  # unchecked: that takes seconds
    items = [
        Item(r["id"], {"start": s["start"], "end": s["end"]}, "", "", Label(s["label"]), "", False, None, r["sampling"])
        for _, r in records
        for s in r["sentences"]
    ]
    passes = second_pass(items)
    figures = real_agreement()
    assert len(passes) == sum(count for count, *_ in figures.values()) < len(items)
    active = [p for p in passes if p[0].sampling == "active"]
    assert (len(active), kappa(active)) == (figures["3"][0], pytest.approx(figures["3"][2]))


def test_other_sentences_were_not_labelled_twice():
    assert second_pass([Item("a1", {"line": 1}, "", "", Label.DENIAL, "", False, None, "file")]) == []
