"""Fine-tune a classifier and export it: corpus and encoder → `runs/<id>/model`.

python -m train                                  # the default run
python -m train seed=2 optimisation.epochs=3     # any key of configs/train.yaml
python -m train output=runs/<id>                 # goes on where that run was interrupted
torchrun --nproc_per_node=2 -m train             # the same run, computed by two processes
python -m train --help                           # all keys and their values
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import hydra
import transformers
from accelerate import PartialState
from omegaconf import OmegaConf
from transformers import set_seed

from isnad.labels import LABELS
from seeds.corpus import Article
from train.augment import AugmentedExamples
from train.calibrate import calibrate, set_temperature
from train.config import TrainConfig, check_values
from train.data import Example, Parts, load_parts, make_examples
from train.distill import TaughtCollator, check_teachers, learn_from, unlabelled_articles
from train.encoder import load_encoder, load_tokenizer, save_encoder
from train.export import export
from train.finetune import finetune, piece
from train.folder import RunError, claim_folder
from train.model import SentenceClassifier, prior_shift
from train.processes import join_processes, same_folder, silence_followers
from train.tracking import Tracking, track

log = logging.getLogger("train")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def _is_finished(folder: Path) -> bool:
    return (folder / "model" / "config.json").exists() and "parity" in _read(folder / "record.json")


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1), "utf-8")


def _keep_split(folder: Path, parts: Parts) -> None:
    """Write down which articles are learnt from and which are held out.

    Raises:
        RunError: the run was begun on other data.
    """
    if _read(folder / "split.json").get("data_hash", parts.data_hash) != parts.data_hash:
        raise RunError(f"{folder} was begun on other data; choose another output=")
    split = {"train": [a.id for a in parts.train], "dev": [a.id for a in parts.dev], "data_hash": parts.data_hash}
    _write(folder / "split.json", split)


def _training_set(
    config: TrainConfig, parts: Parts, encode: Callable[[list[Article]], list[Example]], folder: Path
) -> list[Example] | AugmentedExamples:
    """What is learnt from: taught by teachers, and augmented anew each epoch, where that is asked for."""
    articles = parts.train
    if config.distill.teachers:
        check_teachers(config.distill.teachers, parts.dev)
        unlabelled = unlabelled_articles(config.data, config.distill.unlabelled)
        with PartialState().main_process_first():  # the others find its answers in the cache
            lesson = learn_from(config.distill, articles, unlabelled, folder / "teachers")
        articles, encode_untaught = articles + unlabelled, encode
        encode = lambda a: lesson(encode_untaught(a))  # noqa: E731
    a = config.data.augment
    if a.swap_marks or a.drop_marks or a.drop_cues:
        return AugmentedExamples(articles, encode, a, config.seed)
    return encode(articles)


def run(config: TrainConfig) -> Path:
    """Do or go on with the run that `config` describes; returns its folder."""
    check_values(config)
    processes = join_processes()
    piece(config.optimisation, processes.num_processes)
    if processes.is_main_process:
        claim_folder(Path(config.output), OmegaConf.to_yaml(config, resolve=True))
    folder = same_folder(config.output)
    if _is_finished(folder):
        log.info("%s is finished already; choose another output= to train anew", folder)
        return folder
    set_seed(config.seed)
    tokenizer, layout = load_tokenizer(config.encoder)
    parts = load_parts(config.data)
    if processes.is_main_process:
        _keep_split(folder, parts)
    if config.data.train_on != "own" and all(article.is_own for article in parts.train):
        log.warning(
            "no real news among the articles: the texts are not in %s (see seeds/README.md)", config.data.corpora
        )
    encode = partial(make_examples, tokenizer=tokenizer, layout=layout)
    train, dev = _training_set(config, parts, encode, folder), encode(parts.dev)
    gold = [LABELS.index(s.label) for a in parts.train for s in a.sentences]
    log.info("%d sentences of %d articles to train on, %d of %d to develop on",
             len(gold), len(parts.train), len(dev), len(parts.dev))  # fmt: skip
    record: dict[str, Any] = {
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain")),
        "data_hash": parts.data_hash,
        "seed": config.seed,
        "sentences": {"train": len(gold), "dev": len(dev)},
    }
    e, o = config.encoder, config.optimisation
    model = SentenceClassifier(
        load_encoder(e), e.dropout, o.label_smoothing,
        focal=o.focal, rules=e.rules, ngrams=e.ngrams, shift=prior_shift(gold, o.rates), span_weight=o.span_weight,
    )  # fmt: skip
    tracking = config.tracking if processes.is_main_process else Tracking()
    with track(tracking, "finetune", config, folder, record) as tracker:
        collator = TaughtCollator(layout.pad)
        record["history"] = finetune(config, model, collator, train, dev, folder / "checkpoints", [tracker])
        if not processes.is_main_process:
            return folder
        _write(folder / "record.json", record)
        provenance = {"run": folder.name, **{k: record[k] for k in ("commit", "dirty", "data_hash", "seed")}}
        save_encoder(model.encoder, e.path, folder / "encoder")
        sample = dev or encode(parts.train[:256])
        parity = export(model, tokenizer, layout, sample, folder / "model", provenance)
        if dev:
            record["dev"] = calibrate(folder / "model", model, parts.dev, dev)
        if config.temperature is not None:
            set_temperature(folder / "model", config.temperature)
        record["parity"] = parity
        _write(folder / "record.json", record)
        tracker.summarise({"parity": parity, "dev": record.get("dev", {})})
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
    silence_followers()
    main()
