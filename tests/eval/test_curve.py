import json
import subprocess
import sys

import pytest
from omegaconf import OmegaConf

from eval.curve import draw, read_points, table


@pytest.fixture
def runs(tmp_path):
    """Two seeds of two shares of our own articles, one run of both parts, one that was never evaluated."""
    made = []
    for part, share, seed, reached in (
        ("own", 0.5, 1, 0.6),
        ("own", 0.5, 2, 0.8),
        ("own", 1.0, 1, 0.9),
        ("both", 1.0, 1, 0.95),
    ):
        run = tmp_path / f"{part}-{share}-{seed}"
        (run / "report-dev").mkdir(parents=True)
        OmegaConf.save({"data": {"train_on": part, "share": share}}, run / "config.yaml")
        (run / "record.json").write_text(json.dumps({"sentences": {"train": int(1000 * share) + seed}}))
        systems = {"model": {"macro_f1": reached}, "rules": {"macro_f1": 0.7}}
        (run / "report-dev" / "metrics.json").write_text(json.dumps({"groups": {"real news": {"systems": systems}}}))
        made.append(run)
    (tmp_path / "unfinished").mkdir()
    return [*made, tmp_path / "unfinished"]


def test_the_table_has_a_line_for_each_part_and_share(runs):
    lines = table(read_points(runs)).splitlines()
    assert lines[2:] == [
        "| own | 0.5 | 502 | 2 | 0.700 ± 0.141 |",
        "| own | 1 | 1,001 | 1 | 0.900 |",
        "| both | 1 | 1,001 | 1 | 0.950 |",
        "| nothing (rules) | | | | 0.700 ± 0.000 |",
    ]


def test_the_picture_names_what_it_shows(runs, tmp_path):
    draw(read_points(runs), tmp_path / "curve.svg")
    svg = (tmp_path / "curve.svg").read_text("utf-8")
    assert svg.startswith("<?xml")
    assert svg.count("<use") >= 3
    draw(read_points(runs), tmp_path / "again.svg")
    assert len((tmp_path / "again.svg").read_text("utf-8")) == len(svg)


def test_no_evaluated_run_is_an_error_that_says_what_to_do(runs):
    done = subprocess.run(
        [sys.executable, "-m", "eval.curve", str(runs[-1])], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "python -m eval artifact=RUN/model comes first" in done.stderr
