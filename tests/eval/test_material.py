import json
from pathlib import Path

import pytest

from eval.items import read_articles
from eval.material import gather, name_others, seen_by_others, select


@pytest.fixture
def split(tmp_path, own_articles):
    path = tmp_path / "split.json"
    path.write_text(json.dumps({"train": [own_articles[0].id], "dev": [a.id for a in own_articles[1:3]]}))
    return path


@pytest.fixture
def config(tmp_path, split):
    from eval.config import EvalConfig

    return EvalConfig(artifact="model", corpora=str(tmp_path / "none"), split=str(split), output=str(tmp_path))


def test_select_takes_the_run_s_own_parts(tmp_path, own_articles, split):
    train, held_out = select(own_articles, split, "dev")
    assert [a.id for a in train] == [own_articles[0].id]
    assert [a.id for a in held_out] == [own_articles[1].id, own_articles[2].id]
    with pytest.raises(ValueError, match="choose dev or test"):
        select(own_articles, split, "all")
    with pytest.raises(ValueError, match="none of its articles is there"):
        select(own_articles, split, "test")  # its articles are real ones
    with pytest.raises(FileNotFoundError, match="give split="):
        select(own_articles, tmp_path / "none.json", "dev")


def test_a_run_s_own_part_is_the_default(config, own_articles):
    material = gather(config)
    assert len(material.train) == len(own_articles[0].sentences)
    assert len(material.measured) == sum(len(a.sentences) for a in own_articles[1:3])
    assert len(material.corpus) == sum(len(a.sentences) for a in own_articles)
    assert "dev flatters them" in material.notes[0]


def test_a_labelled_file_is_searched_for_what_was_trained_on(config, tmp_path, own_articles):
    seen = own_articles[0].sentence_text(own_articles[0].sentences[0])
    lines = [{"text": seen, "label": "background"}, {"text": "جملة لم يرها أحد.", "label": "background"}]
    config.data = str(tmp_path / "mine.jsonl")
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    material = gather(config)
    assert len(material.measured) == 2
    assert material.train
    assert material.notes == [
        "1 of the sentences are among those that the model was trained on: its figures flatter it."
    ]
    config.split = str(tmp_path / "none.json")
    material = gather(config)
    assert material.train == []
    assert "what the model was trained on is not known" in material.notes[0]


def test_other_models_are_named_by_their_runs():
    assert name_others(["runs/a/model", "runs/b/model", "isnad/other"]) == {
        "a": "runs/a/model", "b": "runs/b/model", "other": "isnad/other",
    }  # fmt: skip
    assert set(name_others(["runs/rules/model", "model"])) == {"runs/rules/model", Path.cwd().name}
    assert set(name_others(["x/a/model", "y/a/model"])) == {"x/a/model", "y/a/model"}


def test_a_model_that_has_seen_the_articles_is_told(tmp_path, own_articles, split):
    measured = read_articles(own_articles[1:3])
    (tmp_path / "b").mkdir()
    others = {"a": str(split.parent / "model"), "b": str(tmp_path / "b" / "model")}
    assert seen_by_others({"a": others["a"]}, measured) == []
    (tmp_path / "b" / "split.json").write_text(json.dumps({"train": [own_articles[1].id]}))
    assert "b was trained on 1 of the 2 articles" in seen_by_others(others, measured)[0]
    assert "may have been trained" in seen_by_others({"c": "elsewhere/model"}, measured)[0]
