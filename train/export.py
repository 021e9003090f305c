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
from scipy.special import softmax
from tokenizers import Tokenizer
from torch import Tensor, nn

from isnad.artifact import MODEL, TOKENIZER, ArtifactConfig, write_config
from isnad.encoding import Layout
from seeds.corpus import load_own
from train.data import Collator, Example, make_examples
from train.model import SentenceClassifier
from train.quantize import quantize

log = logging.getLogger(__name__)

INPUTS = ("input_ids", "attention_mask", "token_type_ids", "rule", "hints")
OUTPUTS = ("logits", "spans")
CALIBRATED_ON = 40  # articles, some 600 sentences
# What parity asks for on the examples given: the float graph is the torch model up to rounding; int8
# may flip a sentence on which the model wavers, and hardly any other.
FLOAT_TOLERANCE = 1e-3  # largest difference of a logit
WAVERS = 0.1  # difference of the two highest probabilities
MOST_FLIPPED = 0.01  # share of the sentences that are flipped though the model did not waver


class ParityError(RuntimeError):
    """The exported graph does not say what the model says."""


class _Function(nn.Module):
    """The model as a function from tensors to tensors."""

    def __init__(self, model: SentenceClassifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        outputs = self.model(*tensors)
        return tuple(outputs[name] for name in OUTPUTS)


def _to_onnx(model: SentenceClassifier, sample: dict[str, Tensor], path: Path) -> None:
    axes = {name: {0: "rows", 1: "length"} for name in (*INPUTS, "spans")}
    axes |= {"rule": {0: "rows"}, "logits": {0: "rows"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of every shape that it records
        torch.onnx.export(
            _Function(model).eval(), tuple(sample[name] for name in INPUTS), str(path),
            input_names=list(INPUTS), output_names=list(OUTPUTS), dynamic_axes=axes,
            opset_version=17, dynamo=False,
        )  # fmt: skip
    onnx.checker.check_model(str(path))


def _feed(batch: dict[str, Tensor]) -> dict[str, np.ndarray]:
    """What a graph takes of a batch."""
    return {name: batch[name].numpy() for name in INPUTS}


def _calibration(tokenizer: Tokenizer, layout: Layout) -> list[list[Example]]:
    """Batches of like length from all over our own articles: what activations' ranges are measured on, in any run."""
    articles = load_own()
    examples = make_examples(articles[:: max(1, len(articles) // CALIBRATED_ON)], tokenizer, layout)
    examples.sort(key=lambda e: len(e["input_ids"]))  # type: ignore[arg-type]
    return [examples[i : i + 16] for i in range(0, len(examples), 16)]


def _run(path: Path, batches: list[dict[str, Tensor]]) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and where each of the four pointers points: both of shape (rows, 4)."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    runs = [session.run(list(OUTPUTS), _feed(batch)) for batch in batches]
    return np.concatenate([logits for logits, _ in runs]), np.concatenate([spans.argmax(1) for _, spans in runs])


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
    measured = [_feed(collate(batch)) for batch in _calibration(tokenizer, layout)]
    outputs = [model(**{k: b[k] for k in INPUTS}) for b in batches]
    reference = torch.cat([o["logits"] for o in outputs]).numpy()
    pointed = torch.cat([o["spans"].argmax(1) for o in outputs]).numpy()
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=f".{directory.name}-") as work:
        full, made = Path(work, "float.onnx"), Path(work, "made")
        made.mkdir()
        _to_onnx(model, batches[0], full)
        quantize(full, made / MODEL, measured)
        (logits, _), (int8_logits, int8_pointed) = _run(full, batches), _run(made / MODEL, batches)
        parity = check_parity(reference, logits, int8_logits)
        parity["int8_pointers"] = float((pointed == int8_pointed).mean())
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
