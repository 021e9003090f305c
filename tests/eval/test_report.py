import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from rich.console import Console

from eval.__main__ import run
from eval.items import FORMAT, Item
from eval.report import explain, write_html
from eval.suite import MODEL, evaluate
from eval.terminal import print_tables

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def evaluation(parts, fakes):
    train, measured = parts
    odd = Item(**(vars(measured[0]) | {"text": "<b>نص</b> " * 30 + "x" * 300, "outlet": "a-paper-of-a-long-name/" * 4}))
    measured = [odd, *measured[1:]]
    models = {MODEL: fakes["knowing"](measured, shift=1, probability=0.7), "other": fakes["uncertain"](measured)}
    found = evaluate(
        models, train, measured, baselines=["rules"], resamples=50, seed=1, labelled_twice=measured
    )  # fmt: skip
    found.results.update(
        artifact="runs/a-run/model", measured_on="our own articles", notes=["A note."], resamples=50,
        temperature={"config": 1.0, "fitted": 1.3},
    )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def page(evaluation, parts, fakes, tmp_path_factory):
    errors = explain(evaluation, fakes["by_rules"](), parts[0], most=8)
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_html(evaluation, errors, path)
    return path


def test_the_page_needs_nothing_beside_itself(page):
    text = page.read_text("utf-8")
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#)|url\((?!#)|@import|<script""", text)
    assert text.count("<svg") == 3
    assert len(set(re.findall(r'<svg[^>]*aria-label="([^"]*)"', text))) == 3


def test_the_page_says_what_it_is_asked_to_say(page, evaluation):
    text = page.read_text("utf-8")
    for section in ("summary", "systems", "labels", "slices", "calibration", "comparison", "errors"):
        assert f'id="{section}"' in text
    summary = text[text.index('id="summary"') : text.index('id="systems"')]
    assert "Most of denial is taken for background" in summary
    assert "Worse than other" in summary
    assert "A note." in summary
    assert "annotator’s second pass" in text
    assert text.count("taken for <span") == 8
    assert "nearest training sentences" in text


def test_sentences_are_shown_right_to_left_and_escaped(page, evaluation):
    text = page.read_text("utf-8")
    shown = [evaluation.measured[n] for n in evaluation.errors[:8]]
    assert any(item.text.startswith("<b>") for item in shown)
    assert "&lt;b&gt;نص&lt;/b&gt;" in text
    assert "<b>نص" not in text
    assert text.count('<p dir="rtl" lang="ar">') >= 8


def test_nothing_overflows_on_a_phone_or_a_screen(page, widths):
    assert widths(page) == {"400": 400, "1200": 1200}


def test_the_terminal_table_fits_into_80_columns(evaluation):
    console = Console(width=80, record=True, file=io.StringIO())
    print_tables(evaluation.results, console)
    text = console.export_text()
    assert "…" not in text
    assert "✗ Worse than other" in text
    assert "annotator" in text


def composed(*overrides):
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        return compose("eval", overrides=list(overrides))


def test_the_output_is_named_after_what_is_measured():
    assert composed("artifact=runs/a/model").output == "runs/a/model/../report-dev"
    assert composed("artifact=runs/a/model", "data=x/mine.jsonl").output == "runs/a/model/../report-data-mine"


def test_a_labelled_file_from_end_to_end(tmp_path, tiny_artifact, own_articles):
    lines = [
        {"text": a.sentence_text(s), "label": s.label, "context": a.text[: s.start], "article": a.id}
        for a in own_articles[:6]
        for s in a.sentences
    ]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    config = composed(
        f"artifact={tiny_artifact}", f"others=[{tiny_artifact}]", f"data={tmp_path / 'mine.jsonl'}",
        f"output={tmp_path / 'report'}", "resamples=20", "explained=2", "real=no", "sections=[cost,spans]",
        "cost.sentences=20",
    )  # fmt: skip
    run(config, Console(width=80, file=io.StringIO()))
    results = json.loads((tmp_path / "report" / "metrics.json").read_text("utf-8"))
    content = results["groups"]["the labelled file"]
    assert content["sentences"] == len(lines)
    assert set(content["systems"]) == {"model", tiny_artifact.parent.name, "rules"}  # nothing to learn from
    comparison = results["comparisons"][tiny_artifact.parent.name]
    assert comparison["effect"]["macro_f1"]["value"] == 0  # a model beside itself
    assert results["errors"][0]["line"] >= 1
    assert list(results["sections"]) == ["spans", "cost"]
    assert "cannot be measured" in results["sections"]["spans"]["left_out"]
    costs = {s["name"]: s["macro_f1"] for s in results["sections"]["cost"]["systems"]}
    assert costs == {name: system["macro_f1"] for name, system in content["systems"].items()}
    assert results["temperature"]["config"] == 1.0
    assert "Evaluation of" in (tmp_path / "report" / "report.html").read_text("utf-8")


def test_runs_that_differ_in_seed_alone_are_one_row(tmp_path, tiny_artifact, own_articles):
    articles = own_articles[:6]
    dev = [a.id for a in articles[3:]]
    for name, experiment in (("a", "finetune-1"), ("b", "finetune-1"), ("c", "finetune-2")):
        shutil.copytree(tiny_artifact, tmp_path / name / "model")
        (tmp_path / name / "record.json").write_text(json.dumps({"experiment": experiment}))
        (tmp_path / name / "split.json").write_text(json.dumps({"train": [a.id for a in articles[:3]], "dev": dev}))
    config = composed(
        f"artifact={tmp_path / 'a' / 'model'}", f"others=[{tmp_path / 'b' / 'model'},{tmp_path / 'c' / 'model'}]",
        "resamples=20", "explained=0", "real=no", "baselines=[rules]", "sections=[]",
    )  # fmt: skip
    said = Console(width=80, file=io.StringIO(), record=True)
    run(config, said)
    results = json.loads((tmp_path / "a" / "report-dev" / "metrics.json").read_text("utf-8"))
    content = results["groups"]["articles of our own"]
    assert content["seeds"]["runs"] == 2
    assert content["seeds"]["macro_f1"] == {"mean": content["systems"]["model"]["macro_f1"], "deviation": 0.0}
    assert "2 seeds" in said.export_text()
    assert "2 seeds" in (tmp_path / "a" / "report-dev" / "report.html").read_text("utf-8")
    assert {s["dimension"] for s in results["slices"]} >= {"length", "outlet", "topic"}


def test_the_command_line_says_what_a_file_must_hold(tmp_path, tiny_artifact):
    (tmp_path / "bad.jsonl").write_text('{"text": "نص"}', "utf-8")
    arguments = (f"artifact={tiny_artifact}", f"data={tmp_path / 'bad.jsonl'}", f"output={tmp_path / 'report'}")
    done = subprocess.run([sys.executable, "-m", "eval", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "bad.jsonl:1: has no 'label'" in done.stderr
    assert FORMAT in done.stderr


def test_a_section_that_is_none_is_refused_before_anything_starts():
    with pytest.raises(ValueError, match="sections: price: choose from spans, behaviour, splitter, cost"):
        run(composed("artifact=nowhere", "sections=[price]"), Console())


def test_the_help_tells_the_format():
    said = OmegaConf.load(ROOT / "configs" / "eval.yaml").hydra.help.template.split("\n")
    described = [" ".join(line.split()) for line in FORMAT.splitlines()[2:]]
    assert set(described) <= {" ".join(line.split()) for line in said}
