import random
import re

import pytest

from eval.behaviour.families import load_families
from eval.behaviour.perturb import PERTURBATIONS
from eval.behaviour.templates import Lexicon, Sample, TemplateError, expand
from isnad.normalize import normalize

PERTURBED = [
    ("marks", {"to": "curly"}, "قال: «نعم “هكذا”».", "قال: “نعم «هكذا»”."),
    ("marks", {"to": "straight"}, "قال: «نعم».", 'قال: "نعم".'),
    ("marks", {"to": "angle"}, 'قال: "نعم".', "قال: «نعم»."),
    ("marks", {"to": "angle"}, "قال: «نعم».", None),
    ("marks", {"to": "angle"}, "قال نعم.", None),
    ("spaced_marks", {}, "قال: «نعم».", "قال: « نعم »."),
    ("digit_script", {}, "في 2015 و٣.", "في ٢٠١٥ و٣."),
    ("digit_script", {}, "في ٢٠١٥.", "في 2015."),
    ("digit_script", {}, "في العام.", None),
    ("words", {"table": {"أن": "ان"}}, "وأن أنه أن", "وان أنه ان"),
    ("endings", {"of": "ة", "to": "ه"}, "المدرسة، مدرسته", "المدرسه، مدرسته"),
    ("characters", {"،": ","}, "نعم، لا", "نعم, لا"),
    ("spaced_punctuation", {}, "نعم، 1.5 لا.", "نعم ، 1.5 لا ."),
    ("no_full_stop", {}, "نعم.", "نعم"),
    ("no_full_stop", {}, "نعم؟", None),
    ("dateline", {"lines": ["الرباط - "]}, "نعم.", "الرباط - نعم."),
    ("agency_end", {"lines": [" //"]}, "نعم", None),
]


@pytest.mark.parametrize(("name", "options", "text", "expected"), PERTURBED)
def test_perturbations(name, options, text, expected):
    changed = PERTURBATIONS[name](Sample(text), random.Random(1), **options)
    assert changed == (None if expected is None else Sample(expected))


def test_marks_change_in_the_context_as_well():
    changed = PERTURBATIONS["marks"](Sample("نعم».", "قال: «لا. "), random.Random(1), to="straight")
    assert changed == Sample('نعم".', 'قال: "لا. ')


@pytest.mark.parametrize("name", ["diacritics", "tatweel", "digit_script", "bidi"])
def test_normalisation_takes_these_away(name, own_articles):
    for article in own_articles[:20]:
        changed = PERTURBATIONS[name](Sample(article.text), random.Random(1))
        assert changed is None or (changed.text != article.text and normalize(changed.text) == normalize(article.text))


def test_numbers_keep_their_length():
    text = PERTURBATIONS["numbers"](Sample("بين 7 و2015 و١٢."), random.Random(1)).text
    assert re.fullmatch(r"بين [3-9] و[3-9][0-9]{3} و[٣-٩][٠-٩]\.", text)


def test_the_same_seed_gives_the_same_sentences():
    assert load_families(5, seed=3) == load_families(5, seed=3) != load_families(5, seed=4)


def test_a_slot_stands_for_the_same_words_and_a_numbered_one_for_others():
    lexicon = Lexicon({"words": {"a": ["1", "2"], "v": ["[m|f]{a}"]}, "agreeing": {"s": {"m": ["x"], "f": ["y"]}}})
    cases = expand(lexicon, [["{a}{a}{a2}{s}"]], count=4, seed="1")
    assert {c[0].text for c in cases} == {"112x", "112y", "221x", "221y"}
    pairs = expand(lexicon, [["{v}{s}"]], count=4, seed="1", redraw=["a"])
    assert {(a.text, b.text) for a, b in pairs} <= {("m1x", "m2x"), ("m2x", "m1x"), ("f1y", "f2y"), ("f2y", "f1y")}


@pytest.mark.parametrize(
    ("template", "message"),
    [("{none}", "{none}: words.toml has no such list"), ("{a.it}", "{a.it}: words.toml has no such form of a")],
)
def test_a_wrong_template_is_named(template, message):
    with pytest.raises(TemplateError, match=re.escape(message)):
        expand(Lexicon({"words": {"a": ["1"]}, "agreeing": {}}), [[template]], count=1, seed="1")


def test_a_wrong_list_is_named():
    with pytest.raises(TemplateError, match="a takes in @b, which is no list"):
        Lexicon({"words": {"a": ["@b"]}, "agreeing": {}})
    with pytest.raises(TemplateError, match="a has no words"):
        Lexicon({"words": {"a": []}, "agreeing": {}})
