import numpy as np
import onnx
import pytest
import torch

from isnad import Classifier
from isnad.artifact import read_config
from train import export as module
from train.config import Encoder
from train.data import Collator, make_examples
from train.encoder import load_encoder, load_tokenizer
from train.export import ParityError, check_parity, export
from train.model import SentenceClassifier


@pytest.fixture
def parts(tiny_encoder, own_articles):
    settings = Encoder(path=str(tiny_encoder), max_length=64, context_tokens=16)
    tokenizer, layout = load_tokenizer(settings)
    torch.manual_seed(3)
    return (
        SentenceClassifier(load_encoder(settings), 0.1),
        tokenizer,
        layout,
        make_examples(own_articles[:3], tokenizer, layout),
    )


def test_the_artifact_says_what_the_model_says(parts, tmp_path, own_articles):
    model, tokenizer, layout, examples = parts
    parity = export(model, tokenizer, layout, examples, tmp_path / "model", {"run": "x"})
    assert parity["float_difference"] < 1e-3
    assert read_config(tmp_path / "model").provenance["run"] == "x"
    with torch.no_grad():
        batch = Collator(layout.pad)(examples)
        targets = batch.pop("labels"), batch.pop("span_targets")
        assert targets[0].shape == (len(examples),)
        expected = model(**batch)["logits"].softmax(-1).numpy()
    sentences = [(a, s) for a in own_articles[:3] for s in a.sentences]
    answers = Classifier(tmp_path / "model").classify(
        [a.sentence_text(s) for a, s in sentences], [a.text[: s.start] for a, s in sentences]
    )
    got = np.array([list(p.probabilities.values()) for p in answers])
    assert np.abs(got - expected).max() < 0.05  # int8
    assert parity["int8_pointers"] > 0.9


def test_the_graph_is_int8(tiny_artifact):
    graph = onnx.load(tiny_artifact / "model.onnx").graph
    assert any(node.op_type == "MatMulIntegerToFloat" for node in graph.node)
    assert any(t.data_type == onnx.TensorProto.INT8 for t in graph.initializer)


def test_parity_refuses_a_mismatch():
    logits = np.eye(4).repeat(50, axis=0)
    assert check_parity(logits, logits, logits)["int8_agreement"] == 1.0
    with pytest.raises(ParityError, match="differs from the model"):
        check_parity(logits, logits + 0.01, logits)
    with pytest.raises(ParityError, match="differs from the model"):
        check_parity(logits, logits * np.nan, logits)
    flipped = logits.copy()
    flipped[:4] = logits[-1]
    with pytest.raises(ParityError, match=r"int8 flips 2\.0%"):
        check_parity(logits, logits, flipped)
    wavering = check_parity(logits * 0.01, logits * 0.01, flipped)
    assert (wavering["int8_agreement"], wavering["int8_flipped"]) == (0.98, 0.0)


def test_nothing_is_written_on_a_mismatch(parts, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FLOAT_TOLERANCE", -1.0)
    with pytest.raises(ParityError):
        export(*parts, tmp_path / "model", {})
    assert list(tmp_path.iterdir()) == []


def test_an_export_replaces_an_older_one_whole(parts, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "stale").write_text("x")
    export(*parts, tmp_path / "model", {})
    assert sorted(p.name for p in (tmp_path / "model").iterdir()) == ["config.json", "model.onnx", "tokenizer.json"]
