import json
import re
from collections import defaultdict

import pytest

from eval.behaviour import run
from eval.behaviour.__main__ import main
from eval.behaviour.families import GUIDELINES, article_families, load_families, worked_examples
from eval.behaviour.perturb import PERTURBATIONS
from eval.behaviour.templates import Lexicon, read_toml, slots
from isnad import LABELS, Label, Prediction
from isnad.normalize import normalize
from isnad.quotes import find_marks
from isnad.rules import label_by_rules
from seeds.corpus import Article, LabelledSentence

CASES = 12
MARKS = str.maketrans("", "", '«»“”"‘’')
PERMUTED = {label: LABELS[(i + 1) % 4] for i, label in enumerate(LABELS)}


class Answers:
    """A classifier made of a function of sentence and context."""

    def __init__(self, label):
        self.label = label

    def classify(self, sentences, context=None):
        found = [self.label(s, c or "") for s, c in zip(sentences, context, strict=True)]
        rest = dict.fromkeys(LABELS, 0.02)
        return [Prediction(label=x, score=0.94, probabilities=rest | {x: 0.94}) for x in found]


def rates(label, **options):
    results = run(Answers(label), cases=CASES, **options)
    return {row["name"]: row["rate"] for row in results["families"]}


@pytest.fixture(scope="module")
def families():
    return load_families(CASES, seed=1)


@pytest.fixture(scope="module")
def answers(families):
    """What the guidelines say of every sentence, save those that stand in an invariance alone."""
    judged = [c for f in families for c in f.cases if c.expected]
    return {(s.text, s.context): x for c in judged for s, x in zip(c.samples, c.expected, strict=True)}


@pytest.fixture(scope="module")
def rules():
    return rates(label_by_rules)


def test_there_are_families_of_every_kind_and_label(families):
    kinds = defaultdict(set)
    for family in families:
        assert family.cases, family.name
        kinds[family.kind].add(family.name)
    assert {kind: len(names) >= 20 for kind, names in kinds.items()} == dict.fromkeys(kinds, True)
    assert len(kinds) == 3
    assert len({f.name for f in families}) == len(families)
    expected = {c.expected[0] for f in families if f.kind == "minimal functionality" for c in f.cases}
    assert expected == set(LABELS)


def test_no_sentence_has_two_labels():
    found = defaultdict(set)
    for family in load_families(60, seed=2):
        for case in family.cases:
            for sample, label in zip(case.samples if case.expected else (), case.expected, strict=True):
                found[normalize(sample.text), normalize(sample.context)].add(label)
    assert [key for key, labels in found.items() if len(labels) > 1] == []


def test_no_sentence_is_left_with_a_slot_or_an_alternative(families):
    texts = [s.context + s.text for f in families for c in f.cases for s in c.samples]
    assert [t for t in texts if re.search(r"[{}\[\]@]", t)] == []


def test_marks_are_balanced_save_where_they_are_meant_not_to_be():
    for record in read_toml("minimal")["family"]:
        for template in record["templates"]:
            whole = template if isinstance(template, str) else template.get("context", "") + " " + template["text"]
            if record["name"] not in ("unclosed quotation", "inside an open quotation"):
                assert all(q.closed for q in find_marks(whole).quotations), whole


def test_every_worked_example_of_the_guidelines_is_a_case():
    table = GUIDELINES.read_text("utf-8").partition("## Worked examples")[2]
    assert len(worked_examples()) == table.count("\n| ") - 1 >= 14
    assert worked_examples()[0].expected == (Label.DIRECT_QUOTE,)
    assert worked_examples()[-1].expected == (Label.DENIAL,)


def test_every_list_of_words_and_every_perturbation_is_used():
    text = json.dumps([read_toml(n) for n in ("minimal", "direction", "invariance", "words")], ensure_ascii=False)
    lists = Lexicon(read_toml("words")).names
    assert lists - slots(text) - set(re.findall("@([a-z_]+)", text)) == set()
    used = {record.get("perturbation") for record in read_toml("invariance")["family"]}
    assert set(PERTURBATIONS) - used == set()


def test_unseen_verbs_are_unseen(own_articles):
    cues = {normalize(a.text[s.cue[0] : s.cue[1]]) for a in own_articles for s in a.sentences if s.cue}
    words = read_toml("words")["words"]
    for entry in words["unseen_state"] + words["unseen_utter"]:
        for verb in re.match(r"\[(.+?)\|(.+?)\]", entry).groups():
            assert not {clitic + normalize(verb) for clitic in ("", "و", "ف")} & cues
            assert label_by_rules(f"{verb} سامي أن الجسر فتح.") is Label.BACKGROUND


def test_a_classifier_that_knows_the_guidelines_fails_nowhere(answers):
    found = run(Answers(lambda s, c: answers.get((s, c), Label.BACKGROUND)), cases=CASES)
    assert found["kinds"]["minimal functionality"]["failures"] == 0
    assert found["kinds"]["direction"]["failures"] == 0


def test_permuted_labels_fail_everywhere_but_in_invariance(families, answers, rules):
    permuted = rates(lambda s, c: PERMUTED[answers.get((s, c), Label.BACKGROUND)])
    kinds = {f.name: f.kind for f in families}
    assert {permuted[name] for name, kind in kinds.items() if kind != "invariance"} == {1.0}
    moved = rates(lambda s, c: PERMUTED[label_by_rules(s, c)])
    assert all(moved[name] == rules[name] for name, kind in kinds.items() if kind == "invariance")


def test_who_ignores_marks_is_caught_where_marks_decide(rules):
    blind = rates(lambda s, c: label_by_rules(s.translate(MARKS), c.translate(MARKS)))
    for name in (
        "mixed quotation", "inside an open quotation", "put the clause in marks", "quote a clause, not two words",
        "leave the quotation before it open",
    ):  # fmt: skip
        assert rules[name] < 0.1, name
        assert blind[name] > 0.9, name
    assert all(blind[f"marks: {to}"] == 0 for to in ("« »", "“ ”", '" "'))


def test_who_knows_one_pair_of_marks_is_caught_by_invariance(rules):
    narrow = str.maketrans("", "", '“”"')
    found = rates(lambda s, c: label_by_rules(s.translate(narrow), c.translate(narrow)), only=["marks"])
    for name in ("marks: “ ”", 'marks: " "'):
        assert found[name] > rules[name] + 0.15


def test_who_ignores_denial_is_caught_where_it_decides(rules):
    def blind(s, c):
        label = label_by_rules(s, c)
        return Label.REPORTED_CLAIM if label is Label.DENIAL else label

    found = rates(blind, only=["denial", "denying"])
    for name in ("denial verb", "denial in a quotation", "add a verb of denying", "add the accused's denial"):
        assert rules[name] < 0.5, name
        assert found[name] == 1, name
    assert found["near denial: negated claim"] == 0


def test_who_sees_denials_everywhere_is_caught_by_the_near_misses():
    found = rates(lambda s, c: Label.DENIAL, only=["denial"])
    assert found["denial verb"] == 0
    assert {rate for name, rate in found.items() if name.startswith("near denial")} == {1.0}


def test_who_ignores_the_context_is_caught():
    found = rates(lambda s, c: label_by_rules(s), only=["before it open", "inside an open"])
    assert found["leave the quotation before it open"] == 1
    assert found["inside an open quotation"] > 0.4


@pytest.mark.parametrize(
    ("family", "seen"),
    [("digits in the other script", "[0-9]"), ("tatweel added", "ـ"), ("diacritics added", "[\u064b-\u0652]"),
     ("bidi controls", "\u200f"), ("letters of a Farsi keyboard", "ی"), ("agency's closing mark", "//")],
)  # fmt: skip
def test_who_looks_at_the_spelling_is_caught_by_its_family(family, seen):
    found = rates(lambda s, c: Label.DENIAL if re.search(seen, s) else Label.BACKGROUND, only=[family])
    assert found[family] > 0.8


def test_articles_are_inputs_and_the_texts_of_others_stay_out(own_articles):
    text = "قال سامي: «سنعود في 2015». ثم مضى."
    foreign = Article("x", "o", "t", text, (LabelledSentence(0, 26, Label.DIRECT_QUOTE),), "natural")
    digits = Answers(lambda s, c: Label.DENIAL if re.search("[0-9]", s) else Label.BACKGROUND)
    results = run(digits, articles=[foreign], cases=1, only=["script"])
    (row,) = results["articles"]
    assert (row["tried"], row["cases"], row["failures"], row["normalised_away"]) == (1, 1, 1, 1)
    (example,) = row["examples"]
    assert (example["article"], example["start"], example["end"]) == ("x", 0, 26)
    assert "سامي" not in json.dumps(example, ensure_ascii=False)
    own = run(digits, articles=own_articles[:20], cases=1, only=["script"])["articles"][0]
    assert own["rate"] == 1
    assert own["tried"] == sum(len(a.sentences) for a in own_articles[:20]) > own["cases"]
    assert own["examples"][0]["samples"][0]["text"] in "".join(a.text for a in own_articles[:20])
    assert len(article_families(own_articles, limit=7, seed=1)[5].cases) == 7


def test_rates_have_wilson_intervals():
    results = run(Answers(lambda s, c: Label.DENIAL), cases=50, only=["near denial: refusal"])
    row = results["families"][0]
    assert (row["cases"], row["failures"], row["rate"]) == (50, 50, 1.0)
    z2 = 3.841459  # 1.96 squared: by hand, 50 of 50 is n / (n + z²) at the least
    assert row["interval"] == pytest.approx([50 / (50 + z2), 1.0], abs=1e-5)
    assert results["kinds"]["direction"]["cases"] == 0
    json.dumps(results)


def test_the_command_prints_and_writes_and_tells_by_its_exit_code(tmp_path, capsys):
    out = tmp_path / "new" / "b.json"
    assert main(["--cases", "2", "--only", "worked examples", "bare attribution", "--json", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "minimal functionality" in printed
    assert "worked examples" in printed
    written = json.loads(out.read_text("utf-8"))
    assert [row["name"] for row in written["families"]] == ["worked examples", "near claim: bare attribution"]
    failures = sum(row["failures"] for row in written["families"])
    assert main(["--cases", "2", "--only", "worked examples", "bare attribution", "--max-failures", str(failures)]) == 0
    with pytest.raises(SystemExit, match="2"):
        main(["--only", "no such family"])
    assert "no family's name holds 'no such family'" in capsys.readouterr().err
