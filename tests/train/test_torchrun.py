"""The same command in two processes (gloo): the same run; and the configuration of a sweep on SLURM."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from train.__main__ import run
from train.processes import silence_followers

ROOT = Path(__file__).parents[2]
CONFIGS = str(ROOT / "configs")


def test_two_processes_make_the_run_of_one(tiny_encoder, tmp_path):
    """Same batches, same augmentation in each epoch, one folder: the figures agree up to rounding."""
    overrides = [
        f"encoder.path={tiny_encoder}", "encoder.max_length=64", "encoder.context_tokens=16", "data.real=no",
        "data.limit=96", "data.augment.swap_marks=0.5", "data.augment.drop_marks=0.5", "optimisation.batch_size=20",
        "optimisation.epochs=4", "precision=fp32",
    ]  # fmt: skip
    with initialize_config_dir(CONFIGS, version_base="1.3"):
        run(compose("train", [*overrides, f"output={tmp_path / 'one'}"]))
    work = tmp_path / "two"
    work.mkdir()
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m", "train"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(torchrun + overrides, capture_output=True, text=True, check=False, cwd=work, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    assert [p.name for p in work.iterdir()] == ["runs"]
    (folder,) = (work / "runs").iterdir()  # its default name has the time in it: both must take the first one's
    assert (folder / "model" / "config.json").exists()
    (checkpoint,) = (folder / "checkpoints").iterdir()
    assert len(list(checkpoint.glob("rng_state_*.pth"))) == 2  # it was one run of two processes, not two runs
    one, two = (json.loads((f / "record.json").read_text()) for f in (tmp_path / "one", folder))
    assert one["sentences"]["train"] == 100  # five whole batches
    # The Trainer takes the mean of these over the processes; its `eval_loss` counts rows of the last batch twice.
    for name, count in (("loss", 1), ("eval_macro_f1", 4)):
        figures = [[row[name] for row in r["history"] if name in row] for r in (one, two)]
        assert len(figures[0]) == count
        assert figures[0] == pytest.approx(figures[1], rel=1e-3)
    assert one["dev"]["nll"] == pytest.approx(two["dev"]["nll"], rel=1e-2)  # of int8 models


@pytest.mark.parametrize(("rank", "silent"), [(None, False), ("0", False), ("1", True)])
def test_the_first_process_alone_writes_what_hydra_writes(rank, silent, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["train", "seed=2"])
    monkeypatch.delenv("RANK", raising=False)
    if rank:
        monkeypatch.setenv("RANK", rank)
    silence_followers()
    assert ("hydra.output_subdir=null" in sys.argv) is silent


def test_a_sweep_goes_to_slurm():
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="the extra `slurm` is not installed")
    with initialize_config_dir(CONFIGS, version_base="1.3"):
        config = compose("train", ["hydra/launcher=slurm", "hydra.launcher.partition=gpu"], return_hydra_config=True)
    launcher = config.hydra.launcher
    assert launcher._target_.endswith("SlurmLauncher")
    assert (launcher.partition, launcher.timeout_min, launcher.max_num_timeout) == ("gpu", 240, 3)
    assert launcher.submitit_folder == f"{config.hydra.sweep.dir}/slurm/%j"
