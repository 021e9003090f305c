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
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import hydra
import transformers
from accelerate import PartialState
from omegaconf import OmegaConf
from tokenizers import Tokenizer
from transformers import set_seed

from isnad.encoding import Layout
from isnad.labels import LABELS
from seeds.corpus import CORPUS, Article
from tracking import Tracker, Tracking, track
from tracking.artifacts import PREFIX, fetch
from tracking.config import check_mode
from tracking.identity import code_diff, code_state, environment, experiment, flatten, hash_folder, hash_source
from tracking.run import sweep_of
from train.augment import AugmentedExamples
from train.calibrate import calibrate, set_temperature
from train.config import Encoder, TrainConfig, check_values
from train.data import Example, Parts, load_parts, make_examples
from train.distill import TaughtCollator, check_teachers, learn_from, unlabelled_articles
from train.encoder import load_encoder, load_tokenizer, save_encoder
from train.export import export
from train.finetune import finetune, piece
from train.folder import RunError, claim_folder
from train.model import SentenceClassifier, prior_shift
from train.processes import join_processes, same_folder, silence_followers
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
    with PartialState().main_process_first():  # the others find it there
        start = fetch(config.encoder.path, "encoder", folder / "start", mode=t.mode, timeout=t.timeout)
    return OmegaConf.merge(config.encoder, {"path": str(start)})


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


def _new_record(config: TrainConfig, parts: Parts, start: Encoder, sentences: dict[str, int]) -> dict[str, Any]:
    """What a run depends on, before it has begun."""
    return {
        **code_state(),
        "data_hash": parts.data_hash,
        "encoder_hash": hash_source(start.path),
        "seed": config.seed,
        "sentences": sentences,
        "experiment": experiment("finetune", flatten(OmegaConf.to_container(config, resolve=True))),
        "sweep": sweep_of(config.tracking),
    }


def run(config: TrainConfig) -> Path:
    """Do or go on with the run that `config` describes; returns its folder."""
    check_values(config)
    check_mode(config.tracking)
    processes = join_processes()
    piece(config.optimisation, processes.num_processes)
    if processes.is_main_process:
        claim_folder(Path(config.output), OmegaConf.to_yaml(config, resolve=True))
    folder = same_folder(config.output)
    if _is_finished(folder):
        log.info("%s is finished already; choose another output= to train anew", folder)
        return folder
    set_seed(config.seed)
    start = _start_of(config, folder)
    tokenizer, layout = load_tokenizer(start)
    parts = load_parts(config.data)
    if config.data.train_on != "own" and all(article.is_own for article in parts.train):
        log.warning(
            "no real news among the articles: the texts are not in %s (see seeds/README.md)", config.data.corpora
        )
    encode = partial(make_examples, tokenizer=tokenizer, layout=layout)
    train, dev = _training_set(config, parts, encode, folder), encode(parts.dev)
    gold = [LABELS.index(s.label) for a in parts.train for s in a.sentences]
    log.info("%d sentences of %d articles to train on, %d of %d to develop on",
             len(gold), len(parts.train), len(dev), len(parts.dev))  # fmt: skip
    record = _new_record(config, parts, start, {"train": len(gold), "dev": len(dev)})
    if processes.is_main_process:
        _keep_split(folder, parts)
        (folder / "code.diff").write_text(code_diff(), "utf-8")
    e, o = config.encoder, config.optimisation
    model = SentenceClassifier(
        load_encoder(start), e.dropout, o.label_smoothing,
        focal=o.focal, rules=e.rules, ngrams=e.ngrams, shift=prior_shift(gold, o.rates), span_weight=o.span_weight,
    )  # fmt: skip
    tracking = config.tracking if processes.is_main_process else Tracking()
    with track(tracking, "finetune", OmegaConf.to_container(config, resolve=True), folder, record) as tracker:
        tracker.use("corpus", CORPUS, parts.data_hash)
        tracker.use("encoder", start.path, record["encoder_hash"])
        collator = TaughtCollator(layout.pad)
        history = finetune(config, model, collator, train, dev, folder / "checkpoints", [TrainerLog(tracker)])
        if processes.is_main_process:
            record |= {"history": history, "environment": environment()}
            sample = dev or encode(parts.train[:256])
            save_encoder(model.encoder, start.path, folder / "encoder")
            _finish(config, model, (tokenizer, layout), (parts.dev, dev, sample), folder, record, tracker)
            log.info("now: python -m eval artifact=%s", folder / "model")
    return folder


def _finish(
    config: TrainConfig,
    model: SentenceClassifier,
    reader: tuple[Tokenizer, Layout],
    held_out: tuple[list[Article], list[Example], list[Example]],
    folder: Path,
    record: dict[str, Any],
    tracker: Tracker,
) -> None:
    """Export the model, calibrate it on what was held out, write down and track what came of it."""
    _write(folder / "record.json", record)
    articles, dev, sample = held_out
    provenance = {"run": folder.name, **{k: record[k] for k in ("commit", "dirty", "data_hash", "seed")}}
    parity = export(model, *reader, sample, folder / "model", provenance)
    if dev:
        record["dev"] = calibrate(folder / "model", model, articles, dev)
    if config.temperature is not None:
        set_temperature(folder / "model", config.temperature)
    record["parity"] = parity
    _write(folder / "record.json", record)
    tracker.summarise(flatten({"parity": parity, "dev": record.get("dev", {})}))
    tracker.attach(folder / "code.diff")
    tracker.make("model", folder / "model", hash_folder(folder / "model"), run=folder.name)


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
