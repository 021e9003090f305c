from dataclasses import replace

import pytest
import torch

from isnad import Label
from isnad.encoding import Layout
from seeds.corpus import Article, LabelledSentence
from train.config import Data
from train.data import Collator, load_parts, make_examples

LAYOUT = Layout(max_length=64, context_tokens=16, cls=2, sep=3, pad=0)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Our own articles alone: no corpora in the folder."""
    return Data(corpora=str(tmp_path_factory.mktemp("none")), split_seed=1, limit=60)


def test_parts_do_not_meet_and_are_hashed(settings):
    parts = load_parts(settings)
    assert not {a.id for a in parts.train} & {a.id for a in parts.dev}
    assert len(parts.data_hash) == 16
    assert load_parts(settings).data_hash == parts.data_hash
    assert sum(len(a.sentences) for a in parts.train[:-1]) < 60 <= sum(len(a.sentences) for a in parts.train)


def test_a_share_of_the_articles_is_part_of_a_larger_share(settings):
    parts = [{a.id for a in load_parts(replace(settings, limit=None, share=share)).train} for share in (0.25, 0.5, 1.0)]
    assert parts[0] < parts[1] < parts[2]
    assert len(parts[0]) == pytest.approx(len(parts[2]) / 4, abs=1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"train_on": "all"}, "data.train_on='all': choose both, own or real"),
        ({"share": 0.0}, "data.share=0.0: more than 0"),
        ({"train_on": "real"}, "data.train_on=real data.share=1.0: no article to learn from"),
        ({"train_on": "real", "only": ["x:"]}, "data.train_on=real data.only=x: data.share=1.0: no article"),
    ],
)
def test_what_cannot_be_learnt_from_is_named(settings, wrong, message):
    with pytest.raises(ValueError, match=message):
        load_parts(replace(settings, **wrong))


def test_one_part_alone_is_learnt_from_and_all_is_measured_on(settings, own_articles, monkeypatch):
    real = [replace(a, id=f"real-{a.id}", sampling="natural") for a in own_articles[:40]]
    monkeypatch.setattr("train.data.load_articles", lambda *_, **__: [*own_articles[40:], *real])
    for name, is_own in (("own", True), ("real", False)):
        parts = load_parts(replace(settings, limit=None, train_on=name))
        assert {a.is_own for a in parts.train} == {is_own}
        assert {a.is_own for a in parts.dev} == {True, False}
    begins = real[0].id.rpartition("-")[0]  # one house style
    parts = load_parts(replace(settings, limit=None, only=[begins]))
    learnt = [a.id for a in parts.train if not a.is_own]
    assert learnt
    assert all(key.startswith(begins) for key in learnt)
    assert any(a.is_own for a in parts.train)
    assert not all(a.is_own or a.id.startswith(begins) for a in parts.dev)  # all is measured on


def test_an_example_is_the_sentence_with_the_text_before_it(tiny_tokenizer):
    text = "عقد المجلس جلسته. وقال رئيسه إنه باق."
    article = Article("own-x", "own/x", "", text, (LabelledSentence(18, len(text), Label.REPORTED_CLAIM),))
    (example,) = make_examples([article], tiny_tokenizer, LAYOUT)
    ids, segments = example["input_ids"], example["token_type_ids"]
    assert example["labels"] == 1
    assert example["rule"] == 1
    border = segments.index(1)
    assert ids[0] == 2
    assert ids[border - 1] == ids[-1] == 3
    encode = lambda t: tiny_tokenizer.encode(t, add_special_tokens=False).ids  # noqa: E731
    assert ids[1 : border - 1] == encode(text[:17])[-16:]
    assert ids[border:-1] == encode(text[18:])


def test_batches_are_padded_to_a_multiple_of_eight():
    examples = [
        {"input_ids": [2, 9, 3], "token_type_ids": [0, 1, 1], "rule": 1, "hints": [0, 4, 0], "labels": 2},
        {"input_ids": [2] * 11, "token_type_ids": [0] * 11, "rule": 3, "hints": [0] * 11, "labels": 0},
    ]
    for example in examples:
        example["span_targets"] = [1, 1, 0, 0]
    batch = Collator(pad=7)(examples)
    wide = ("input_ids", "attention_mask", "token_type_ids", "hints")
    assert {k: tuple(v.shape) for k, v in batch.items() if v.ndim == 2} == dict.fromkeys(wide, (2, 16)) | {
        "span_targets": (2, 4)
    }
    assert batch["hints"][0].tolist() == [0, 4] + [0] * 14
    assert batch["input_ids"][0].tolist() == [2, 9, 3] + [7] * 13
    assert batch["attention_mask"].sum(1).tolist() == [3, 11]
    assert batch["labels"].tolist() == [2, 0]
    assert batch["rule"].tolist() == [1, 3]
    assert batch["rule"].dtype == torch.long


def test_weak_labels_leave_out_what_is_labelled(tmp_path, own_articles):
    import json
    import lzma

    from train.weak import weak_articles

    labelled = own_articles[0]
    documents = [
        {"id": "copy", "source": "x", "title": "", "text": labelled.text},
        {"id": "new", "source": "x", "title": "", "text": "ونفت الوزارة علمها بالأمر كله. وقال الوزير إن العمل مستمر."},
    ]
    (tmp_path / "news.jsonl.xz").write_bytes(lzma.compress("\n".join(map(json.dumps, documents)).encode()))
    (article,) = weak_articles(tmp_path, [labelled], count=8, seed=1)
    assert article.id == "new"
    assert [s.label for s in article.sentences] == [Label.DENIAL, Label.REPORTED_CLAIM]
    with pytest.raises(FileNotFoundError, match="weak labels need unlabelled news"):
        weak_articles(tmp_path / "none", [labelled], count=8, seed=1)
