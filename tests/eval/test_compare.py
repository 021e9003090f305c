import io
import json
import math

import numpy as np
import pytest
import yaml
from rich.console import Console
from scipy import stats

from eval.compare import compare, print_comparison, verdict, write_html
from eval.experiments import choose, gather, pick_group, read_folders
from eval.significance import difference, holm

GROUP = "real news"


def write_run(folder, rate, seed, score, group="real news", **tracking):
    """A finished run's folder, as `python -m train` and `python -m eval` leave it."""
    (folder / "report-dev").mkdir(parents=True)
    config = {
        "data": {"fold": 0, "split_seed": seed, "corpora": "x"}, "optimisation": {"learning_rate": rate},
        "seed": seed, "output": str(folder), "tracking": {"mode": "disabled", "group": None, "tags": [], **tracking},
    }  # fmt: skip
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    record = {"commit": "c", "data_hash": "d", "encoder_hash": "e", "sentences": {"train": 800, "dev": 200}}
    (folder / "record.json").write_text(json.dumps(record | {"experiment": f"finetune-{rate}", "sweep": "s1"}))
    per_class = {k: {"f1": score} for k in ("direct_quote", "reported_claim", "denial", "background")}
    model = {"macro_f1": score, "accuracy": score, "per_class": per_class}
    results = {"part": "dev", "groups": {group: {"sentences": 200, "systems": {"model": model}}}}
    (folder / "report-dev" / "metrics.json").write_text(json.dumps(results))


SCORES = {1e-4: [0.70, 0.72, 0.71], 4e-4: [0.801, 0.819, 0.811], 1e-3: [0.80, 0.825, 0.81]}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for rate, scores in SCORES.items():
        for seed, score in enumerate(scores, 1):
            write_run(folder / f"{rate}-{seed}", rate, seed, score, tags=["a"] if rate == 1e-4 else [])
    (folder / "unfinished").mkdir()
    return folder


def compared(runs, **how):
    found = choose(read_folders([runs], "dev"), how.get("groups", ()), how.get("tags", ()))
    return compare(gather(found), "dev", pick_group(found, "dev", None), how.get("measure", "macro_f1"))


def test_seeds_are_gathered_and_experiments_named_by_what_differs(runs):
    names = {e.name: len(e.runs) for e in gather(read_folders([runs], "dev"))}
    assert names == {"learning_rate=0.0001": 3, "learning_rate=0.0004": 3, "learning_rate=0.001": 3}


def test_the_best_is_named_and_only_a_real_difference_is_called_real(runs):
    comparison = compared(runs)
    best, *_ = comparison.experiments
    assert best.name == "learning_rate=0.001"
    text = "\n".join(verdict(comparison))
    assert "Best: learning_rate=0.001, with macro_f1 on real news (dev) 0.812 ± 0.013 over 3 runs" in text
    near, far = text.splitlines()[1:3]
    assert near.startswith("Over learning_rate=0.0004: +0.001")
    assert "that can be chance" in near
    assert far.startswith("Over learning_rate=0.0001: +0.102")
    assert "the difference is real" in far
    assert "really better than 1 of 2" in text


def test_runs_are_picked_by_group_tag_and_path(runs):
    assert len(compared(runs, tags=["a"]).experiments) == 1
    assert len(compared(runs, tags=["sweep-s1"]).experiments) == 3
    assert len(compared(runs, groups=["finetune-0.0004", "finetune-0.001"]).experiments) == 2
    assert len(read_folders([runs / "0.001-1"], "dev")) == 1
    with pytest.raises(
        ValueError, match=r"no evaluated run to compare, of 9 \(groups: finetune-0.0001.*tags: a, sweep-s1"
    ):
        compared(runs, tags=["none"])
    with pytest.raises(ValueError, match="not all runs were measured on it"):
        pick_group(read_folders([runs], "dev"), "dev", "articles of our own")


def test_the_terminal_and_the_page_say_the_same(runs, tmp_path):
    comparison = compared(runs)
    console = Console(width=130, record=True, file=io.StringIO())
    print_comparison(comparison, console)
    printed = console.export_text()
    assert "0.812 ± 0.013" in printed
    assert printed.count("●") == 4  # three means and the head of the column
    write_html(comparison, tmp_path / "c.html")
    page = (tmp_path / "c.html").read_text("utf-8")
    assert "<svg" in page
    assert "optimisation/learning_rate" in page
    assert "<td>data_hash</td>" not in page  # the same in all
    for line in verdict(comparison):
        assert line in page.replace("&#39;", "'")


def test_one_run_each_tells_nothing(tmp_path):
    for rate, score in ((1e-4, 0.5), (1e-3, 0.9)):
        write_run(tmp_path / str(rate), rate, 1, score)
    text = "\n".join(verdict(compared(tmp_path)))
    assert "too few runs to tell" in text
    assert "these runs do not tell which is best" in text


def test_the_tests_are_those_of_scipy():
    a, b = np.array([0.8, 0.84, 0.79, 0.83]), np.array([0.78, 0.80, 0.78, 0.80])
    paired = difference({(n,): v for n, v in enumerate(a)}, {(n,): v for n, v in enumerate(b)})
    expected = stats.ttest_rel(a, b)
    assert paired.p == pytest.approx(expected.pvalue)
    assert (paired.low, paired.high) == pytest.approx(tuple(expected.confidence_interval()))
    welch = difference({("a", n): v for n, v in enumerate(a)}, {("b", n): v for n, v in enumerate(b[:3])})
    expected = stats.ttest_ind(a, b[:3], equal_var=False)
    assert welch.p == pytest.approx(expected.pvalue)
    assert (welch.low, welch.high) == pytest.approx(tuple(expected.confidence_interval()))
    assert "Welch" in welch.test


def test_shared_articles_widen_the_interval_by_the_factor_of_nadeau_and_bengio():
    a = {(n,): v for n, v in enumerate([0.8, 0.84, 0.79])}
    b = {(n,): v for n, v in enumerate([0.78, 0.80, 0.78])}
    plain, corrected = difference(a, b), difference(a, b, held_out=0.25)
    ratio = (corrected.high - corrected.low) / (plain.high - plain.low)
    assert ratio == pytest.approx(math.sqrt((1 / 3 + 0.25) / (1 / 3)))
    assert corrected.p > plain.p


def test_equal_runs_differ_by_nothing():
    same = {(1,): 0.5, (2,): 0.5}
    assert difference(same, same).p == 1.0


def test_holm_steps_down_and_never_falls():
    assert holm([0.01, 0.04, 0.03, None]) == pytest.approx([0.03, 0.06, 0.06, None])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
