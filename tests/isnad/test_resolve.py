from isnad.labels import LABELS, Label
from isnad.resolve import REACH, RELIABILITY, names_somebody, resolve_sources
from isnad.results import Sentence, Source


def sentence(number, label, source=None):
    start = 100 * number
    return Sentence(
        label=label, score=0.9, probabilities=dict.fromkeys(LABELS, 0.25), text="جملة", start=start, end=start + 4,
        source=source and Source(source, start, start + len(source), 0.5),
    )  # fmt: skip


def test_a_sentence_that_names_nobody_gets_the_source_named_last():
    first = sentence(0, Label.REPORTED_CLAIM, "وزيرة الصحة")
    second = sentence(1, Label.REPORTED_CLAIM, "النقيب")
    third = sentence(2, Label.DIRECT_QUOTE)
    resolved = resolve_sources([first, second, third])
    assert resolved[:2] == [first, second]
    assert resolved[2].source == Source("النقيب", 100, 106, 0.5 * RELIABILITY, 1)
    assert third.source is None  # what was given is not changed


def test_background_has_no_source():
    resolved = resolve_sources([sentence(0, Label.DENIAL, "الوزارة"), sentence(1, Label.BACKGROUND)])
    assert resolved[1].source is None


def test_nobody_is_guessed_where_nobody_was_named():
    assert resolve_sources([sentence(0, Label.DIRECT_QUOTE)])[0].source is None
    far = [sentence(0, Label.DENIAL, "الوزارة"), *(sentence(n, Label.BACKGROUND) for n in range(1, REACH + 1))]
    assert resolve_sources([*far, sentence(REACH + 1, Label.DENIAL)])[-1].source is None
    near = resolve_sources([*far[:-1], sentence(REACH, Label.DENIAL)])[-1].source
    assert near is not None
    assert near.resolved_from == 0


def test_a_chain_of_sentences_keeps_its_speaker():
    chain = [sentence(0, Label.DENIAL, "الوزارة"), *(sentence(n, Label.DIRECT_QUOTE) for n in range(1, 5))]
    assert [s.source.resolved_from for s in resolve_sources(chain)] == [None, 0, 0, 0, 0]


def test_a_title_with_a_pronoun_names_nobody():
    assert not names_somebody("مَعاليه")
    assert not names_somebody("سموها")
    assert names_somebody("معالي الوزير")
    assert names_somebody("سموحة")
    chain = [
        sentence(0, Label.DENIAL, "الأمير خالد"),
        sentence(1, Label.REPORTED_CLAIM, "سموه"),
        sentence(2, Label.DIRECT_QUOTE),
    ]
    assert resolve_sources(chain)[2].source.text == "الأمير خالد"
    assert resolve_sources(chain)[1].source.text == "سموه"
