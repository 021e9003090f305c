import pytest
from omegaconf import OmegaConf

from train.config import TrainConfig
from train.tracking import Tracker, track


class State:
    global_step = 3


def settings(mode):
    config = OmegaConf.structured(TrainConfig)
    config.output, config.seed, config.data.split_seed = "x", 1, 1
    config.data.corpora, config.encoder.path, config.tracking.mode = "x", "x", mode
    return config


def opened(mode, folder, record=()):
    config = settings(mode)
    return track(config.tracking, "finetune", config, folder, dict(record))


def test_an_offline_run_is_written_and_finished(tmp_path, read_wandb):
    import wandb

    with opened("offline", tmp_path, {"commit": "abc"}) as tracker:
        tracker.on_log(None, State, None, {"loss": 0.5, "eval_macro_f1": 0.8})
        tracker.summarise({"parity": {"int8_agreement": 1.0}})
        assert wandb.run.config["encoder"]["max_length"] == 128
        assert wandb.run.config["record"]["commit"] == "abc"
    assert wandb.run is None
    (log,) = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
    written = read_wandb(log)
    assert all(key in written for key in (b"dev/macro_f1", b"train/loss", b"int8_agreement", b"finetune"))


def test_nothing_is_tracked_unless_asked_for(tmp_path):
    with opened("disabled", tmp_path) as tracker:
        tracker.on_log(None, State, None, {"loss": 0.5})
    assert list(tmp_path.iterdir()) == []
    Tracker().summarise({"x": 1})


def test_another_mode_is_refused(tmp_path):
    with (
        pytest.raises(ValueError, match="choose one of disabled, offline, online"),
        opened("on", tmp_path),
    ):
        pass
