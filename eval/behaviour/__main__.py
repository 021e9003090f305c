"""Test what a model does where the guidelines leave no doubt: failure rates by family.

    python -m eval.behaviour                                  # the model that the package carries
    python -m eval.behaviour runs/mine/model --json behaviour.json
    python -m eval.behaviour --own                            # the invariances on all of our own articles, too
    python -m eval.behaviour runs/mine/model --split runs/mine/split.json   # and on real news that the run held out

Sentences come from templates and word lists under eval/behaviour/data, which are there to be extended.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from eval.behaviour.families import KINDS
from eval.behaviour.suite import run
from eval.terminal import behaviour_table
from isnad import ArtifactError, Classifier
from seeds.corpus import Article, load_own, load_real


def _print(results: dict[str, Any], examples: int, console: Console) -> None:
    """Tables by kind, then failures of each family."""
    for kind in KINDS:
        rows = [row for row in results["families"] if row["kind"] == kind]
        console.print(behaviour_table(kind, [*rows, {"name": "all", **results["kinds"][kind]}]))
    if results["articles"]:
        console.print(behaviour_table("invariance, on articles", results["articles"]))
    for row in results["families"] + results["articles"]:
        for example in row["examples"][:examples]:
            console.print(f"[bold]{escape(row['name'])}[/bold]", soft_wrap=True)
            for sample in example["samples"]:
                expected = f" (expected {sample['expected']})" if sample["expected"] else ""
                if "text" in sample:
                    text = sample["context"][-120:] + "▸ " + sample["text"]
                else:
                    text = f"{example['article']} {example['start']}:{example['end']}"
                answer = f"{sample['predicted']} {sample['score']:.2f}{expected}"
                console.print(f"  {answer}: {escape(text)}", soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval.behaviour", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", type=Path, help="an exported model directory (default: the package's own)")
    parser.add_argument("--cases", type=int, default=50, metavar="N", help="at most N cases a family (default: 50)")
    parser.add_argument("--only", nargs="+", default=(), metavar="WORD", help="families whose name holds one of these")
    parser.add_argument("--seed", type=int, default=1, help="of all draws (default: 1)")
    parser.add_argument("--examples", type=int, default=1, metavar="N", help="print N failures a family (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures and examples to FILE")
    parser.add_argument("--max-failures", type=int, metavar="N", help="exit with 1 if more than N cases fail")
    articles = parser.add_argument_group("invariance on labelled articles")
    articles.add_argument("--own", action="store_true", help="on all of our own articles")
    articles.add_argument("--split", type=Path, metavar="FILE", help="on the real news of `dev` in a run's split.json")
    articles.add_argument("--limit", type=int, metavar="N", help="at most N sentences of these articles")
    articles.add_argument(
        "--corpora", type=Path, default=os.environ.get("ISNAD_CORPORA", "../shared/corpora"), metavar="FOLDER",
        help="where the real texts are (default: $ISNAD_CORPORA, else ../shared/corpora)",
    )  # fmt: skip
    return parser


def _articles(arguments: argparse.Namespace) -> list[Article]:
    articles = load_own() if arguments.own else []
    if arguments.split:
        held_out = set(json.loads(arguments.split.read_text("utf-8"))["dev"])
        articles += [a for a in load_real(Path(arguments.corpora), partial=True) if a.id in held_out]
    return articles


def main(arguments_given: Sequence[str] | None = None) -> int:
    """Command line: see the module's text."""
    parser = _parser()
    arguments = parser.parse_args(arguments_given)
    if arguments.cases < 1:
        parser.error("--cases must be at least 1")
    try:
        classifier = Classifier(arguments.model)
        classifier.load()
        results = run(
            classifier, articles=_articles(arguments), cases=arguments.cases, limit=arguments.limit,
            only=arguments.only, seed=arguments.seed, progress=True,
        )  # fmt: skip
    except (ArtifactError, FileNotFoundError, ValueError) as error:
        parser.exit(2, f"error: {error}\n")
    if arguments.json:
        results["model"] = str(classifier.model_dir)
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")
    _print(results, arguments.examples, Console())
    failures = sum(kind["failures"] for kind in results["kinds"].values())
    return int(arguments.max_failures is not None and failures > arguments.max_failures)


if __name__ == "__main__":
    sys.exit(main())
