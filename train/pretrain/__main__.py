"""Pretrain an encoder: text → tokenizer → packed windows → BERT → a folder that `AutoModel` loads.

python -m train.pretrain                       # the default run
python -m train.pretrain output=runs/<id>      # goes on where that run was interrupted
python -m train.pretrain text.documents=500 optimisation.steps=20   # a dry run
python -m train.pretrain encoder.path=seeds/encoder                 # more text for an encoder that is there
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import sys
from pathlib import Path

import hydra
import numpy as np
import torch
from omegaconf import OmegaConf
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertForMaskedLM, BertModel, PreTrainedTokenizerFast, set_seed

from seeds.corpus import load_real, read_corpus
from seeds.stories import like_any
from tracking import TrackingError, track
from tracking.config import check_mode
from tracking.identity import code_state, hash_folder
from train.folder import RunError, claim_folder
from train.pretrain.config import Encoder, PretrainConfig, Text
from train.pretrain.data import Packer, clean, tokenize
from train.pretrain.embeddings import ppmi_embeddings
from train.pretrain.loop import Pretrainer
from train.pretrain.picture import draw
from train.pretrain.tokenizer import train_tokenizer

log = logging.getLogger(__name__)
HELD_OUT = 0.005  # share of the documents kept for the held-out loss
HEAD = "head.safetensors"  # in an encoder's folder: what stands between the encoder and the predicted tokens
MOST_TOKENS = 1 << 16  # of a vocabulary: the text is kept as uint16


def gather_documents(text: Text) -> list[str]:
    """The cleaned documents, in a fixed order, without any labelled article or near-copy of one.

    An encoder that has read the articles it is evaluated on would flatter every figure.
    """
    documents: dict[str, str] = {}
    for name in text.files:
        for document in read_corpus(Path(text.corpora) / name):
            if not text.only or document["id"].startswith(tuple(text.only)):
                documents[document["id"]] = f"{document['title']}\n{document['text']}"
            if text.documents is not None and len(documents) >= text.documents:
                break
    labelled = {article.id: article.text for article in load_real(Path(text.corpora))}
    excluded = like_any(documents, labelled.values()) | labelled.keys()
    kept = [value for key, value in documents.items() if key not in excluded]
    log.info("%d documents, %d left out because they are labelled or like one that is",
             len(kept), len(documents) - len(kept))  # fmt: skip
    return [cleaned for document in kept if (cleaned := " ".join(clean(document)))]


def prepare(config: PretrainConfig, folder: Path) -> tuple[Tokenizer, np.ndarray, np.ndarray]:
    """Tokenizer, training tokens and held-out tokens; made once, kept in the run's folder."""
    names = ("tokenizer.json", "train.npy", "held_out.npy")
    if not all((folder / name).exists() for name in names):
        documents = gather_documents(config.text)
        random.Random(0).shuffle(documents)
        held_out = max(1, round(HELD_OUT * len(documents)))
        if config.encoder.path:
            tokenizer = Tokenizer.from_file(str(Path(config.encoder.path) / "tokenizer.json"))
        else:
            tokenizer = train_tokenizer(documents[held_out:], config.encoder.vocabulary_size)
        np.save(folder / "train.npy", tokenize(documents[held_out:], tokenizer))
        np.save(folder / "held_out.npy", tokenize(documents[:held_out], tokenizer))
        tokenizer.save(str(folder / "tokenizer.json"))
    return (
        Tokenizer.from_file(str(folder / "tokenizer.json")),
        np.load(folder / "train.npy", mmap_mode="r"),
        np.load(folder / "held_out.npy", mmap_mode="r"),
    )


def take_shape(encoder: Encoder) -> None:
    """Set shape and vocabulary to those of the encoder to go on with, so that the run's record tells them.

    Raises:
        RunError: `encoder.path` is no folder of a BERT and its tokenizer.
    """
    folder = Path(encoder.path)
    if missing := [n for n in ("config.json", "model.safetensors", "tokenizer.json") if not (folder / n).is_file()]:
        raise RunError(f"encoder.path={folder}: no {', '.join(missing)} there; it must hold an encoder that "
                       "train.pretrain made, such as seeds/encoder")  # fmt: skip
    shape = json.loads((folder / "config.json").read_text("utf-8"))
    if shape.get("model_type") != "bert" or shape["vocab_size"] > MOST_TOKENS:
        raise RunError(f"encoder.path={folder}: must be a BERT with at most {MOST_TOKENS:,} tokens in its vocabulary")
    encoder.vocabulary_size, encoder.layers = shape["vocab_size"], shape["num_hidden_layers"]
    encoder.width, encoder.heads = shape["hidden_size"], shape["num_attention_heads"]
    encoder.length = shape["max_position_embeddings"]


def go_on_with(path: Path, tokens: np.ndarray) -> BertForMaskedLM:
    """The encoder at `path`, without dropout; without its `HEAD` the layer that predicts tokens starts anew."""
    config = BertConfig.from_pretrained(path, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model = BertForMaskedLM(config)
    model.bert = BertModel.from_pretrained(path, config=config, add_pooling_layer=False, dtype=torch.float32)
    model.tie_weights()
    if (path / HEAD).is_file():
        model.cls.predictions.load_state_dict(load_file(path / HEAD), strict=False)  # its weights are the encoder's
    else:
        with torch.no_grad():
            model.cls.predictions.bias.copy_(_log_frequency(tokens, config.vocab_size))
    return model


def _log_frequency(tokens: np.ndarray, vocabulary: int) -> torch.Tensor:
    frequency = torch.from_numpy(np.bincount(tokens, minlength=vocabulary) + 1.0)
    return (frequency / frequency.sum()).log()


def build_model(config: PretrainConfig, tokens: np.ndarray, vocabulary: int) -> BertForMaskedLM:
    """A BERT to start from, without dropout: so few passes over the text cannot overfit.

    BERT's initial spread of .02 suits a width of 768; at 256 it leaves attention flat for thousands of
    steps, so the spread is 1/√width.  The position embeddings start as sinusoids (Vaswani et al. 2017),
    in which «the word before» is already something that attention can ask for.
    """
    shape = config.encoder
    if shape.path:
        return go_on_with(Path(shape.path), tokens)
    spread = shape.width**-0.5
    model = BertForMaskedLM(
        BertConfig(
            vocab_size=vocabulary, hidden_size=shape.width, num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads, intermediate_size=4 * shape.width,
            max_position_embeddings=shape.length, pad_token_id=0, initializer_range=spread,
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        )
    )  # fmt: skip
    angles = torch.arange(shape.length)[:, None] * 10_000 ** (-torch.arange(0, shape.width, 2) / shape.width)
    positions = torch.stack((angles.sin(), angles.cos()), dim=2).flatten(1)
    words = torch.from_numpy(ppmi_embeddings(tokens, vocabulary, shape.width, config.seed))
    with torch.no_grad():
        model.bert.embeddings.position_embeddings.weight.copy_(positions * spread)
        model.bert.embeddings.word_embeddings.weight.copy_(words)  # tied to the output layer
        model.cls.predictions.bias.copy_(_log_frequency(tokens, vocabulary))
    return model


def save_encoder(model: BertForMaskedLM, tokenizer: Tokenizer, folder: Path) -> None:
    """Write config, half-precision weights and tokenizer, with BERT's usual dropout for fine-tuning.

    `HEAD` beside them is read when the pretraining goes on (`encoder.path`), and by nothing else.
    """
    encoder = model.bert
    encoder.config.hidden_dropout_prob = encoder.config.attention_probs_dropout_prob = 0.1
    encoder.half().save_pretrained(folder)
    head = model.cls.predictions.half().state_dict()
    save_file({k: v for k, v in head.items() if not k.startswith("decoder.")}, folder / HEAD)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=model.config.max_position_embeddings,
        pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
    ).save_pretrained(folder)  # fmt: skip


@hydra.main(version_base="1.3", config_path="../../configs", config_name="pretrain")
def main(config: PretrainConfig) -> None:
    """Run or resume the pretraining that `config` describes."""
    folder = Path(config.output)
    try:
        check_mode(config.tracking)
        if config.encoder.path:
            take_shape(config.encoder)
        claim_folder(folder, OmegaConf.to_yaml(config, resolve=True))
    except (RunError, TrackingError) as error:
        sys.exit(f"error: {error}")
    set_seed(config.seed)
    tokenizer, train, held_out = prepare(config, folder)
    log.info("%d training tokens, vocabulary %d", len(train), tokenizer.get_vocab_size())
    o, length = config.optimisation, config.encoder.length
    model = build_model(config, train, tokenizer.get_vocab_size())
    log.info("%d parameters", model.num_parameters())
    kinds = {"predicted": o.predicted, "masked": o.masked}
    batches = Packer(train, tokenizer, length, o.rows, config.seed, causal_steps=round(o.causal * o.steps), **kinds)
    check = Packer(held_out, tokenizer, length, min(o.rows, 8), 0, causal_steps=12, **kinds)
    pretrainer = Pretrainer(config, model, batches, check)
    text_hash = hashlib.sha256(train.tobytes()).hexdigest()[:16]
    record = {**code_state(), "text_hash": text_hash, "tokens": len(train)}
    with track(config.tracking, "pretrain", OmegaConf.to_container(config, resolve=True), folder, record) as tracker:
        tracker.use("text", "tokens of the cleaned documents", text_hash)  # the texts themselves are not ours
        history = pretrainer.run(tracker)
        if history:
            (folder / "result.json").write_text(json.dumps(history[-1]))
            draw(folder / "history.jsonl", folder / "curves.svg")
        save_encoder(pretrainer.model.cpu(), tokenizer, folder / "encoder")
        tracker.make("encoder", folder / "encoder", hash_folder(folder / "encoder"))
    log.info("encoder in %s", folder / "encoder")


if __name__ == "__main__":
    main()
