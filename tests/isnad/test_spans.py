import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isnad.encoding import Layout, encode
from isnad.spans import LONGEST_CUE, POINTERS, decode

LAYOUT = Layout(max_length=64, context_tokens=8, cls=2, sep=3, pad=0)


@pytest.fixture
def read(tiny_tokenizer):
    """Encode a sentence after a context, and point to the tokens that hold these words."""

    def read(sentence, cue=None, source=None):
        (encoded,) = encode(tiny_tokenizer, LAYOUT, [sentence], ["انتهى الخبر."])
        pointers = np.zeros((len(encoded.ids) + 3, len(POINTERS)), dtype=np.float32)  # as in a padded batch
        for column, words in ((0, cue), (2, source)):
            if words is None:
                pointers[0, column : column + 2] = 9.0
                continue
            start = sentence.index(words)
            inside = [n for n, (a, b) in enumerate(encoded.places) if a < start + len(words) and b > start]
            pointers[inside[0], column] = pointers[inside[-1], column + 1] = 9.0
        return decode(sentence, encoded, pointers)

    return read


def test_the_pointers_give_spans_of_the_callers_string(read):
    sentence = "وأكدت وزيرة الصحة، أمس، أن اللقاح متوفر"
    cue, source = read(sentence, "وأكدت", "وزيرة الصحة")
    assert (cue.text, source.text) == ("وأكدت", "وزيرة الصحة")
    assert sentence[cue.start : cue.end] == cue.text
    assert sentence[source.start : source.end] == source.text
    assert 0.9 < source.confidence <= 1


def test_what_is_not_there_is_none(read):
    assert read("وأضاف أن الطريق مغلق") == (None, None)
    cue, source = read("وأضاف أن الطريق مغلق", cue="وأضاف")
    assert cue.text == "وأضاف"
    assert source is None


def test_spans_reach_over_what_normalisation_takes_away(read):
    sentence = "  وَأَكَّـدَتْ وزيرةُ الصِّحَّةِ أنَّ اللقاحَ متوفّرٌ"
    cue, source = read(sentence, "وَأَكَّـدَتْ", "وزيرةُ الصِّحَّةِ")
    assert (cue.text, source.text) == ("وَأَكَّـدَتْ", "وزيرةُ الصِّحَّةِ")


@pytest.mark.parametrize("phrase", ["وفقًا", "وفقا", "طبقًا", "ووفقاً"])
def test_a_preposition_is_no_part_of_the_source(read, phrase):
    cue, source = read(f"تراجعت الصادرات {phrase} لبيانات الجمارك", f"{phrase} لبيانات", "لبيانات الجمارك")
    assert (cue.text, source.text) == (f"{phrase} ل", "بيانات الجمارك")
    cue, source = read(f"تراجعت الصادرات {phrase} للجمارك", phrase, "للجمارك")
    assert source.text == "للجمارك"  # «الجمارك» is not there to be pointed to
    cue, source = read("قال لبيب سعد إنه باق", "قال", "لبيب سعد")
    assert source.text == "لبيب سعد"


def test_a_span_is_made_of_whole_words(read, tiny_tokenizer):
    sentence = "قال المستعصمون إن الطريق مغلق"
    (encoded,) = encode(tiny_tokenizer, LAYOUT, [sentence], [None])
    parts = [n for n, (a, b) in enumerate(encoded.places) if 4 <= a < b <= 14]
    assert len(parts) > 1  # a word of several tokens
    pointers = np.zeros((len(encoded.ids), 4), dtype=np.float32)
    pointers[0, :2] = 9
    pointers[parts[-1], 2:] = 9
    assert decode(sentence, encoded, pointers)[1].text == "المستعصمون"


def test_the_end_is_not_before_the_beginning_nor_far_after_it(read, tiny_tokenizer):
    sentence = "قال " + "كلمة " * 20 + "نعم"
    (encoded,) = encode(tiny_tokenizer, LAYOUT, [sentence], [None])
    last = len(encoded.ids) - 2
    pointers = np.full((len(encoded.ids), 4), -9, dtype=np.float32)
    pointers[last, 0] = pointers[2, 1] = 9  # begins at the end
    pointers[3, 1] = pointers[last, 1] = 8
    pointers[0, 2:] = 9
    cue, _ = decode(sentence, encoded, pointers)
    assert cue.text == "نعم"
    pointers[last, 0], pointers[2, 0] = -9, 9  # from the first word, and there is no end near it but its own
    assert len(decode(sentence, encoded, pointers)[0].text.split()) <= LONGEST_CUE


@given(st.text(max_size=80), st.integers(0, 2**32 - 1))
def test_any_pointers_on_any_text_give_spans_of_it(tiny_tokenizer, text, seed):
    (encoded,) = encode(tiny_tokenizer, LAYOUT, [text], [None])
    pointers = np.random.default_rng(seed).normal(size=(len(encoded.ids), 4)).astype(np.float32)
    own = [n for n, (a, b) in enumerate(encoded.places) if b > a]
    outside = [n for n in range(1, len(encoded.ids)) if n not in own]
    pointers[outside] = -1e4  # the graph lets no pointer out of the sentence
    for span in decode(text, encoded, pointers):
        assert span is None or (text[span.start : span.end] == span.text and span.text.strip())
