"""Evaluate an exported model beside the baselines: figures, a table, a report.

python -m eval artifact=runs/<id>/model             # on the articles that the run held out
python -m eval artifact=isnad/model split=runs/<id>/split.json part=test   # for a release
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import hydra
from rich.console import Console

from eval.config import EvalConfig
from eval.predictions import write_predictions
from eval.report import print_tables, write_html
from eval.suite import evaluate
from eval.tracking import log_evaluation, settings
from isnad import ArtifactError, Classifier
from seeds.corpus import Article, load_articles
from seeds.splits import read_test_ids
from tracking import track
from tracking.config import check_mode


def select(articles: list[Article], split: Path, part: str) -> tuple[list[Article], list[Article]]:
    """The articles that a run was trained on, and those of the part to measure.

    Raises:
        ValueError: `part` is neither dev nor test, or none of its articles is there.
        FileNotFoundError: there is no such split.
    """
    if part not in ("dev", "test"):
        raise ValueError(f"part={part!r}: choose dev or test")
    if not split.exists():
        raise FileNotFoundError(f"{split} is not there: give split=runs/<id>/split.json of the run that made the model")
    ids = json.loads(split.read_text("utf-8"))
    wanted = set(ids["dev"]) if part == "dev" else read_test_ids()
    train = [a for a in articles if a.id in set(ids["train"])]
    held_out = [a for a in articles if a.id in wanted]
    if part == "dev" and not wanted:
        raise ValueError("this run held nothing out (data.fold=null): evaluate it with part=test")
    if not held_out:
        raise ValueError(
            f"part={part}: none of its articles is there; the real ones need their texts (seeds/README.md)"
        )
    return train, held_out


@hydra.main(version_base="1.3", config_path="../configs", config_name="eval")
def main(config: EvalConfig) -> None:
    """Command line: see the module's text."""
    console = Console()
    try:
        check_mode(config.tracking)
        train, held_out = select(load_articles(Path(config.corpora), real=config.real), Path(config.split), config.part)
        results = evaluate(
            Classifier(config.artifact), train, held_out,
            baselines=config.baselines, resamples=config.resamples, seed=config.seed,
        )  # fmt: skip
    except (ArtifactError, FileNotFoundError, ValueError) as error:
        sys.exit(f"error: {error}")
    results |= {"artifact": config.artifact, "part": config.part, "resamples": config.resamples}
    predictions = results.pop("predictions")
    output = Path(config.output).resolve()
    output.mkdir(parents=True, exist_ok=True)
    (output / "metrics.json").write_text(json.dumps(results, indent=1), "utf-8")
    write_predictions(predictions, output / "predictions.jsonl")
    write_html(results, held_out, output / "report.html")
    with track(**settings(config)) as tracker:
        log_evaluation(tracker, results, predictions, held_out, Path(config.artifact).resolve(), output)
    print_tables(results, console)
    console.print(f"figures: {output / 'metrics.json'}\nreport:  {output / 'report.html'}", soft_wrap=True)


if __name__ == "__main__":
    main()
