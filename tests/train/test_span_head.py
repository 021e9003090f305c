from dataclasses import replace

import pytest
import torch

from isnad.encoding import encode
from isnad.labels import Label
from isnad.spans import decode
from train.config import Encoder
from train.data import Collator, make_examples
from train.encoder import load_tokenizer
from train.spans import IGNORED, HashedNeighbours, SpanHead, span_loss


@pytest.fixture
def head():
    torch.manual_seed(0)
    return SpanHead(16).eval()


def inputs(length=8, own=range(4, 8)):
    torch.manual_seed(1)
    ids = torch.arange(10, 10 + length).unsqueeze(0)
    mask = torch.zeros(1, length, dtype=torch.long)
    mask[0, list(own)] = 1
    return torch.randn(1, length, 16), ids, mask, torch.zeros(1, length, dtype=torch.long)


def test_pointers_stay_in_the_sentence(head):
    logits = head(*inputs())
    assert logits.shape == (1, 8, 4)
    reachable = (logits[0] > -1e3).all(-1)
    assert reachable.tolist() == [True, False, False, False, True, True, True, False]  # [CLS], and not the last [SEP]


def test_padding_changes_nothing(head):
    states, ids, own, hints = inputs()
    padded = [torch.nn.functional.pad(t, (0, 3)) for t in (ids, own, hints)]
    longer = head(torch.cat((states, torch.randn(1, 3, 16)), dim=1), padded[0], padded[1], padded[2])
    assert torch.allclose(longer[:, :8], head(states, ids, own, hints), atol=1e-5)


def test_neighbours_see_three_tokens_to_the_right_and_two_to_the_left():
    neighbours = HashedNeighbours(4)
    with torch.no_grad():
        neighbours.weights.weight.normal_()
    ids = torch.arange(20, 32).unsqueeze(0)
    other = ids.clone()
    other[0, 6] = 99
    changed = (neighbours(ids) != neighbours(other)).any(-1)[0].nonzero().flatten().tolist()
    assert changed == [3, 4, 5, 6, 7, 8]


def test_loss_is_a_mean_in_which_unknown_pointers_count_nothing():
    logits = torch.randn(2, 5, 4)
    targets = torch.tensor([[0, 0, 3, 4], [IGNORED] * 4])
    expected = [-logits[0, :, k].log_softmax(0)[t] for k, t in enumerate([0, 0, 3, 4])]
    assert span_loss(logits, targets).item() == pytest.approx(torch.stack(expected).sum().item() / 8, rel=1e-5)
    assert span_loss(logits, torch.full((2, 4), IGNORED)).item() == 0.0


def test_the_head_learns_where_a_cue_and_its_source_stand():
    """A cue is token 7; the source is the two tokens after it, whatever they are: only the pointers can tell."""
    torch.manual_seed(0)
    head = SpanHead(8)
    optimizer = torch.optim.Adam(head.parameters(), lr=5e-3)
    generator = torch.Generator().manual_seed(0)

    def sample(rows):
        ids = torch.randint(50, 400, (rows, 14), generator=generator)
        place = torch.randint(3, 9, (rows,), generator=generator)
        ids[torch.arange(rows), place] = 7
        own = torch.ones_like(ids)
        own[:, :2] = 0
        targets = torch.stack((place, place, place + 1, place + 2), dim=1)
        return torch.zeros(rows, 14, 8), ids, own, torch.zeros_like(ids), targets

    for _ in range(60):
        *features, targets = sample(32)
        optimizer.zero_grad()
        span_loss(head(*features), targets).backward()
        optimizer.step()
    *features, targets = sample(64)
    assert (head(*features).argmax(1) == targets).float().mean() > 0.95


def test_targets_lead_back_to_the_labelled_spans(tiny_encoder, own_articles):
    tokenizer, layout = load_tokenizer(Encoder(path=str(tiny_encoder), max_length=128, context_tokens=16))
    right = total = 0
    for article in own_articles[:12]:
        for example, s in zip(make_examples([article], tokenizer, layout), article.sentences, strict=True):
            if s.label is Label.BACKGROUND:
                assert example["span_targets"] == [IGNORED] * 4
                continue
            text = article.sentence_text(s)
            (encoded,) = encode(tokenizer, layout, [text], [article.text[: s.start]])
            pointers = torch.nn.functional.one_hot(torch.tensor(example["span_targets"]), len(encoded.ids)).T
            for found, gold in zip(decode(text, encoded, pointers.float().numpy()), (s.cue, s.source), strict=True):
                total += 1
                expected = None if gold is None else (gold[0] - s.start, gold[1] - s.start)
                right += (found and (found.start, found.end)) == expected
    assert right / total > 0.95  # the rest: a source written together with a preposition («لصحيفة …»)


def test_nothing_is_learnt_of_spans_where_sentences_are_labelled_by_rule(tiny_encoder, own_articles):
    tokenizer, layout = load_tokenizer(Encoder(path=str(tiny_encoder), max_length=64, context_tokens=16))
    examples = make_examples([replace(own_articles[0], sampling="weak")], tokenizer, layout)
    assert all(e["span_targets"] == [IGNORED] * 4 for e in examples)
    assert Collator(0)(examples)["span_targets"].shape == (len(examples), 4)
