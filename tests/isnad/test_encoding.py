import pytest
from hypothesis import given
from hypothesis import strategies as st

from isnad.encoding import Layout, batches, encode
from isnad.normalize import normalize

LAYOUT = Layout(max_length=32, context_tokens=8, cls=2, sep=3, pad=0)


def ids(tokenizer, text):
    return tokenizer.encode(text, add_special_tokens=False).ids


def test_sentence_and_context_in_their_segments(tiny_tokenizer):
    (e,) = encode(tiny_tokenizer, LAYOUT, ["قال نعم"], ["انتهى الخبر."])
    border = e.segments.index(1)
    assert e.ids == [2, *ids(tiny_tokenizer, "انتهى الخبر.")[-8:], 3, *ids(tiny_tokenizer, "قال نعم"), 3]
    assert e.segments == [0] * border + [1] * (len(e.ids) - border)


def test_without_context(tiny_tokenizer):
    (e,) = encode(tiny_tokenizer, LAYOUT, ["قال"], [None])
    assert e.ids == [2, 3, *ids(tiny_tokenizer, "قال"), 3]


def test_the_context_keeps_its_end(tiny_tokenizer):
    (e,) = encode(tiny_tokenizer, LAYOUT, ["قال"], ["كلمة " * 500 + "الوزير"])
    context = e.ids[1 : e.segments.index(1) - 1]
    assert len(context) == 8
    assert context == ids(tiny_tokenizer, "كلمة " * 500 + "الوزير")[-8:]


def test_a_long_sentence_keeps_both_ends_and_pushes_out_the_context(tiny_tokenizer):
    sentence = "وقال " + "كلمة " * 100 + "على حد تعبيره"
    (e,) = encode(tiny_tokenizer, LAYOUT, [sentence], ["سياق"])
    whole = ids(tiny_tokenizer, sentence)
    assert len(e.ids) == 32
    kept = e.ids[2:-1]
    assert e.ids[:2] == [2, 3]
    assert kept == whole[:20] + whole[-9:]


def test_text_is_normalised_on_the_way(tiny_tokenizer):
    plain, dressed = encode(tiny_tokenizer, LAYOUT, ["قال الوزير 2026", "قَـالَ ٱلوزير ٢٠٢٦"], [None, None])
    assert plain == dressed
    assert len(plain.places) == len(plain.hints) == len(plain.ids)
    for encoded, sentence in ((plain, "قال الوزير 2026"), (dressed, "قَـالَ ٱلوزير ٢٠٢٦")):
        inside = [place for place, own in zip(encoded.places, encoded.segments, strict=True) if own][:-1]
        assert inside[0][0] == 0
        assert inside[-1][1] == len(sentence)


def test_a_layout_without_room_is_refused():
    with pytest.raises(ValueError, match="leaves no room"):
        Layout(max_length=32, context_tokens=30, cls=2, sep=3, pad=0)


NEWSY = st.text(st.one_of(st.characters(), st.sampled_from('ابتقول ن«»"“”:.،؟\n\u064b\u0640\ud800٣')), max_size=120)


@given(st.lists(st.tuples(NEWSY, st.one_of(st.none(), NEWSY)), max_size=5))
def test_any_sentence_and_context_fit_the_model(tiny_tokenizer, pairs):
    encoded = encode(tiny_tokenizer, LAYOUT, [s for s, _ in pairs], [c for _, c in pairs])
    assert len(encoded) == len(pairs)
    for e, (sentence, _) in zip(encoded, pairs, strict=True):
        border = e.segments.index(1)
        assert len(e.ids) == len(e.segments) <= LAYOUT.max_length
        assert e.segments == [0] * border + [1] * (len(e.ids) - border)
        assert (e.ids[0], e.ids[border - 1], e.ids[-1]) == (LAYOUT.cls, LAYOUT.sep, LAYOUT.sep)
        assert border - 2 <= LAYOUT.context_tokens
        assert all(0 <= i < tiny_tokenizer.get_vocab_size() for i in e.ids)
        assert e.rule in range(4)
        whole = ids(tiny_tokenizer, normalize(sentence))
        if len(whole) <= LAYOUT.max_length - 3:  # none of a sentence that fits is lost
            assert e.ids[border:-1] == whole


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(1, 2000))
def test_batches_hold_every_input_once_within_the_budget(lengths, budget):
    made = batches(lengths, budget)
    assert sorted(i for batch in made for i in batch) == list(range(len(lengths)))
    for batch in made:
        assert batch
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget
