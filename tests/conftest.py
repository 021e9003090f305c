"""Shared by all tests: no network, no telemetry, a tiny encoder and a tiny artifact made on the spot."""

import json
import os
import socket

os.environ.update(HF_HUB_OFFLINE="1", WANDB_MODE="offline", WANDB_SILENT="true", ORT_DISABLE_TELEMETRY="1")

import pytest
from hypothesis import HealthCheck, settings

# No test is timed: a busy machine is no fault of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """Refuse connections that leave the machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test reached for the network: {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def own_articles():
    from seeds.corpus import load_own

    return load_own()


@pytest.fixture(scope="session")
def tiny_tokenizer(own_articles):
    from isnad.normalize import normalize
    from train.pretrain.tokenizer import train_tokenizer

    return train_tokenizer([normalize(a.text) for a in own_articles[:40]], 1200)


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory, tiny_tokenizer):
    """Folder of a random BERT of 2 layers, 32 wide, as `train.pretrain` writes one."""
    import torch
    from transformers import BertConfig, BertForMaskedLM

    from train.pretrain.__main__ import save_encoder

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tiny_tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=128, pad_token_id=0, initializer_range=0.2,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("encoder")
    save_encoder(BertForMaskedLM(config), tiny_tokenizer, folder)
    return folder


@pytest.fixture(scope="session")
def tiny_artifact(tmp_path_factory, tiny_encoder, own_articles):
    """Folder of an exported classifier with random weights: it labels, if not well."""
    import torch

    from train.config import Encoder
    from train.data import make_examples
    from train.encoder import load_encoder, load_tokenizer
    from train.export import export
    from train.model import SentenceClassifier

    settings = Encoder(path=str(tiny_encoder), max_length=64, context_tokens=16)
    tokenizer, layout = load_tokenizer(settings)
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("artifact") / "model"
    examples = make_examples(own_articles[:4], tokenizer, layout)
    export(SentenceClassifier(load_encoder(settings), 0.1), tokenizer, layout, examples, folder, {"run": "test"})
    return folder


class Logged:
    """What a wandb run holds, by kind."""

    def __init__(self, records, folder):
        self.folder = folder
        self.run = next(r.run for r in records if r.HasField("run"))
        self.finished = any(r.HasField("exit") and r.exit.exit_code == 0 for r in records)
        self.config, self.history, self.summary, self.artifacts = {}, [], {}, {}
        for record in records:
            for item in (*record.run.config.update, *record.config.update):
                self.config[item.key or "/".join(item.nested_key)] = json.loads(item.value_json)
            for item in record.summary.update:
                self.summary[item.key or "/".join(item.nested_key)] = json.loads(item.value_json)
            if record.HasField("history"):
                row = {i.key or "/".join(i.nested_key): json.loads(i.value_json) for i in record.history.item}
                self.history.append(row | {"_step": record.history.step.num})
            if record.HasField("artifact"):
                self.artifacts[record.artifact.name] = record.artifact

    def curve(self, key):
        return [row[key] for row in self.history if key in row]

    def media(self, key):
        (path,) = self.curve(f"{key}/path")
        return (self.folder / "files" / path).read_text("utf-8")


@pytest.fixture(scope="session")
def read_wandb():
    """Reads the records of a `.wandb` file: chunks in blocks of 32 KiB, in LevelDB's log format."""
    from wandb.proto.wandb_internal_pb2 import Record

    def read(path):
        raw, records, content, at = path.read_bytes(), [], b"", 7  # after the file's own header
        while at + 7 <= len(raw):
            left = 32_768 - at % 32_768
            if left < 7:  # too little for a header: padding
                at += left
                continue
            length = int.from_bytes(raw[at + 4 : at + 6], "little")
            content += raw[at + 7 : at + 7 + length]
            if raw[at + 6] in (1, 4):  # whole, or the last of several
                records.append(Record.FromString(content))
                content = b""
            at += 7 + length
        return Logged(records, path.parent)

    return read
