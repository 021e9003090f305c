from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from train.quantize import quantize

MASK = np.array([[1, 1, 1], [1, 1, 0]], np.int64)


@pytest.fixture
def layer(tmp_path):
    """A graph of a table and two products of its rows, one with a bias; its weights, and where it lies."""
    rng = np.random.default_rng(0)
    arrays = {
        "table": rng.normal(size=(50, 8)), "w0": rng.normal(size=(8, 6)), "w1": 30 * rng.normal(size=(8, 6)),
        "bias": rng.normal(size=6), "w2": rng.normal(size=(6, 4)),
    }  # fmt: skip
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["state"], "/gather"),
        helper.make_node("MatMul", ["state", "w0"], ["a"], "/model/encoder/a"),
        helper.make_node("Add", ["bias", "a"], ["b"], "/model/encoder/a/bias"),
        helper.make_node("MatMul", ["state", "w1"], ["c"], "/model/encoder/c"),
        helper.make_node("Add", ["b", "c"], ["d"], "/model/encoder/d"),
        helper.make_node("MatMul", ["d", "w2"], ["logits"], "/model/head"),
        helper.make_node("Identity", ["attention_mask"], ["mask"], "/mask"),
    ]
    shapes = {name: helper.make_tensor_value_info(name, TensorProto.INT64, ["rows", "length"])
              for name in ("input_ids", "attention_mask", "mask")}  # fmt: skip
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["rows", "length", 4])
    graph = helper.make_graph(
        nodes, "layer", [shapes["input_ids"], shapes["attention_mask"]], [logits, shapes["mask"]],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "float.onnx")
    return arrays, tmp_path


def feed(ids):
    return {"input_ids": np.array(ids, np.int64), "attention_mask": MASK}


def logits(path, ids):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(["logits"], feed(ids))[0]


def test_it_says_what_the_float_graph_says(layer):
    _, folder = layer
    seen = [feed(np.arange(i, i + 6).reshape(2, 3)) for i in range(0, 40, 6)]
    quantize(folder / "float.onnx", folder / "int8.onnx", seen)
    ids = [[3, 30, 20], [7, 41, 5]]
    expected, got = logits(folder / "float.onnx", ids), logits(folder / "int8.onnx", ids)
    assert 0 < np.abs(got - expected).max() < 0.02 * np.abs(expected).max()


def test_states_are_quantised_once_and_biases_are_part_of_the_product(layer):
    arrays, folder = layer
    quantize(folder / "float.onnx", folder / "int8.onnx", [feed([[0, 1, 2], [3, 4, 5]])])
    graph = onnx.load(folder / "int8.onnx").graph
    kinds = Counter(node.op_type for node in graph.node)
    assert (kinds["QuantizeLinear"], kinds["MatMulIntegerToFloat"], kinds["DynamicQuantizeLinear"]) == (1, 2, 0)
    assert kinds["MatMul"] == 1  # the head's
    assert [list(n.input)[6:] for n in graph.node if n.op_type == "MatMulIntegerToFloat"] == [["bias"], []]
    kept = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    restored = kept["w1_int8"] * kept["w1_int8_scale"]
    assert kept["w1_int8"].dtype == np.int8
    assert np.abs(kept["w1_int8"]).max() == 64
    assert (np.abs(restored - arrays["w1"]) <= kept["w1_int8_scale"] / 2 + 1e-6).all()


def test_padding_has_no_part_in_the_ranges(layer):
    arrays, folder = layer
    ids = np.array([[0, 1, 2], [3, 4, 49]])  # 49 is padding
    arrays["table"][49] = 1e6
    model = onnx.load(folder / "float.onnx")
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(arrays["table"], "table"))
    onnx.save(model, folder / "float.onnx")
    quantize(folder / "float.onnx", folder / "int8.onnx", [feed(ids)])
    kept = {t.name: numpy_helper.to_array(t) for t in onnx.load(folder / "int8.onnx").graph.initializer}
    own = arrays["table"][:5]
    assert kept["state_int8_scale"] == pytest.approx((own.max() - own.min()) / 255)


def test_a_graph_without_such_products_is_refused(layer):
    _, folder = layer
    model = onnx.load(folder / "float.onnx")
    for node in model.graph.node:
        node.name = node.name.replace("encoder", "body")
    onnx.save(model, folder / "float.onnx")
    with pytest.raises(ValueError, match="no matrix product named /model/encoder/"):
        quantize(folder / "float.onnx", folder / "int8.onnx", [feed([[0, 1, 2], [3, 4, 5]])])
