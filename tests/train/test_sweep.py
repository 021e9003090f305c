import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir

import train.config  # registers the schema
import train.sweep
from train.sweep import SweepError, read_definition, sweep, train_point

DEFINITIONS = sorted(Path("train/sweeps").glob("*.yaml"))
SPACE = {
    "method": "bayes",
    "metric": {"name": "dev/macro_f1", "goal": "maximize"},
    "parameters": {
        "optimisation.learning_rate": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-2},
        "optimisation.epochs": {"values": [1, 2]},
        "optimisation.batch_size": {"value": 8},
    },
}


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda p: p.stem)
def test_the_agent_of_wandb_gives_our_program_overrides_that_it_takes(path, monkeypatch):
    from wandb.sdk.launch.sweeps import utils

    definition = read_definition(path)
    point = {name: space.get("values", [space.get("min")])[0] for name, space in definition["parameters"].items()}
    arguments = utils.create_sweep_command_args({"args": {k: {"value": v} for k, v in point.items()}})
    command = []
    for part in utils.create_sweep_command(list(definition["command"])):  # as the agent's own loop does
        macro = re.fullmatch(r"\$\{(\w+)\}", part)
        command += arguments.get(macro[1], [macro[0]]) if macro else [part]
    assert command[:4] == ["${env}", "${interpreter}", "-m", "train"]
    monkeypatch.setenv("WANDB_SWEEP_ID", "s")
    monkeypatch.setenv("WANDB_RUN_ID", "r")
    with initialize_config_dir(str(Path("configs").resolve()), version_base="1.3"):
        config = compose("train", command[4:])
    assert config.output == "runs/s-r"
    for name, value in point.items():
        group, key = name.split(".") if "." in name else (None, name)
        assert (config[group] if group else config)[key] == value


@pytest.fixture
def score(monkeypatch):
    """Instead of training: a score that is best at a learning rate of 1e-3; keeps what was asked for."""
    asked = []

    def run(point, seed, overrides, folder, metric):
        asked.append((dict(point), seed, overrides))
        return -abs(point["optimisation.learning_rate"] - 1e-3) + (seed or 0) * 1e-6

    monkeypatch.setattr(train.sweep, "train_point", run)
    return asked


def test_a_study_goes_on_where_it_stopped(score, tmp_path):
    study = sweep(SPACE, tmp_path, 3, [1, 2], ["data.limit=5"])
    assert len(score) == 6
    assert {seed for _, seed, _ in score} == {1, 2}
    assert all(point["optimisation.batch_size"] == 8 for point, *_ in score)
    assert all(1e-5 <= point["optimisation.learning_rate"] <= 1e-2 for point, *_ in score)
    assert len(sweep(SPACE, tmp_path, 3, [1, 2], []).trials) == 3  # done
    again = sweep(SPACE, tmp_path, 5, [1, 2], [])
    assert len(again.trials) == 5
    assert again.best_value >= study.best_value


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])  # by hand; the second leaves what a kill leaves
def test_a_point_that_was_cut_off_is_done_first(score, tmp_path, monkeypatch, stop):
    def cut(*_):
        raise stop

    with monkeypatch.context() as patch:
        patch.setattr(train.sweep, "train_point", cut)
        with pytest.raises(stop):
            sweep(SPACE, tmp_path, 1, [None], [])
    study = sweep(SPACE, tmp_path, 1, [None], [])
    stopped, redone = study.trials
    assert redone.params == stopped.params
    assert redone.state.name == "COMPLETE"


def test_a_grid_is_gone_through_once(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(train.sweep, "train_point", lambda point, *_: asked.append(tuple(point.values())) or 0.5)
    sweep(read_definition(Path("train/sweeps/evidence.yaml")), tmp_path, None, [None], [])
    assert sorted(asked) == sorted((r, n, s) for r in (True, False) for n in (True, False) for s in (1, 2, 3))


def test_the_point_of_a_sweep_is_a_run_in_a_folder_of_its_own(tmp_path, monkeypatch):
    ran = []

    def run(command, check):
        ran.append(command)
        folder = Path(next(a for a in command if a.startswith("output=")).removeprefix("output="))
        folder.mkdir(exist_ok=True)
        history = [{"eval_macro_f1": 0.5}, {"eval_macro_f1": 0.75}]
        (folder / "record.json").write_text(json.dumps({"history": history}))
        return subprocess.CompletedProcess(command, 1 if "bad=1" in command else 0)

    monkeypatch.setattr(subprocess, "run", run)
    point = {"optimisation.epochs": 2}
    assert train_point(point, 3, ["data.limit=5"], tmp_path, "dev/macro_f1") == 0.75
    assert train_point(point, 3, ["data.limit=5"], tmp_path, "dev/macro_f1") == 0.75
    assert train_point(point, 4, ["data.limit=5"], tmp_path, "dev/macro_f1") == 0.75
    assert ran[0][1:6] == ["-m", "train", "data.limit=5", "optimisation.epochs=2", "seed=3"]
    assert ran[0] == ran[1] != ran[2]
    assert f"tracking.sweep={tmp_path.name}" in ran[0]
    with pytest.raises(SweepError, match="no dev/f1_x in its history"):
        train_point(point, 3, [], tmp_path, "dev/f1_x")
    with pytest.raises(SweepError, match=r"failed; its log is in"):
        train_point(point, 3, ["bad=1"], tmp_path, "dev/macro_f1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "hill"}, "choose grid, random or bayes"),
        ({"metric": {"name": "loss", "goal": "maximize"}}, "needs a name, dev/"),
        ({"parameters": {"seed": {"min": 1, "max": 2}}}, "seed: value, values, or"),
        (
            {"parameters": {"seed": {"distribution": "normal", "min": 1, "max": 2}}},
            "distribution: choose one of uniform",
        ),
    ],
)
def test_a_wrong_definition_is_refused(tmp_path, change, message):
    path = tmp_path / "s.yaml"
    path.write_text(yaml.safe_dump(SPACE | change))
    with pytest.raises(SweepError, match=message):
        read_definition(path)


def test_the_command_says_what_is_missing_in_one_line():
    done = subprocess.run(
        [sys.executable, "-m", "train.sweep", "train/sweeps/optimisation.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "error: --trials: say how many points; method bayes has no end"
