import json
import lzma
from dataclasses import replace

import numpy as np
import pytest
import torch

from isnad import LABELS, Classifier, Label
from train import distill
from train.config import Data, Distill, Encoder, Optimisation, TrainConfig
from train.data import make_examples
from train.distill import Lesson, TaughtCollator, ask, check_teachers, learn_from, soften, unlabelled_articles
from train.encoder import load_encoder, load_tokenizer
from train.finetune import finetune
from train.model import SentenceClassifier


@pytest.fixture
def other_artifact(tiny_encoder, own_articles, tmp_path):
    """A second teacher, of another opinion."""
    from train.export import export

    settings = Encoder(path=str(tiny_encoder), max_length=64, context_tokens=16)
    tokenizer, layout = load_tokenizer(settings)
    torch.manual_seed(7)
    examples = make_examples(own_articles[:2], tokenizer, layout)
    export(SentenceClassifier(load_encoder(settings), 0.0, rules=False), tokenizer, layout, examples,
           tmp_path / "other", {"run": "other"})  # fmt: skip
    return tmp_path / "other"


def test_the_teachers_say_their_mean(tiny_artifact, other_artifact, own_articles, tmp_path):
    articles = own_articles[:2]
    said = ask([str(tiny_artifact), str(other_artifact)], articles, tmp_path / "cache")
    texts = [a.sentence_text(s) for a in articles for s in a.sentences]
    contexts = [a.text[: s.start] for a in articles for s in a.sentences]
    each = [
        [[p.probabilities[label] for label in LABELS] for p in Classifier(t).classify(texts, contexts)]
        for t in (tiny_artifact, other_artifact)
    ]
    assert np.abs(np.array(each[0]) - each[1]).max() > 0.1
    assert said == pytest.approx(np.mean(each, axis=0), abs=1e-6)


def test_a_killed_run_asks_only_what_it_has_not_asked(tiny_artifact, own_articles, tmp_path, monkeypatch):
    articles = own_articles[:3]
    count = sum(len(a.sentences) for a in articles)
    monkeypatch.setattr(distill, "_CHUNK", 10)
    whole = ask([str(tiny_artifact)], articles, tmp_path / "whole")
    asked = []
    original = Classifier.classify

    def killed(self, sentences, context):
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(len(sentences))
        return original(self, sentences, context)

    monkeypatch.setattr(Classifier, "classify", killed)
    with pytest.raises(KeyboardInterrupt):
        ask([str(tiny_artifact)], articles, tmp_path / "cache")
    asked[:] = [None] * 9  # no more kills
    assert np.array_equal(ask([str(tiny_artifact)], articles, tmp_path / "cache"), whole)
    assert sum(asked[9:]) == count - 20
    asked[:] = [None, None]  # nothing may be asked at all
    assert np.array_equal(ask([str(tiny_artifact)], articles, tmp_path / "cache"), whole)
    with pytest.raises(KeyboardInterrupt):  # other texts are not found in the cache
        ask([str(tiny_artifact)], own_articles[3:5], tmp_path / "cache")


def test_temperature_softens():
    logits = np.array([[2.0, 0.0, -1.0, 0.5]])
    at = lambda t: np.exp(logits / t) / np.exp(logits / t).sum()  # noqa: E731
    assert soften(at(1).astype(np.float32), 3.0) == pytest.approx(at(3), abs=1e-6)


def test_a_teacher_that_has_seen_the_dev_part_is_refused(own_articles, tmp_path):
    dev = own_articles[:2]
    model = tmp_path / "run" / "model"
    model.mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match=r"split.json is not there.*data.fold=null"):
        check_teachers([str(model)], dev)
    check_teachers([str(model)], [])
    split = tmp_path / "run" / "split.json"
    split.write_text(json.dumps({"train": [own_articles[5].id], "dev": []}))
    check_teachers([str(model)], dev)
    split.write_text(json.dumps({"train": [dev[1].id, own_articles[5].id], "dev": []}))
    with pytest.raises(ValueError, match="has learnt from 1 articles that this run holds out"):
        check_teachers([str(model)], dev)


def test_gold_labels_weigh_where_there_are_any():
    examples = [{"input_ids": [1], "labels": 2}, {"input_ids": [1], "labels": 0}]
    lesson = Lesson(np.full((2, 4), 0.25, np.float32), labelled=1, gold=0.8)
    first, second = lesson(examples)
    assert first["labels"] == [0, 0, 0.8, 0]
    assert first["teacher"] == pytest.approx([0.05] * 4)
    assert second["labels"] == [0, 0, 0, 0]
    assert second["teacher"] == [0.25] * 4
    with pytest.raises(ValueError, match="argument 2 is longer"):
        lesson(examples[:1])


def test_unlabelled_news_is_neither_labelled_nor_a_copy(tmp_path, own_articles, monkeypatch):
    labelled = own_articles[0]
    documents = [
        {"id": "copy", "source": "x", "title": "", "text": labelled.text},
        {"id": "new", "source": "x", "title": "", "text": "ونفت الوزارة علمها بالأمر كله. وقال الوزير إن العمل مستمر."},
    ]
    (tmp_path / "news.jsonl.xz").write_bytes(lzma.compress("\n".join(map(json.dumps, documents)).encode()))
    monkeypatch.setattr(distill, "load_articles", lambda *_, **__: [labelled])
    data = Data(corpora=str(tmp_path), split_seed=1)
    assert [a.id for a in unlabelled_articles(data, 8)] == ["new"]
    assert unlabelled_articles(data, 0) == []


def test_the_learner_learns_what_the_teachers_say(tiny_encoder, tiny_artifact, own_articles, tmp_path, monkeypatch):
    """All gold labels say background, the teachers denial; it learns whom it is told to."""
    settings = Encoder(path=str(tiny_encoder), max_length=64, context_tokens=16, rules=False)
    tokenizer, layout = load_tokenizer(settings)
    articles = [
        replace(a, sentences=tuple(replace(s, label=Label.BACKGROUND) for s in a.sentences)) for a in own_articles[:2]
    ]
    sure = np.tile([0.0, 0.1, 0.9, 0.0], (200, 1)).astype(np.float32)
    monkeypatch.setattr(distill, "_probabilities", lambda _, inputs: sure[: len(inputs)])
    predicted = {}
    for gold in (0.0, 1.0):
        lesson = learn_from(
            Distill(teachers=[str(tiny_artifact)], gold=gold), articles, own_articles[2:3], tmp_path / "cache"
        )
        assert lesson.labelled == sum(len(a.sentences) for a in articles)
        if gold:  # the unlabelled ones have teachers alone
            lesson, learnt = replace(lesson, teacher=lesson.teacher[: lesson.labelled]), articles
        else:
            learnt = [*articles, own_articles[2]]
        examples = lesson(make_examples(learnt, tokenizer, layout))
        config = TrainConfig(
            Data(corpora="", split_seed=1), settings, Optimisation(batch_size=8, epochs=6, learning_rate=0.003),
            output="", precision="fp32",
        )  # fmt: skip
        torch.manual_seed(1)
        model = SentenceClassifier(load_encoder(settings), 0.0, rules=False)
        collator = TaughtCollator(layout.pad)
        finetune(config, model, collator, examples, [], tmp_path / f"checkpoints-{gold}", [])
        batch = collator(make_examples(learnt, tokenizer, layout))
        del batch["labels"]
        with torch.no_grad():
            predicted[gold] = {LABELS[i] for i in model.eval()(**batch)["logits"].argmax(-1).tolist()}
    assert predicted == {0.0: {Label.DENIAL}, 1.0: {Label.BACKGROUND}}
