"""Evaluate exported models beside the baselines: figures, a table, a report; `--help` tells how."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hydra
from rich.console import Console

from eval.config import EvalConfig
from eval.material import gather, name_others, same_experiment, seen_by_others
from eval.metrics import over_seeds
from eval.predictions import prediction_rows, write_predictions
from eval.report import explain, write_html
from eval.sections import Measured, check_sections, measure_sections
from eval.suite import MODEL, evaluate
from eval.terminal import print_tables
from eval.tracking import log_evaluation, settings
from isnad import ArtifactError, Classifier
from tracking import track
from tracking.config import check_mode

log = logging.getLogger("eval")


def write_metrics(results: Mapping[str, Any], output: Path) -> None:
    """Write the figures to `metrics.json`."""
    (output / "metrics.json").write_text(json.dumps(results, indent=1), "utf-8")


def run(config: EvalConfig, console: Console) -> None:
    """Measure what the configuration asks for, write `metrics.json` and `report.html`, print the tables.

    Raises:
        ValueError, FileNotFoundError: what is asked for is not there, or is wrong.
        ArtifactError: a model cannot be loaded.
    """
    check_mode(config.tracking)
    check_sections(config.sections)
    others = name_others(config.others)
    models = {MODEL: Classifier(config.artifact)} | {name: Classifier(path) for name, path in others.items()}
    temperature = {name: classifier.load().temperature for name, classifier in models.items()}[MODEL]
    material = gather(config)
    baselines = [b for b in config.baselines if material.train or b == "rules"]
    evaluation = evaluate(
        models, material.train, material.measured,
        baselines=baselines, resamples=config.resamples, seed=config.seed, labelled_twice=material.corpus,
    )  # fmt: skip
    results = evaluation.results
    if seeds := same_experiment(config.artifact, others):
        for content in results["groups"].values():
            content["seeds"] = over_seeds([content["systems"][name] for name in (MODEL, *seeds)])
    fitted = results["calibration"]["temperature"]
    results |= {
        "artifact": config.artifact,
        "others": others,
        "part": config.part if config.data is None else None,
        "data": config.data,
        "measured_on": material.measured_on,
        "notes": material.notes + seen_by_others(others, material.measured),
        "resamples": config.resamples,
        "temperature": {"config": temperature, "fitted": fitted and fitted * temperature},
    }
    output = Path(config.output).resolve()
    output.mkdir(parents=True, exist_ok=True)
    rows = prediction_rows(evaluation)
    write_predictions(rows, output / "predictions.jsonl")
    write_metrics(results, output)  # before the sections, which take their time
    paths = {MODEL: config.artifact} | others
    results["sections"] = measure_sections(Measured(config, models, paths, material, evaluation))
    write_metrics(results, output)
    log.info("figures written; looking into the %d worst errors", min(config.explained, len(evaluation.errors)))
    errors = explain(evaluation, models[MODEL], material.train, config.explained)
    write_html(evaluation, errors, output / "report.html")
    with track(**settings(config)) as tracker:
        log_evaluation(tracker, evaluation, errors, rows, Path(config.artifact).resolve(), output)
    print_tables(results, console)
    console.print(f"figures: {output / 'metrics.json'}\nreport:  {output / 'report.html'}", soft_wrap=True)


@hydra.main(version_base="1.3", config_path="../configs", config_name="eval")
def main(config: EvalConfig) -> None:
    """Command line: see `--help`."""
    try:
        run(config, Console())
    except (ArtifactError, FileNotFoundError, ValueError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
