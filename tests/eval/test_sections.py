"""The sections of a report: what is left out is said, and a broken model is caught by the part that should."""

import io
import json
import sys
from types import SimpleNamespace

import pytest
from rich.console import Console

from eval.behaviour import run
from eval.config import SECTIONS
from eval.findings import findings
from eval.items import read_articles
from eval.report import write_html
from eval.sections import Measured, measure_sections
from eval.spans import who_said_it
from eval.suite import MODEL, evaluate
from eval.terminal import print_tables
from eval.tracking import figures
from isnad import LABELS, Label, Sentence, Span
from isnad.results import Source
from seeds.speech import load_speech

CASES = 12


@pytest.fixture(scope="module")
def held_out(own_articles):
    return [a for a in own_articles if any(s.antecedent for s in a.sentences)][:12]


@pytest.fixture(scope="module")
def knowing(fakes, held_out):
    """Makes a model that knows label, cue, source, quotes and speaker of every sentence, its spans moved by `by`."""
    speech = load_speech()

    def make(by=0):
        told = {}
        for article in held_out:
            for s in article.sentences:
                cue, source = (x and Span("", x[0] - s.start + by, x[1] - s.start + by) for x in (s.cue, s.source))
                spoken = speech.quotes.get((article.id, s.start), ())
                quotes = tuple(Span("", a - s.start + 3 * by, b - s.start) for a, b in spoken)
                told[article.sentence_text(s)] = (s.label, cue, source and Source("", source.start, source.end), quotes)

        class Knowing(fakes["any"]):
            def classify(self, sentences, context=None):
                answers = super().classify(sentences, context)
                spans = [told.get(s, (None, None, None, ())) for s in sentences]
                for answer, (_, *known) in zip(answers, spans, strict=True):
                    for name, value in zip(("cue", "source", "quotes"), known, strict=True):
                        object.__setattr__(answer, name, value)
                return answers

            def annotate(self, text):
                (article,) = (a for a in held_out if a.text == text)
                return [
                    Sentence(
                        label=s.label, score=1.0, probabilities={}, text="", start=s.start, end=s.end,
                        source=s.antecedent and Source("", s.antecedent[0] + 2000 * by, s.antecedent[1] + 2000 * by),
                    )
                    for s in article.sentences
                ]  # fmt: skip

        return Knowing(lambda s, _: fakes["sure_of"](told.get(s, (Label.BACKGROUND,))[0]))

    return make


def score(model, held_out):
    return evaluate({MODEL: model}, [], read_articles(held_out), baselines=["rules"], resamples=20, seed=1)


def measured(model, held_out, *sections):
    """What `measure_sections` is given, by a model that has no directory."""
    evaluation = score(model, held_out)
    config = SimpleNamespace(
        sections=sections, behaviour=SimpleNamespace(cases=2), cost=SimpleNamespace(sentences=20),
        resamples=20, seed=1, corpora="nowhere", real="no",
    )  # fmt: skip
    return Measured(config, {MODEL: model}, {}, SimpleNamespace(held_out=held_out), evaluation)


def faults(sections, held_out, knowing, topic):
    """What the summary says against a model of which only a section knows that it is broken."""
    results = score(knowing(), held_out).results
    return [f.text for f in findings(results | {"sections": sections}) if f.topic == topic and f.fault]


def test_shifted_spans_are_told(held_out, knowing):
    found = {}
    for by in (0, 1):
        model = knowing(by)
        answers = model.classify([i.text for i in read_articles(held_out)])
        found[by] = who_said_it(model, held_out, answers, draws=20, seed=1)
    right, shifted = (found[by]["articles of our own"] for by in (0, 1))
    assert {right["model"][k][w]["f1"] for k in ("cue", "source") for w in ("exact", "partial")} == {1.0}
    assert right["quotes"]["model"]["exact"]["f1"] == 1
    assert shifted["quotes"]["model"]["exact"]["f1"] < 0.3
    assert right["resolution"]["accuracy"] == 1
    assert shifted["model"]["cue"]["exact"]["f1"] == 0
    assert shifted["model"]["cue"]["partial"]["f1"] == pytest.approx(0.5, abs=0.05)  # a cue of one letter is missed
    assert shifted["resolution"]["accuracy"] < 0.2
    assert faults({"spans": found[0]}, held_out, knowing, "spans") == []
    told = faults({"spans": found[1]}, held_out, knowing, "spans")
    assert [text.split(" F1 ")[0] for text in told] == [
        "Who said it, on articles of our own: cue", "Who said it, on articles of our own: source",
        "The speaker’s own words:",
    ]  # fmt: skip


def test_a_model_that_ignores_marks_is_told(held_out, knowing, fakes):
    blind = run(fakes["by_rules"](marks=False), cases=CASES)
    (text,) = faults({"behaviour": blind}, held_out, knowing, "behaviour")
    assert text.startswith("Mostly fails at")
    mostly = {f["name"] for f in blind["families"] if f["interval"][0] > 0.5}
    seeing = {f["name"] for f in run(fakes["by_rules"](), cases=CASES)["families"] if f["interval"][0] > 0.5}
    assert {"mixed quotation", "inside an open quotation", "put the clause in marks"} <= mostly - seeing


@pytest.mark.parametrize("label", LABELS)
def test_a_model_of_one_label_is_told(label, held_out, knowing, fakes):
    found = run(fakes["any"](lambda s, c: fakes["sure_of"](label)), cases=CASES)
    (text,) = faults({"behaviour": found}, held_out, knowing, "behaviour")
    assert text.startswith("Mostly fails at")
    assert "more families" in text
    assert found["kinds"]["direction"]["rate"] > 0.9
    assert found["kinds"]["invariance"]["rate"] == 0  # what it does not catch


def test_a_splitter_beaten_by_a_public_one_is_told(held_out, knowing):
    sets = {"x": {"passages": 9, "splitters": {
        "isnad": {"f1": 0.7, "interval": [0.6, 0.75]}, "pysbd": {"f1": 0.8, "interval": [0.7, 0.9]}
    }}}  # fmt: skip
    assert len(faults({"splitter": sets}, held_out, knowing, "splitter")) == 1
    sets["x"]["splitters"]["isnad"]["interval"][1] = 0.81
    assert faults({"splitter": sets}, held_out, knowing, "splitter") == []


@pytest.mark.parametrize(
    ("section", "library", "module"),
    [("behaviour", "statsmodels", "eval.behaviour.suite"), ("splitter", "pysbd", None)],
)
def test_a_library_that_is_missing_ends_nothing(section, library, module, held_out, knowing, monkeypatch):
    names = [name for name in sys.modules if name.split(".")[0] == library]
    for name in [library, *names]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("eval.behaviour", module) if module else ():
        monkeypatch.delitem(sys.modules, name, raising=False)
    found = measure_sections(measured(knowing(), held_out, "spans", section))
    assert set(found) == {"spans", section}
    assert f"{library}" in found[section]["left_out"]
    assert "pip install 'isnad[eval]'" in found[section]["left_out"]
    assert "left_out" not in found["spans"]


def test_a_labelled_file_has_no_spans(held_out, knowing):
    found = measure_sections(measured(knowing(), held_out, "spans"))
    assert "articles of our own" in found["spans"]
    of_file = measured(knowing(), held_out, "spans")
    of_file.material.held_out = []
    assert "cannot be measured" in measure_sections(of_file)["spans"]["left_out"]


@pytest.fixture(scope="module")
def whole(held_out, knowing, tmp_path_factory):
    """An evaluation with every section, and its page; what the model costs is made up, since it has no directory."""
    asked = measured(knowing(), held_out, *SECTIONS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eval.splitter.load_own", lambda: held_out)
        sections = measure_sections(asked)
    rules = sections["cost"]["systems"][0]
    sections["cost"]["systems"].append(rules | {"name": MODEL, "load_seconds": 0.1, "sentences_per_second": 9.0})
    asked.evaluation.results.update(
        sections=sections, artifact="runs/a/model", measured_on="our own", notes=[], resamples=20, part="dev",
        temperature={"config": 1.0, "fitted": 1.3},
    )  # fmt: skip
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_html(asked.evaluation, [], path)
    return asked.evaluation.results, path


def test_every_section_is_on_the_page(whole):
    results, path = whole
    assert list(json.loads(json.dumps(results["sections"]))) == list(SECTIONS)
    text = path.read_text("utf-8")
    marks = ("F1, partial", "families with failures", "sentencex", "peak memory")
    for section, said in zip(SECTIONS, marks, strict=True):
        assert f'href="#{section}"' in text
        begin = text.index(f'<h2 id="{section}"')
        assert said in text[begin : text.index("<h2", begin + 1)]
    behaviour = text[text.index('<h2 id="behaviour"') : text.index('<h2 id="splitter"')]
    failing = [f for f in results["sections"]["behaviour"]["families"] if f["failures"]]
    assert behaviour.count('<details class="family">') == len(failing) > 20
    assert '<p dir="rtl" lang="ar">' in behaviour
    assert 'aria-label="Speed and accuracy"' in text
    assert "our own articles instead" in text


def test_nothing_overflows_on_a_phone_or_a_screen(whole, widths):
    assert widths(whole[1]) == {"400": 400, "1200": 1200}


def test_the_terminal_shows_every_section_in_80_columns(whole):
    console = Console(width=80, record=True, file=io.StringIO())
    print_tables(whole[0], console)
    printed = console.export_text()
    assert "…" not in printed.replace("spelling …", "")
    for head in ("who said it", "behaviour, the worst families", "sentence splitter", "peak MB"):
        assert head in printed


def test_the_main_figures_are_tracked(whole):
    tracked = figures(whole[0])
    assert tracked["dev/spans/articles_of_our_own/cue_f1"] == 1
    assert tracked["dev/behaviour/minimal_functionality_failure_rate"] > 0.5
    assert tracked["dev/splitter/articles_of_our_own/f1"] > 0.9
