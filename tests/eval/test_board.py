import json
import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from eval.board import Run, board, command, read_run, why_not
from isnad import LABELS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository of one commit that has an encoder; it is the working directory, and its commit is returned."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seeds" / "encoder").mkdir(parents=True)
    (tmp_path / "seeds" / "encoder" / "config.json").write_text("{}")
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for arguments in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "x"]):
        subprocess.run(["git", *arguments], check=True)
    return subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()


def write_run(name, commit, *, overrides=(), macro_f1=0.8, dirty=False, encoder="seeds/encoder", seed=1):
    run = Path("runs") / name
    for folder in (run / "hydra", run / "report-dev"):
        folder.mkdir(parents=True)
    config = {
        "seed": seed, "output": str(run), "tracking": {"mode": "disabled"},
        "data": {"fold": 0, "split_seed": seed, "corpora": "x", "share": 1.0},
        "encoder": {"path": encoder, "random_weights": False},
    }  # fmt: skip
    OmegaConf.save(config, run / "config.yaml")
    OmegaConf.save([f"output={run}", *overrides], run / "hydra" / "overrides.yaml")
    (run / "record.json").write_text(json.dumps({"commit": commit, "dirty": dirty, "data_hash": "abc"}))
    system = {"macro_f1": macro_f1, "interval": [0.7, 0.9], "per_class": {x.value: {"f1": macro_f1} for x in LABELS}}
    groups = {"real news": {"systems": {"model": system, "rules": system | {"macro_f1": 0.5}}}}
    (run / "report-dev" / "metrics.json").write_text(json.dumps({"groups": groups}))
    return run


def test_runs_of_one_experiment_are_one_row_with_spread_and_command(repository):
    folders = [
        write_run(f"s{seed}", repository, overrides=["experiment=own", f"seed={seed}"], macro_f1=f, seed=seed)
        for seed, f in ((1, 0.8), (2, 0.9))
    ]
    lines = board([read_run(f) for f in folders], "dev", "real news").splitlines()
    assert len(lines) == 4
    tail = f"2: s1, s2 | seeds/encoder | {repository[:9]} | abc | `python -m train -m experiment=own seed=1,2` |"
    assert lines[2] == "| **model** | " + "0.850 ± 0.071 | " * 5 + tail
    assert lines[3].startswith("| rules | 0.500 ± 0.000 | ")
    assert board([read_run(f) for f in folders], "test", "real news") == ""


def test_a_single_run_has_its_interval(repository):
    row = board([read_run(write_run("s1", repository))], "dev", "real news").splitlines()[2]
    assert row.startswith("| **model** | 0.800 [0.700–0.900] | ")
    assert row.endswith("| `python -m train` |")


def test_what_cannot_be_repeated_is_left_out_and_said(repository):
    runs = {
        "dirty": write_run("dirty", repository, dirty=True),
        "gone": write_run("gone", "0" * 40),
        "elsewhere": write_run("elsewhere", repository, encoder="/models/mine"),
        "untracked": write_run("untracked", repository, encoder="runs/dirty"),
        "hub": write_run("hub", repository, encoder="owner/name"),
        "right": write_run("right", repository),
    }
    reasons = {name: why_not(read_run(run)) for name, run in runs.items()}
    assert reasons == {
        "dirty": "begun with uncommitted changes",
        "gone": "its commit 000000000 is not in this repository",
        "elsewhere": "its encoder is a folder that its commit does not have",
        "untracked": "its encoder is a folder that its commit does not have",
        "hub": None,
        "right": None,
    }


def test_commands_of_runs_that_are_no_sweep_stand_one_by_one():
    def run(**overrides):
        return Run(Path("r"), {}, {}, {k.replace("__", "."): v for k, v in overrides.items()})

    assert command([run(seed="1", data__fold="0"), run(seed="2", data__fold="1")]) == (
        "python -m train seed=1 data.fold=0; python -m train seed=2 data.fold=1"
    )
    assert command([run(), run(seed="2")]) == "python -m train; python -m train seed=2"
    assert command([run(output="x", tracking__mode="offline", data__corpora="/here")]) == "python -m train"


def test_the_command_prints_the_board_and_what_it_left_out(repository):
    write_run("right", repository)
    write_run("dirty", repository, dirty=True)
    Path("runs/empty").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "eval.board", "runs/right", "runs/dirty", "runs/empty"],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert "## dev: real news" in done.stdout
    assert "1: right" in done.stdout
    assert "dirty |" not in done.stdout
    assert done.stderr.splitlines() == [
        "dirty: left out: begun with uncommitted changes",
        "empty: left out: no finished run: overrides.yaml is missing",
    ]
