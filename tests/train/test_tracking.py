"""Runs in wandb: read back from their files, and against a server that answers, refuses, hangs, or stops half-way."""

import json
import logging
import os
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from wandb_server import serving

import tracking.run
from eval.__main__ import main as evaluate
from eval.compare import compare
from eval.experiments import gather, read_folders, read_wandb
from eval.items import Item
from eval.tracking import redact
from isnad.labels import Label
from seeds.corpus import CORPUS
from tracking import Tracker, Tracking, TrackingError, track
from tracking.artifacts import fetch
from tracking.identity import experiment, flatten, hash_folder
from train.__main__ import main as train_all
from train.__main__ import run

CONFIGS = str(Path("configs").resolve())
WAIT = 3.0  # seconds that the tests give wandb


def overrides(output, encoder, *more):
    return [
        f"output={output}", f"encoder.path={encoder}", "encoder.max_length=64", "encoder.context_tokens=16",
        "data.real=no", "data.limit=48", "optimisation.epochs=2", "optimisation.batch_size=16", "precision=fp32",
        f"tracking.timeout={WAIT}", *more,
    ]  # fmt: skip


def train_config(output, encoder, *more):
    with initialize_config_dir(CONFIGS, version_base="1.3"):
        return compose("train", overrides(output, encoder, *more))


def evaluate_offline(folder, *more):
    with initialize_config_dir(CONFIGS, version_base="1.3"):
        few = ["real=no", "resamples=20", "baselines=[]", "sections=[]"]
        evaluate(compose("eval", [f"artifact={folder}/model", *few, *more]))


@pytest.fixture(scope="module")
def multirun(tmp_path_factory, tiny_encoder):
    """Folder of the runs of one command, two seeds, trained and evaluated with tracking offline."""
    folder = tmp_path_factory.mktemp("runs")
    more = ["tracking.mode=offline", "tracking.tags=[first]", "seed=1,2", f"hydra.sweep.dir={folder}/s"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            sys,
            "argv",
            ["train", "-m", f"--config-path={CONFIGS}", *overrides(folder / "seed${seed}", tiny_encoder, *more)],
        )
        train_all()
    for seed in (1, 2):
        evaluate_offline(folder / f"seed{seed}", "tracking.mode=offline")
    return folder


@pytest.fixture(scope="module")
def offline(multirun):
    """Folder of one of these runs."""
    return multirun / "seed1"


def logged(folder, read_wandb):
    (path,) = folder.glob("wandb/*run-*/run-*.wandb")
    return read_wandb(path)


def test_an_offline_run_holds_config_curves_and_lineage(offline, read_wandb, tiny_encoder):
    found = logged(offline, read_wandb)
    record = json.loads((offline / "record.json").read_text())
    config = found.config
    assert config["optimisation/batch_size"] == 16
    assert config["encoder/path"] == str(tiny_encoder)
    assert not any(isinstance(value, dict) for key, value in config.items() if key != "_wandb")
    for name in ("commit", "dirty", "data_hash", "encoder_hash"):
        assert config[f"provenance/{name}"] == record[name]
    assert config["version/torch"]
    assert config["host/cpus"] == os.cpu_count()
    assert found.run.job_type == "finetune"
    assert found.run.run_group == record["experiment"] == config["experiment"]
    assert set(found.run.tags) == {"first", "seed-1", "fold-0", "sweep-s"}
    history = record["history"]
    assert found.curve("dev/macro_f1") == [row["eval_macro_f1"] for row in history if "eval_macro_f1" in row]
    assert len(found.curve("dev/f1_denial")) == 2
    assert found.curve("train/train_samples_per_second")[0] > 0
    assert found.summary["parity/int8_agreement"] == record["parity"]["int8_agreement"]
    made, encoder, corpus = (found.artifacts[kind] for kind in ("model", "encoder", "corpus"))
    assert encoder.use_after_commit
    assert corpus.use_after_commit
    assert not made.use_after_commit
    assert set(made.aliases) == {"latest", f"sha-{hash_folder(offline / 'model')}"}
    assert f"sha-{record['data_hash']}" in corpus.aliases
    assert {e.path for e in made.manifest.contents} == {p.name for p in (offline / "model").iterdir()}
    assert "real.jsonl" in {e.path for e in corpus.manifest.contents}  # labels and offsets: no text
    assert not any("text" in json.loads(line) for line in (CORPUS / "real.jsonl").open())
    assert (offline / "code.diff").exists()


def test_an_offline_evaluation_holds_table_curves_report_and_lineage(offline, read_wandb):
    found = logged(offline / "report-dev", read_wandb)
    results = json.loads((offline / "report-dev" / "metrics.json").read_text())
    (group,) = results["groups"].values()
    assert found.run.job_type == "evaluate"
    assert found.run.run_group == json.loads((offline / "record.json").read_text())["experiment"]
    assert {"dev", "seed-1", "sweep-s"} <= set(found.run.tags)
    assert found.config["optimisation/batch_size"] == 16  # of the run that is measured
    assert found.summary["dev/articles_of_our_own/macro_f1"] == group["systems"]["model"]["macro_f1"]
    table = json.loads(found.media("predictions"))
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    assert len(rows) == group["sentences"]
    assert sum(row["correct"] for row in rows) / len(rows) == pytest.approx(group["systems"]["model"]["accuracy"])
    assert all(row["sentence"] for row in rows)  # our own may be shown
    assert rows[0]["direct_quote"] + rows[0]["denial"] <= 1
    assert all("length: " in row["slices"] and "sampling: own" in row["slices"] for row in rows)
    written = [json.loads(line) for line in (offline / "report-dev" / "predictions.jsonl").open()]
    assert [row["predicted"] for row in written] == [row["predicted"] for row in rows]
    assert "sentence" not in written[0]
    assert "macro-F1" in found.media("report")
    for chart in ("confusion", "precision_recall", "calibration"):
        assert json.loads(found.media(f"{chart}_table"))["data"], chart
    assert found.artifacts["model"].use_after_commit
    assert "best" in found.artifacts["model"].aliases
    assert {e.path for e in found.artifacts["evaluation"].manifest.contents} == {"metrics.json", "report.html"}


def test_texts_that_are_not_ours_are_not_passed_on():
    item = Item("x", {"start": 9, "end": 38}, "قالت الوزارة إن الأمر انتهى.", "ما قبلها.", Label.REPORTED_CLAIM,
                "outlet", False, None, "natural")  # fmt: skip
    hidden = redact(item)
    assert len(hidden.text) == len(item.text)
    assert set(hidden.text) == {"·", " "}
    assert set(hidden.context) == {"·", " "}
    own = replace(item, sampling="own")
    assert redact(own) == own


@pytest.fixture
def online(monkeypatch):
    """A server, and a client that has a key for it and starts anew."""
    import wandb

    with serving() as server:
        monkeypatch.setenv("WANDB_MODE", "online")
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
        monkeypatch.setattr(tracking.run, "GRACE", 2.0)
        wandb.teardown()
        yield server
        wandb.teardown()


def tracked(folder, wait=WAIT):
    """A run of ours: six steps, one artifact used and one made."""
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "weights").write_text(folder.name)
    settings = Tracking(mode="online", timeout=wait)
    with track(settings, "evaluate", {"seed": 3, "o": {"rate": 0.1}}, folder, {"commit": "abc"}) as tracker:
        for step in range(6):
            tracker.log({"train/loss": 1 / (step + 1)}, step)
        tracker.summarise({"dev/real_news/macro_f1": 0.8})
        tracker.use("corpus", folder / "model", "1")
        tracker.make("encoder", folder / "model", "2")


def assert_nothing_is_lost(found):
    assert found.curve("train/loss") == [1 / (step + 1) for step in range(6)]
    assert found.config["o/rate"] == 0.1
    assert found.summary["dev/real_news/macro_f1"] == 0.8
    assert set(found.artifacts) == {"corpus", "encoder"}


def test_online_a_run_starts_logs_finishes_and_is_started_from(online, tmp_path):
    tracked(tmp_path / "r", wait=30.0)
    ((name, kept),) = online.runs.items()
    assert [row["train/loss"] for row in online.history(name)] == [1 / (step + 1) for step in range(6)]
    assert online.summary(name)["dev/real_news/macro_f1"] == 0.8
    assert kept["jobType"] == "evaluate"
    assert kept["groupName"].startswith("evaluate-")
    assert json.loads(kept["config"])["o/rate"]["value"] == 0.1
    assert {a["state"] for a in online.artifacts.values()} == {"COMMITTED"}
    ((user, used),) = online.used
    assert user == name
    assert used.startswith("corpus-")
    fetched = fetch("wandb:me/isnad/encoder:sha-2", "encoder", tmp_path / "start", mode="online", timeout=30)
    assert hash_folder(fetched) == hash_folder(tmp_path / "r" / "model")
    with pytest.raises(TrackingError, match="is of type corpus, and a encoder is needed"):
        fetch("wandb:me/isnad/corpus:sha-1", "encoder", tmp_path / "other", mode="online", timeout=30)
    kept["tags"] = ["dev"]
    (found,) = read_wandb("me/isnad", "dev")
    assert found.figures == {"dev/real_news/macro_f1": 0.8}
    assert found.settings == {"o/rate": 0.1, "commit": "abc"}
    assert found.unit == (3, None, None)
    with pytest.raises(ValueError, match="me/none: cannot be had from wandb"):
        read_wandb("me/none", "dev")


@pytest.mark.parametrize("fault", ["refuse", "hang", "error"])
def test_a_server_that_fails_at_the_start_costs_no_data(online, tmp_path, monkeypatch, caplog, fault, read_wandb):
    if fault == "refuse":
        monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    else:
        online.mode = fault
    with caplog.at_level(logging.WARNING, "tracking.run"):
        tracked(tmp_path / "r")
    (line,) = [r.getMessage() for r in caplog.records if r.name == "tracking.run"]
    (path,) = tmp_path.glob("r/wandb/offline-run-*/*.wandb")
    assert f"the run goes on offline, and later: wandb sync {path.parent}" in line
    assert_nothing_is_lost(read_wandb(path))


def test_without_a_key_a_run_goes_on_offline(online, tmp_path, monkeypatch, caplog, read_wandb):
    monkeypatch.delenv("WANDB_API_KEY")
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    tracked(tmp_path / "r")
    assert "no key" in caplog.text
    assert online.runs == {}
    assert_nothing_is_lost(logged(tmp_path / "r", read_wandb))


def test_a_server_that_dies_half_way_changes_no_result(online, offline, tmp_path, tiny_encoder, caplog, read_wandb):
    def die():
        while not online.lines:  # until the run has begun there
            time.sleep(0.01)
        online.mode = "hang"

    threading.Thread(target=die, daemon=True).start()
    with caplog.at_level(logging.INFO, "tracking.run"):
        run(train_config(tmp_path / "r", tiny_encoder, "tracking.mode=online"))
    assert online.mode == "hang"
    assert "to upload this run: wandb sync" in caplog.text

    def result(folder):
        record = json.loads((folder / "record.json").read_text())
        rows = [{k: v for k, v in row.items() if "runtime" not in k and "second" not in k} for row in record["history"]]
        return rows, record["parity"], record["data_hash"]

    assert result(tmp_path / "r") == result(offline)
    found, whole = logged(tmp_path / "r", read_wandb), logged(offline, read_wandb)
    assert found.curve("dev/macro_f1") == whole.curve("dev/macro_f1")
    assert set(found.artifacts) == set(whole.artifacts)


class Stuck:
    """A wandb run whose process does not answer, or answers with errors."""

    step = 0

    def __init__(self, error=None):
        self.error = error
        self.settings = Tracking(mode="online")
        self.settings.sync_dir = "/somewhere"

    def log(self, values, step):
        if self.error is None:
            threading.Event().wait()
        raise self.error

    def finish(self, exit_code):
        self.exit_code = exit_code


def test_a_wandb_that_hangs_is_left_behind_and_one_that_fails_is_told_of_once(monkeypatch, caplog):
    monkeypatch.setattr(tracking.run, "GRACE", 0.0)
    hung = Tracker(Stuck(), Tracking(timeout=0.1))
    failing = Tracker(Stuck(ConnectionError("gone")), Tracking(timeout=10.0))
    with caplog.at_level(logging.INFO, "tracking.run"):
        for step in range(1000):
            hung.log({"x": 1.0}, step)
            failing.log({"x": 1.0}, step)
        hung.close(0)
        failing.close(1)
    assert failing._run.exit_code == 1
    assert caplog.text.count("did not take the figures (gone)") == 1
    assert caplog.text.count("wandb sync /somewhere") == 2


def test_nothing_is_tracked_unless_asked_for(tmp_path):
    with track(Tracking(), "finetune", {}, tmp_path, {}) as tracker:
        tracker.log({"loss": 0.5}, 1)
        tracker.make("model", tmp_path, "0")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_had_is_refused(tmp_path, tiny_encoder):
    with pytest.raises(TrackingError, match="choose one of disabled, offline, online"):
        run(train_config(tmp_path / "r", tiny_encoder, "tracking.mode=on"))
    assert not (tmp_path / "r").exists()
    with pytest.raises(TrackingError, match=r"offline asks no server.*wandb artifact get me/p/encoder:best"):
        run(train_config(tmp_path / "r", "wandb:me/p/encoder:best", "tracking.mode=offline"))


def test_seeds_and_folds_are_one_experiment_and_rates_are_not(tiny_encoder):
    def name(*more):
        from omegaconf import OmegaConf

        config = train_config("x${seed}", tiny_encoder, *more)
        return experiment("finetune", flatten(OmegaConf.to_container(config, resolve=True)))

    one = name()
    assert one == name("seed=2", "data.fold=3", "tracking.mode=offline", "tracking.tags=[a]")
    assert one != name("optimisation.learning_rate=1e-3")
    assert one != name("data.folds=7")


def test_a_multirun_makes_one_finished_run_a_job_and_they_are_one_experiment(multirun, read_wandb):
    one, two = (logged(multirun / f"seed{seed}", read_wandb) for seed in (1, 2))
    assert one.finished
    assert two.finished
    assert one.run.run_id != two.run.run_id
    assert one.run.run_group == two.run.run_group
    assert one.curve("train/train_loss") != two.curve("train/train_loss")
    assert ("sweep-s" in one.run.tags) and ("sweep-s" in two.run.tags)
    assert "seed-2" in two.run.tags
    runs = read_folders([multirun], "dev")
    assert [run.unit for run in runs] == [(1, 1, 0), (2, 2, 0)]
    assert {tag for run in runs for tag in run.tags} == {"first", "sweep-s"}
    (experiment_of_both,) = gather(runs)
    (reached,) = compare([experiment_of_both], "dev", "articles of our own", "macro_f1").experiments
    assert len(reached.values("dev/articles_of_our_own/macro_f1")) == 2
    assert read_folders([multirun], "test") == []
