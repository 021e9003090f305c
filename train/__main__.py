"""Fine-tune a classifier and export it: corpus and encoder → `runs/<id>/model`.

python -m train                                  # the default run
python -m train seed=2 optimisation.epochs=3     # any key of configs/train.yaml
python -m train output=runs/<id>                 # goes on where that run was interrupted
python -m train --help                           # all keys and their values
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import hydra
import transformers
from omegaconf import OmegaConf
from transformers import set_seed

from seeds.corpus import CORPUS
from tracking import track
from tracking.artifacts import PREFIX, fetch
from tracking.config import check_mode
from tracking.identity import code_diff, code_state, environment, experiment, flatten, hash_folder, hash_source
from tracking.run import sweep_of
from train.config import Encoder, TrainConfig
from train.data import Collator, load_parts, make_examples
from train.encoder import load_encoder, load_tokenizer, save_encoder
from train.export import export
from train.finetune import finetune
from train.folder import RunError, claim_folder
from train.model import SentenceClassifier, prior_shift
from train.tracking import TrainerLog

log = logging.getLogger("train")


def _is_finished(folder: Path) -> bool:
    return (folder / "model" / "config.json").exists() and "parity" in _read(folder / "record.json")


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1), "utf-8")


def _start_of(config: TrainConfig, folder: Path) -> Encoder:
    """The encoder to start from, fetched to the run's folder where it is a wandb artifact."""
    if not config.encoder.path.startswith(PREFIX):
        return config.encoder
    t = config.tracking
    start = fetch(config.encoder.path, "encoder", folder / "start", mode=t.mode, timeout=t.timeout)
    return OmegaConf.merge(config.encoder, {"path": str(start)})


def run(config: TrainConfig) -> Path:
    """Do or go on with the run that `config` describes; returns its folder."""
    folder = Path(config.output)
    check_mode(config.tracking)
    claim_folder(folder, OmegaConf.to_yaml(config, resolve=True))
    if _is_finished(folder):
        log.info("%s is finished already; choose another output= to train anew", folder)
        return folder
    set_seed(config.seed)
    start = _start_of(config, folder)
    tokenizer, layout = load_tokenizer(start)
    parts = load_parts(config.data)
    train, dev = (make_examples(articles, tokenizer, layout) for articles in (parts.train, parts.dev))
    log.info("%d sentences of %d articles to train on, %d of %d to develop on",
             len(train), len(parts.train), len(dev), len(parts.dev))  # fmt: skip
    if config.data.train_on != "own" and all(article.is_own for article in parts.train):
        log.warning(
            "no real news among the articles: the texts are not in %s (see seeds/README.md)", config.data.corpora
        )
    plain = OmegaConf.to_container(config, resolve=True)
    record: dict[str, Any] = {
        **code_state(),
        "data_hash": parts.data_hash,
        "encoder_hash": hash_source(start.path),
        "seed": config.seed,
        "sentences": {"train": len(train), "dev": len(dev)},
        "experiment": experiment("finetune", flatten(plain)),
        "sweep": sweep_of(config.tracking),
    }
    (folder / "code.diff").write_text(code_diff(), "utf-8")
    split = {"train": [a.id for a in parts.train], "dev": [a.id for a in parts.dev], "data_hash": parts.data_hash}
    if _read(folder / "split.json").get("data_hash", parts.data_hash) != parts.data_hash:
        raise RunError(f"{folder} was begun on other data; choose another output=")
    _write(folder / "split.json", split)
    encoder = load_encoder(start)
    e, o = config.encoder, config.optimisation
    shift = prior_shift([int(x["labels"]) for x in train], o.rates)
    model = SentenceClassifier(encoder, e.dropout, o.label_smoothing, rules=e.rules, ngrams=e.ngrams, shift=shift)
    with track(config.tracking, "finetune", plain, folder, record) as tracker:
        tracker.use("corpus", CORPUS, parts.data_hash)
        tracker.use("encoder", start.path, record["encoder_hash"])
        log_rows = TrainerLog(tracker)
        history = finetune(config, model, Collator(layout.pad), train, dev, folder / "checkpoints", [log_rows])
        record |= {"history": history, "environment": environment()}
        _write(folder / "record.json", record)
        provenance = {"run": folder.name, **{k: record[k] for k in ("commit", "dirty", "data_hash", "seed")}}
        save_encoder(model.encoder, start.path, folder / "encoder")
        record["parity"] = export(model, tokenizer, layout, dev or train, folder / "model", provenance)
        _write(folder / "record.json", record)
        tracker.summarise({f"parity/{name}": value for name, value in record["parity"].items()})
        tracker.attach(folder / "code.diff")
        tracker.make("model", folder / "model", hash_folder(folder / "model"), run=folder.name)
    log.info("now: python -m eval artifact=%s", folder / "model")
    return folder


@hydra.main(version_base="1.3", config_path="../configs", config_name="train")
def main(config: TrainConfig) -> None:
    """Command line: see the module's text."""
    transformers.logging.set_verbosity_error()
    try:
        run(config)
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
