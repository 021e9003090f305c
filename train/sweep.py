r"""Search a space of configurations by Optuna: no account, no network, and nothing lost when killed.

    python -m train.sweep train/sweeps/optimisation.yaml --trials 20 --seeds 1,2,3
    python -m train.sweep train/sweeps/optimisation.yaml --folder runs/mine data.limit=600   # goes on with it

The space is the file that `wandb sweep` takes as well.  Each point is one `python -m train` a seed, with the
overrides given here; what is optimised is the mean of the metric over the seeds.  The study is an SQLite file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

try:
    import optuna
except ImportError:
    sys.exit("error: python -m train.sweep needs Optuna: pip install 'isnad[train,sweep]'")

log = logging.getLogger("train.sweep")


class SweepError(ValueError):
    """The definition of a sweep is wrong, or a run of it failed."""


def read_definition(path: Path) -> dict[str, Any]:
    """Read a sweep definition of wandb's format, and check what is used of it.

    Raises:
        SweepError: it is not there, or lacks method, metric or parameters, or has others than are known here.
    """
    if not path.exists():
        raise SweepError(f"{path} is not there: choose one of train/sweeps")
    definition = yaml.safe_load(path.read_text("utf-8"))
    method, goal = definition.get("method"), definition.get("metric", {}).get("goal")
    if method not in ("grid", "random", "bayes"):
        raise SweepError(f"{path}: method: {method!r}: choose grid, random or bayes")
    if goal not in ("maximize", "minimize") or not str(definition["metric"].get("name")).startswith("dev/"):
        raise SweepError(f"{path}: metric: needs a name, dev/…, and a goal, maximize or minimize")
    for name, space in definition.get("parameters", {}).items():
        known = {"value"}, {"values"}, {"distribution", "min", "max"}
        if set(space) not in known or (method == "grid" and "min" in space):
            raise SweepError(f"{path}: {name}: value, values, or (but in a grid) distribution, min and max")
        if "min" in space and space["distribution"] not in _SUGGEST:
            raise SweepError(f"{path}: {name}: distribution: choose one of {', '.join(_SUGGEST)}")
    return definition


_SUGGEST: dict[str, Callable[[optuna.Trial, str, Any, Any], Any]] = {
    "uniform": lambda trial, name, low, high: trial.suggest_float(name, low, high),
    "log_uniform_values": lambda trial, name, low, high: trial.suggest_float(name, low, high, log=True),
    "int_uniform": lambda trial, name, low, high: trial.suggest_int(name, low, high),
}


def suggest(trial: optuna.Trial, parameters: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A point of the space: a value for each parameter."""
    point = {}
    for name, space in parameters.items():
        if "value" in space:
            point[name] = space["value"]
        elif "values" in space:
            point[name] = trial.suggest_categorical(name, space["values"])
        else:
            point[name] = _SUGGEST[space["distribution"]](trial, name, space["min"], space["max"])
    return point


def _sampler(definition: Mapping[str, Any], seed: int) -> optuna.samplers.BaseSampler:
    if definition["method"] == "grid":
        lists = {name: space["values"] for name, space in definition["parameters"].items() if "values" in space}
        return optuna.samplers.GridSampler(lists)
    if definition["method"] == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed)


def train_point(
    point: Mapping[str, Any], seed: int | None, overrides: Sequence[str], folder: Path, metric: str
) -> float:
    """Do or go on with the run of a point and a seed; returns its last value of the metric.

    The run's folder is named by what is run, so that after a stop the same point finds what it had done.

    Raises:
        SweepError: the run failed, or does not log the metric.
    """
    chosen = [*overrides, *(f"{name}={value}" for name, value in point.items())]
    chosen += [] if seed is None else [f"seed={seed}"]
    output = folder / f"point-{hashlib.sha256(' '.join(chosen).encode()).hexdigest()[:10]}"
    command = [sys.executable, "-m", "train", *chosen, f"output={output}", f"tracking.sweep={folder.name}"]
    log.info("%s", " ".join(command[1:]))
    if subprocess.run(command, check=False).returncode != 0:
        raise SweepError(f"{' '.join(command[1:])}: failed; its log is in {output}")
    history = json.loads((output / "record.json").read_text("utf-8"))["history"]
    name = "eval_" + metric.removeprefix("dev/")
    values = [row[name] for row in history if name in row]
    if not values:
        raise SweepError(f"{output}: no {metric} in its history")
    return float(values[-1])


def sweep(
    definition: Mapping[str, Any],
    folder: Path,
    trials: int | None,
    seeds: Sequence[int | None],
    overrides: Sequence[str],
) -> optuna.Study:
    """Run the study in `folder`, or go on with it, until it has `trials` points (None: until the grid is done)."""
    folder.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name="sweep", storage=f"sqlite:///{folder.resolve() / 'study.db'}", load_if_exists=True,
        direction=definition["metric"]["goal"],
    )  # fmt: skip
    study.sampler = _sampler(definition, seed=len(study.trials))
    for stopped in study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
        study.enqueue_trial(stopped.params)  # its runs go on where they were
        study.tell(stopped.number, state=optuna.trial.TrialState.FAIL)

    def objective(trial: optuna.Trial) -> float:
        point = suggest(trial, definition["parameters"])
        try:
            values = [train_point(point, seed, overrides, folder, definition["metric"]["name"]) for seed in seeds]
        except KeyboardInterrupt:  # Optuna counts it as a failure
            study.enqueue_trial(trial.params)
            raise
        return statistics.mean(values)

    def stop_if_none_works(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        if not study.get_trials(states=[optuna.trial.TrialState.COMPLETE]):
            study.stop()

    done = len(study.get_trials(states=[optuna.trial.TrialState.COMPLETE]))
    if trials is None or done < trials:
        study.optimize(
            objective, n_trials=None if trials is None else trials - done,
            catch=[SweepError], callbacks=[stop_if_none_works],
        )  # fmt: skip
    if not study.get_trials(states=[optuna.trial.TrialState.COMPLETE]):
        raise SweepError(f"no run of {folder} succeeded: see its logs")
    return study


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("definition", type=Path, help="a file of train/sweeps")
    parser.add_argument("overrides", nargs="*", help="of configs/train.yaml, for all runs: data.limit=600")
    parser.add_argument("--trials", type=int, help="points in all, those done before included (a grid: all by default)")
    parser.add_argument("--seeds", help="of each point, as 1,2,3 (by default that of the configuration)")
    parser.add_argument("--folder", type=Path, help="of the study and its runs (by default runs/sweep-DEFINITION)")
    arguments = parser.parse_intermixed_args()
    logging.basicConfig(level=logging.INFO, format="[%(asctime)s][%(name)s] %(message)s")
    folder = arguments.folder or Path("runs", f"sweep-{arguments.definition.stem}")
    seeds = [int(seed) for seed in arguments.seeds.split(",")] if arguments.seeds else [None]
    try:
        definition = read_definition(arguments.definition)
        if arguments.trials is None and definition["method"] != "grid":
            raise SweepError(f"--trials: say how many points; method {definition['method']} has no end")
        if arguments.seeds and "seed" in definition["parameters"]:
            raise SweepError("--seeds: the seed is a parameter of this sweep already")
        study = sweep(definition, folder, arguments.trials, seeds, arguments.overrides)
    except SweepError as error:
        parser.exit(1, f"error: {error}\n")
    best = " ".join(f"{name}={value}" for name, value in study.best_params.items())
    log.info("best of %d: %s %.4f: %s", len(study.trials), definition["metric"]["name"], study.best_value, best)
    log.info("the study: %s; its runs, once evaluated: python -m eval.compare %s", folder / "study.db", folder)


if __name__ == "__main__":
    main()
