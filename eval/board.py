"""The leader board `eval/RESULTS.md`, made from the figures of finished runs and from nothing else.

    python -m eval.board runs/*            # prints it; > eval/RESULTS.md keeps it

Each row is one experiment: the runs whose configs differ in seed and fold alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from eval.metrics import spread
from eval.suite import GROUPS
from isnad.labels import LABELS
from tracking.identity import experiment_keys, flatten

_HEAD = """# Results

Made by `python -m eval.board` from finished runs. Macro-F1 and F1 of each label on real news that the run held
out (dev: a fold by story; test: the fixed test part), mean ± standard deviation over the runs; `[…]`: 95 % interval
of a single run, bootstrap over articles. The baselines learn from the same articles as the first run of their row.
The labels are a language model's; two passes of it over the same sentences agree at κ .985: no system can be seen to
be better than that. Denials are enriched in these sentences: about 9 % of them, and .3 % of a paper's. A label without
a single sentence in a group counts 0 there: of the natural sample few sentences or none are denials.
"""


def _row(name: str, systems: list[dict[str, Any]], tail: list[str]) -> str:
    macro = spread([s["macro_f1"] for s in systems])
    if len(systems) == 1:
        macro += " [{:.3f}–{:.3f}]".format(*systems[0]["interval"])
    cells = [name, macro, *(spread([s["per_class"][label.value]["f1"] for s in systems]) for label in LABELS), *tail]
    return "| " + " | ".join(cells) + " |"


def board(runs: list[Path], part: str, group: str) -> str:
    """One table of the runs that have figures for the part and the group of articles."""
    experiments = defaultdict(list)
    for run in runs:
        figures = run / f"report-{part}" / "metrics.json"
        if not figures.exists():
            continue
        results = json.loads(figures.read_text("utf-8"))
        if group in results["groups"]:
            config = OmegaConf.to_container(OmegaConf.load(run / "config.yaml"))
            record = json.loads((run / "record.json").read_text("utf-8"))
            shared = experiment_keys(flatten(config))
            same = json.dumps([shared, record["data_hash"], record["commit"]], sort_keys=True)
            experiments[same].append((run, config, results["groups"][group]))
    lines = [
        "| system | macro-F1 | " + " | ".join(label.value for label in LABELS) + " | runs | encoder | commit | data |",
        "|---|---|" + "---|" * (len(LABELS) + 4),
    ]
    for rows in experiments.values():
        (run, config, content), *_ = rows
        record = json.loads((run / "record.json").read_text("utf-8"))
        commit = record["commit"][:9] + ("+" if record["dirty"] else "")
        encoder = Path(config["encoder"]["path"]).name + (" (random)" if config["encoder"]["random_weights"] else "")
        tail = [f"{len(rows)}: " + ", ".join(r.name for r, *_ in rows), encoder, commit, record["data_hash"]]
        lines.append(_row("**model**", [c["systems"]["model"] for *_, c in rows], tail))
        baselines = [name for name in content["systems"] if name != "model"]
        lines += [_row(name, [c["systems"][name] for *_, c in rows], ["", "", "", ""]) for name in baselines]
    return "\n".join(lines) if experiments else ""


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    runs = sorted(parser.parse_args().runs)
    sections = [_HEAD]
    for part in ("test", "dev"):
        for group in GROUPS:
            table = board(runs, part, group)
            if table:
                sections.append(f"## {part}: {group}\n\n{table}\n")
    sys.stdout.write("\n".join(sections))


if __name__ == "__main__":
    main()
