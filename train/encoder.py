"""Load an encoder and its tokenizer, from a local folder or the hub."""

from __future__ import annotations

import logging
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel

from isnad.encoding import Layout
from train.config import Encoder

log = logging.getLogger(__name__)

# The marks that carry the task; an encoder that cannot see them starts with a handicap.
TELLING_MARKS = '«»“”":؟'


class EncoderError(ValueError):
    """An encoder cannot be loaded or used; the message says which, why, and what to do."""


def unknown_marks(tokenizer: Tokenizer, unk: int | None) -> list[str]:
    """The telling marks that the tokenizer drops or maps to the unknown token."""
    ids = {mark: tokenizer.encode(mark, add_special_tokens=False).ids for mark in TELLING_MARKS}
    return [mark for mark, pieces in ids.items() if not pieces or unk in pieces]


def _trusted(config: Encoder) -> bool:
    """Whether code that comes with the encoder may run: only where it was named."""
    return config.allow_code_of is not None and config.allow_code_of == config.path


def _cannot_load(config: Encoder, error: Exception) -> EncoderError:
    return EncoderError(f"encoder.path={config.path}: cannot be loaded. {_remedy(config, error)}\n  ({error})")


def _remedy(config: Encoder, error: Exception) -> str:
    if "trust_remote_code" in str(error) and not _trusted(config):
        return (
            "Its network is Python code in its repository, which is not run unless you name it: read that code, "
            f"then add encoder.allow_code_of={config.path}"
        )
    where = (
        ""
        if Path(config.path).is_dir()
        else "There is no such folder, and the hub was not reached or has no such model. "
    )
    return f"{where}Offline, use the encoder that the repository ships: encoder.path=seeds/encoder"


def load_tokenizer(config: Encoder) -> tuple[Tokenizer, Layout]:
    """The encoder's tokenizer, and how inputs are laid out for it.

    Raises:
        EncoderError: there is no such encoder, it has no fast tokenizer, or its inputs are shorter
            than `max_length`.
    """
    if not Path(config.path).is_dir():
        log.info(
            "looking for %s on the hub; without a network that takes minutes, and HF_HUB_OFFLINE=1 skips it",
            config.path,
        )
    try:
        limit = AutoConfig.from_pretrained(config.path, trust_remote_code=_trusted(config)).max_position_embeddings
        wrapped = AutoTokenizer.from_pretrained(config.path, trust_remote_code=_trusted(config))
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"encoder.path={config.path}: cannot be loaded. {_remedy(config, error)}\n  ({error})"
        ) from error
    if not wrapped.is_fast:
        raise EncoderError(f"encoder.path={config.path} has no tokenizer.json, which inference needs")
    if config.max_length > limit:
        raise EncoderError(f"encoder.max_length={config.max_length}, but {config.path} takes {limit} tokens at most")
    tokenizer: Tokenizer = wrapped.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    missing = unknown_marks(tokenizer, wrapped.unk_token_id)
    if missing:
        log.warning("%s does not know the marks %s: quotations will be harder to see; another encoder is better",
                    config.path, " ".join(missing))  # fmt: skip
    cls, sep, pad = wrapped.cls_token_id, wrapped.sep_token_id, wrapped.pad_token_id
    if cls is None or sep is None or pad is None:
        raise EncoderError(f"encoder.path={config.path}: its tokenizer lacks one of the [CLS], [SEP], [PAD] tokens")
    return tokenizer, Layout(config.max_length, config.context_tokens, cls, sep, pad)


def load_encoder(config: Encoder) -> PreTrainedModel:
    """The encoder in float32; `random_weights` keeps its shape alone.

    Raises:
        EncoderError: there is no such encoder, or its weights cannot be had whole.
    """
    trusted = _trusted(config)
    try:
        settings = AutoConfig.from_pretrained(config.path, trust_remote_code=trusted)
        settings.dtype = torch.float32  # the weights are stored in half precision
        settings.hidden_dropout_prob, settings.attention_probs_dropout_prob = config.dropout, 0.0
        settings._attn_implementation = "eager"  # the fastest for short inputs on a CPU, and what is exported
        if config.random_weights:
            encoder = AutoModel.from_config(settings, trust_remote_code=trusted)
        else:
            encoder = AutoModel.from_pretrained(
                config.path, config=settings, dtype=torch.float32, trust_remote_code=trusted
            )
    except (OSError, ValueError) as error:
        raise _cannot_load(config, error) from error
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None  # the classifier pools for itself; unused weights would only be carried along
    return encoder


def save_encoder(encoder: PreTrainedModel, path: str, folder: Path) -> None:
    """Save a trained encoder with the tokenizer of the one at `path`: the `encoder.path` of another run."""
    encoder.save_pretrained(folder)
    AutoTokenizer.from_pretrained(path).save_pretrained(folder)
