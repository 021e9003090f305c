"""Export a fine-tuned classifier as an artifact: int8 ONNX graph, tokenizer, sealed configuration.

The export is refused unless the exported graph says what the torch model says.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from scipy.special import softmax
from tokenizers import Tokenizer
from torch import Tensor, nn

from isnad.artifact import MODEL, TOKENIZER, ArtifactConfig, write_config
from isnad.encoding import Layout
from train.data import Collator, Example
from train.model import SentenceClassifier

log = logging.getLogger(__name__)

INPUTS = ("input_ids", "attention_mask", "token_type_ids", "rule")
# What parity asks for on the examples given: the float graph is the torch model up to rounding; int8
# may flip a sentence on which the model wavers, and hardly any other.
FLOAT_TOLERANCE = 1e-3  # largest difference of a logit
WAVERS = 0.1  # difference of the two highest probabilities
MOST_FLIPPED = 0.01  # share of the sentences that are flipped though the model did not waver


class ParityError(RuntimeError):
    """The exported graph does not say what the model says."""


class _Logits(nn.Module):
    """The model as a function from tensors to logits."""

    def __init__(self, model: SentenceClassifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, *tensors: Tensor) -> Tensor:
        return self.model(*tensors)["logits"]


def _to_onnx(model: SentenceClassifier, sample: dict[str, Tensor], path: Path) -> None:
    axes = {name: {0: "rows", 1: "length"} for name in INPUTS} | {"rule": {0: "rows"}, "logits": {0: "rows"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of every shape that it records
        torch.onnx.export(
            _Logits(model).eval(), tuple(sample[name] for name in INPUTS), str(path),
            input_names=list(INPUTS), output_names=["logits"], dynamic_axes=axes,
            opset_version=17, dynamo=False,
        )  # fmt: skip
    onnx.checker.check_model(str(path))


def _run(path: Path, batches: list[dict[str, Tensor]]) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rows = [session.run(["logits"], {name: batch[name].numpy() for name in INPUTS})[0] for batch in batches]
    return np.concatenate(rows)


def check_parity(reference: np.ndarray, float_logits: np.ndarray, int8_logits: np.ndarray) -> dict[str, float]:
    """Compare logits of shape (rows, 4); returns what was measured.

    Raises:
        ParityError: the float graph differs by more than rounding, or int8 flips too many labels.
    """
    difference = float(np.abs(reference - float_logits).max())
    if not difference <= FLOAT_TOLERANCE:
        raise ParityError(
            f"the exported graph differs from the model by {difference:.2e} in a logit (at most {FLOAT_TOLERANCE:.0e})"
        )
    same = reference.argmax(1) == int8_logits.argmax(1)
    highest = np.sort(softmax(reference, axis=1), axis=1)
    decided = highest[:, -1] - highest[:, -2] > WAVERS
    flipped = float((decided & ~same).mean())
    if flipped > MOST_FLIPPED:
        raise ParityError(f"int8 flips {flipped:.1%} of the sentences though the model is decided on them")
    return {"float_difference": difference, "int8_agreement": float(same.mean()), "int8_flipped": flipped}


@torch.no_grad()
def export(
    model: SentenceClassifier,
    tokenizer: Tokenizer,
    layout: Layout,
    examples: list[Example],
    directory: Path,
    provenance: dict[str, Any],
) -> dict[str, float]:
    """Write the artifact to `directory` and return the parity measured on `examples`.

    The directory appears whole or not at all: it is made beside its place and moved there.

    Raises:
        ParityError: the exported graph does not say what the model says; nothing is written.
    """
    model = model.float().cpu().eval()
    collate = Collator(layout.pad)
    batches = [collate(examples[i : i + 16]) for i in range(0, min(len(examples), 256), 16)]
    reference = torch.cat([model(**{k: b[k] for k in INPUTS})["logits"] for b in batches]).numpy()
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=f".{directory.name}-") as work:
        full, made = Path(work, "float.onnx"), Path(work, "made")
        made.mkdir()
        _to_onnx(model, batches[0], full)
        quantize_dynamic(full, made / MODEL, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
        parity = check_parity(reference, _run(full, batches), _run(made / MODEL, batches))
        tokenizer.save(str(made / TOKENIZER))
        write_config(made, ArtifactConfig(layout, INPUTS, provenance=provenance | {"parity": parity}))
        if directory.exists():
            shutil.rmtree(directory)
        made.replace(directory)
    size = (directory / MODEL).stat().st_size / 1e6
    log.info(
        "model of %.1f MB in %s; int8 keeps %.1f %% of the labels", size, directory, 100 * parity["int8_agreement"]
    )
    return parity
