import json

from isnad.labels import Label
from seeds.corpus import Article, LabelledSentence
from seeds.speech import Speech, faults, load_speech

TEXT = "قال الوزير: «نعم».\nوأضاف أن العمل مستمر."
ARTICLE = Article(
    "a", "o", "", TEXT,
    (LabelledSentence(0, 18, Label.DIRECT_QUOTE), LabelledSentence(19, len(TEXT), Label.REPORTED_CLAIM)),
)  # fmt: skip


def test_the_file_is_read(tmp_path):
    record = {"about": "", "quotes": {"a": {"0": [[13, 16]], "19": []}}, "speakers": {"a": {"19": [[4, 10]]}}}
    (tmp_path / "speech.json").write_text(json.dumps(record))
    speech = load_speech(tmp_path / "speech.json")
    assert TEXT[slice(*speech.quotes["a", 0][0])] == "نعم"
    assert speech.quotes["a", 19] == ()
    assert TEXT[slice(*speech.speakers["a", 19][0])] == "الوزير"
    assert list(faults(speech, [ARTICLE])) == []


def test_what_does_not_fit_is_told():
    found = list(faults(Speech({("a", 5): (), ("a", 0): ((13, 25),), ("b", 0): ((9, 3),)}, {}), [ARTICLE]))
    assert [f.split(": ")[-1] for f in found] == ["no labelled sentence starts there", "a span outside characters 0:18"]
    (found,) = faults(Speech({}, {("a", 19): ((4, 10), (8, 12))}), [ARTICLE])
    assert found.endswith("spans overlap")
    (found,) = faults(Speech({}, {("a", 19): ((30, 33),)}), [ARTICLE])
    assert found.endswith("a span outside characters 0:19")


def test_what_is_shipped_fits_our_own_articles(own_articles):
    speech = load_speech()
    assert list(faults(speech, own_articles)) == []
    assert len(speech.quotes) >= 500
    assert len(speech.speakers) >= 400
