"""Whole runs of `python -m train` on the tiny encoder: configs, resuming, exactness, evaluation after it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import ConfigCompositionException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from isnad.artifact import read_config
from train.__main__ import run
from train.folder import RunError

CONFIGS = str(Path("configs").resolve())


def overrides(output, encoder):
    """A run of some seconds: our own articles, few of them, two epochs."""
    return [
        f"output={output}",
        f"encoder.path={encoder}",
        "encoder.max_length=64",
        "encoder.context_tokens=16",
        "data.real=no",
        "data.limit=48",
        "optimisation.epochs=2",
        "optimisation.batch_size=16",
        "optimisation.checkpoint_every=2",
        "precision=fp32",
    ]


def config(output, encoder, *more):
    with initialize_config_dir(CONFIGS, version_base="1.3"):
        return compose("train", [*overrides(output, encoder), *more])


@pytest.mark.parametrize("typo", ["optimisation.learning_rat=1", "optimisation.epochs=many", "data.fold=first"])
def test_typos_and_wrong_types_are_refused(tmp_path, tiny_encoder, typo):
    with pytest.raises((ConfigCompositionException, OmegaConfBaseException)):
        config(tmp_path, tiny_encoder, typo)


@pytest.mark.parametrize("experiment", [p.stem for p in Path("configs/experiment").glob("*.yaml")])
def test_every_experiment_composes(experiment):
    with initialize_config_dir(CONFIGS, version_base="1.3"):
        composed = compose("train", ["output=x", f"experiment={experiment}"])
    wanted = OmegaConf.load(f"configs/experiment/{experiment}.yaml")
    for group, values in wanted.items():
        for key, value in values.items():
            assert composed[group][key] == value


def losses(folder):
    history = json.loads((folder / "record.json").read_text())["history"]
    return [row["eval_loss"] for row in history if "eval_loss" in row]


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_encoder):
    folder = tmp_path_factory.mktemp("run") / "a"
    run(config(folder, tiny_encoder))
    return folder


def test_a_run_leaves_its_record(finished):
    names = {p.name for p in finished.iterdir()}
    assert {"config.yaml", "record.json", "split.json", "model", "encoder"} <= names
    record = json.loads((finished / "record.json").read_text())
    assert record["seed"] == 1
    assert record["parity"]["float_difference"] < 1e-3
    assert record["dev"]["temperature"] == read_config(finished / "model").temperature != 1.0
    assert record["dev"]["nll"]["after"] <= record["dev"]["nll"]["before"]
    last = [row["eval_macro_f1"] for row in record["history"] if "eval_macro_f1" in row][-1]
    assert record["dev"]["macro_f1"]["float"] == pytest.approx(last)
    assert len(losses(finished)) == 2
    assert len(record["data_hash"]) == 16
    assert "${" not in (finished / "config.yaml").read_text()
    split = json.loads((finished / "split.json").read_text())
    assert not set(split["train"]) & set(split["dev"])
    assert [row["epoch"] for row in record["history"] if "eval_macro_f1" in row] == [1.0, 2.0]


def test_the_same_seed_twice_gives_the_same_to_the_last_digit(finished, tmp_path, tiny_encoder):
    run(config(tmp_path / "b", tiny_encoder))
    first, second = (json.loads((f / "record.json").read_text()) for f in (finished, tmp_path / "b"))
    figures = [
        [{k: v for k, v in row.items() if "runtime" not in k and "per_second" not in k} for row in r["history"]]
        for r in (first, second)
    ]
    assert figures[0] == figures[1]
    assert first["parity"] == second["parity"]


def test_without_a_held_out_fold_all_is_learnt_from(tmp_path, tiny_encoder):
    run(config(tmp_path / "all", tiny_encoder, "data.fold=null", "optimisation.epochs=1", "temperature=1.5"))
    split = json.loads((tmp_path / "all" / "split.json").read_text())
    assert split["train"]
    assert split["dev"] == []
    assert read_config(tmp_path / "all" / "model").temperature == 1.5  # nothing to fit it on


def test_another_seed_gives_another_model(finished, tmp_path, tiny_encoder):
    run(config(tmp_path / "c", tiny_encoder, "seed=2"))
    assert losses(tmp_path / "c") != losses(finished)


def test_a_finished_run_is_not_done_again_and_not_mixed_with_another(finished, tiny_encoder):
    before = (finished / "model" / "config.json").stat().st_mtime_ns
    run(config(finished, tiny_encoder))
    assert (finished / "model" / "config.json").stat().st_mtime_ns == before
    with pytest.raises(RunError, match="holds a run with another config"):
        run(config(finished, tiny_encoder, "seed=5"))


def test_a_run_killed_after_an_epoch_goes_on_to_the_same_model(finished, tmp_path, tiny_encoder):
    folder = tmp_path / "killed"
    command = [sys.executable, "-m", "train", *overrides(folder, tiny_encoder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    deadline = time.monotonic() + 240
    while process.poll() is None and time.monotonic() < deadline:
        if list(folder.glob("checkpoints/checkpoint-*/trainer_state.json")):
            process.send_signal(signal.SIGKILL)
        time.sleep(0.01)
    process.wait()
    assert list(folder.glob("checkpoints/checkpoint-*"))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Up to rounding, since the other run was made in this process; test_trainer.py compares weights to the last bit.
    assert losses(folder)[-1] == pytest.approx(losses(finished)[-1], rel=1e-6)


def test_the_command_says_what_is_wrong_in_one_line(tmp_path):
    command = [sys.executable, "-m", "train", f"output={tmp_path / 'x'}", "encoder.path=no/such", "data.real=no"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "error: encoder.path=no/such: cannot be loaded" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_begun_on_other_data_is_not_gone_on_with(tmp_path, tiny_encoder):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "split.json").write_text(json.dumps({"train": [], "dev": [], "data_hash": "0" * 16}))
    with pytest.raises(RunError, match="was begun on other data"):
        run(config(folder, tiny_encoder))


def test_evaluating_after_training_measures_the_artifact(finished):
    command = [sys.executable, "-m", "eval", f"artifact={finished / 'model'}", "real=no", "resamples=50", "sections=[]"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = json.loads((finished / "report-dev" / "metrics.json").read_text())
    (group,) = results["groups"].values()
    assert set(group["systems"]) == {"model", "majority", "n-grams", "rules"}
    assert group["systems"]["rules"]["macro_f1"] > group["systems"]["majority"]["macro_f1"] > 0.05
    page = (finished / "report-dev" / "report.html").read_text("utf-8")
    assert "macro-F1" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "macro-F1" in done.stdout
    assert "report.html" in done.stdout
