"""The exported float graph → int8: matrix products on activations of fixed scales, and embedding tables.

Where scales are taken anew from each batch, a sentence's score depends on what else is in the batch, and every product
looks through its input first.  Here the scales are measured once, on examples (static quantisation; Jacob et al. 2018).
onnxruntime's own tool writes the same arithmetic as pairs of nodes that its CPU provider fuses only in part, which is
slower than scales taken anew; so its fused product is written straight away.
"""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import NodeProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

Feed = dict[str, NDArray[np.int64]]

# The heads stay in float: they are small, and their input is no layer's output alone.
_PRODUCTS = "/model/encoder/"
# Seven bits of a weight: two products fit the 16 bits that processors without VNNI add them in.
_LARGEST = 64


def _products(graph: onnx.GraphProto) -> list[NodeProto]:
    """The encoder's products of a state and a weight matrix."""
    weights = {tensor.name for tensor in graph.initializer if len(tensor.dims) == 2}
    return [n for n in graph.node if n.op_type == "MatMul" and n.name.startswith(_PRODUCTS) and n.input[1] in weights]


def _ranges(model: onnx.ModelProto, tensors: list[str], feeds: list[Feed]) -> dict[str, tuple[float, float]]:
    """Least and greatest value of each tensor (rows, length, width) over the examples, padding aside; 0 is within."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors)
    session = onnxruntime.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    ranges = dict.fromkeys(tensors, (0.0, 0.0))
    for feed in feeds:
        for name, values in zip(tensors, session.run(tensors, feed), strict=True):
            low, high = ranges[name]
            own = values[feed["attention_mask"] > 0]
            ranges[name] = min(low, float(own.min())), max(high, float(own.max()))
    return ranges


def _integers(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """A matrix as integers, and the scale of each column."""
    scales = np.maximum(np.abs(weight).max(axis=0), np.finfo(np.float32).tiny) / _LARGEST
    return np.round(weight / scales).astype(np.int8), scales.astype(np.float32)


class _Rewriter:
    """Puts integer products in the place of float ones, biases included."""

    def __init__(self, graph: onnx.GraphProto, ranges: dict[str, tuple[float, float]]) -> None:
        self.graph, self.ranges = graph, ranges
        self.tensors = {tensor.name: tensor for tensor in graph.initializer}
        self.readers = Counter(name for node in graph.node for name in node.input)
        self.added: dict[str, NDArray[np.generic]] = {}
        self.quantized: set[str] = set()

    def nodes_for(self, product: NodeProto, bias: NodeProto | None) -> list[NodeProto]:
        """What takes the place of a product and of the addition of its bias."""
        state, weight = product.input
        scale, zero = f"{state}_int8_scale", f"{state}_int8_zero"
        made = []
        if state not in self.quantized:  # once for all the products that read it
            self.quantized.add(state)
            low, high = self.ranges[state]
            step = max(high - low, np.finfo(np.float32).tiny) / 255
            self.added |= {scale: np.float32(step), zero: np.uint8(round(-low / step))}
            made.append(helper.make_node("QuantizeLinear", [state, scale, zero], [f"{state}_int8"]))
        integers, scales = _integers(numpy_helper.to_array(self.tensors[weight]))
        names = [f"{weight}_int8", f"{weight}_int8_scale"]
        self.added |= dict(zip(names, (integers, scales), strict=True))
        inputs = [f"{state}_int8", names[0], scale, names[1], zero]
        if bias is not None:
            inputs += ["", self.bias_of(bias)]
        output = (product if bias is None else bias).output
        made.append(helper.make_node("MatMulIntegerToFloat", inputs, output, product.name, domain="com.microsoft"))
        return made

    def bias_of(self, addition: NodeProto) -> str:
        """The vector that an addition adds, or the empty string."""
        return next((n for n in addition.input if n in self.tensors and len(self.tensors[n].dims) == 1), "")

    def rewrite(self, products: list[NodeProto]) -> None:
        """Rewrite the graph in place."""
        outputs = {product.output[0] for product in products}
        biases: dict[str, NodeProto] = {}  # by the product's output
        for node in self.graph.node:
            source = next((name for name in node.input if name in outputs and self.readers[name] == 1), None)
            if node.op_type == "Add" and source is not None and self.bias_of(node):
                biases[source] = node
        added = {node.output[0] for node in biases.values()}
        nodes: list[NodeProto] = []
        for node in self.graph.node:
            if node.output[0] in outputs:
                nodes += self.nodes_for(node, biases.get(node.output[0]))
            elif node.output[0] not in added:
                nodes.append(node)
        gone = {product.input[1] for product in products}
        kept = [tensor for tensor in self.graph.initializer if tensor.name not in gone]
        kept += [numpy_helper.from_array(np.asarray(value), name) for name, value in self.added.items()]
        del self.graph.node[:], self.graph.initializer[:], self.graph.value_info[:]
        self.graph.node.extend(nodes)
        self.graph.initializer.extend(kept)


def quantize(full: Path, to: Path, feeds: list[Feed]) -> None:
    """Write an int8 form of a float graph that `train.export` made.

    Args:
        full: the float graph.
        to: where the int8 graph goes.
        feeds: batches of examples that the activations' ranges are measured on; what lies beyond them later is
            clipped.

    Raises:
        ValueError: the graph has none of the products that are looked for.
    """
    model = onnx.load(full)
    products = _products(model.graph)
    if not products:
        raise ValueError(f"{full}: no matrix product named {_PRODUCTS}… to quantise")
    ranges = _ranges(model, sorted({product.input[0] for product in products}), feeds)
    _Rewriter(model.graph, ranges).rewrite(products)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    logging.disable(logging.INFO)  # it tells the root logger of every tensor that stays as it is
    try:
        quantize_dynamic(
            model, to, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8, op_types_to_quantize=["Gather"]
        )
    finally:
        logging.disable(logging.NOTSET)
