import io
import json
import sys

import pytest
from rich.console import Console

from eval.bench import load
from eval.bench.__main__ import ENCODER, OURS, REFERENCE, choose, prepare, print_table, summarise
from eval.bench.peak import operations, peaks
from eval.bench.systems import SYSTEMS, Measured, measure
from isnad import Classifier


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    return folder, prepare(folder, choose(8, seed=1))


def test_sentences_come_article_by_article(prepared):
    items = json.loads((prepared[0] / "items.json").read_text("utf-8"))
    assert items[0]["context"] == ""
    assert items[1]["context"].startswith(items[0]["sentence"])


def test_every_system_gets_the_same_tokens(prepared):
    from transformers import AutoTokenizer

    folder, lengths = prepared
    tokenizer = AutoTokenizer.from_pretrained(folder / "hf")
    items = json.loads((folder / "items.json").read_text("utf-8"))
    for item, length in zip(items, lengths, strict=True):
        plain = tokenizer(item["plain_context"], item["plain_sentence"], truncation=True)["input_ids"]
        assert abs(len(plain) - length) <= 4  # a word cut by the limit is another word


def test_the_floats_agree(prepared):
    """The pipeline, torch and the exported graph are one network."""
    import numpy as np
    import onnxruntime
    import torch
    from transformers import AutoModelForSequenceClassification

    folder, _ = prepared
    inputs = {name: np.ones((2, 9), np.int64) for name in ("input_ids", "attention_mask", "token_type_ids")}
    inputs["input_ids"][:] = np.arange(18).reshape(2, 9) + 100
    (exported,) = onnxruntime.InferenceSession(folder / "float.onnx").run(None, inputs)
    model = AutoModelForSequenceClassification.from_pretrained(folder / "hf").eval()
    with torch.no_grad():
        expected = model(**{name: torch.from_numpy(array) for name, array in inputs.items()}).logits
    assert np.abs(exported - expected.numpy()).max() < 1e-4


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_is_measured(prepared, name, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    measured = measure(SYSTEMS[name], prepared[0], passes=2)
    assert len(measured.per_second) == len(measured.per_cpu_second) == 2
    assert len(measured.single) == 8
    assert min(measured.per_second + measured.single) > 0
    assert measured.memory > 50


def test_figures_are_medians_and_ratios():
    slow = Measured(2.0, [10.0, 30.0, 20.0], [40.0, 50.0, 60.0], [0.1] * 99 + [1.0], 100.0)
    row = summarise([slow, slow], work=2.0, peak=1000.0)
    assert (row["per_second"], row["slowest"], row["fastest"], row["per_cpu_second"]) == (20, 10, 30, 50)
    assert row["share_of_peak"] == pytest.approx(0.1)
    assert row["single_p50"] == pytest.approx(0.1)
    console = Console(width=140, record=True, file=io.StringIO())
    print_table(1, {REFERENCE: row, OURS: row | {"per_second": 90.0}}, console)
    assert " 4.5 " in console.export_text()


def test_operations_are_counted_by_hand():
    from transformers import BertConfig

    config = BertConfig(hidden_size=4, intermediate_size=8, num_hidden_layers=1)
    # three tokens: four 4×4 products, two 4×8, and two 3×3 with 4
    assert operations(config, [3]) == 2 * (3 * (4 * 16 + 2 * 32) + 2 * 9 * 4)


def test_the_peak_is_a_rate():
    assert all(rate > 1e8 for rate in peaks(1, repeats=1).values())


def test_the_service_is_loaded_and_stopped(tiny_artifact, monkeypatch, capsys):
    monkeypatch.setattr(
        sys, "argv", ["load", "--seconds", "0.6", "--factors", "0.5", "8", "--", "--model", str(tiny_artifact),
                      "--max-queue", "60"],
    )  # fmt: skip
    with pytest.raises(SystemExit) as ended:
        load.main()
    assert ended.value.code == 0  # nothing accepted was lost
    assert "accepted by the service" in capsys.readouterr().out


def test_the_encoder_that_is_measured_is_the_shipped_shape():
    import onnx
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(ENCODER)
    shipped = onnx.load(Classifier().model_dir / "model.onnx").graph.initializer
    feed_forward = [t for t in shipped if tuple(t.dims) == (config.hidden_size, config.intermediate_size)]
    assert len(feed_forward) == config.num_hidden_layers
