import pytest
import torch
from transformers import AutoModel, BertConfig, RobertaConfig

from isnad import LABELS
from train.model import HashedNgrams, SentenceClassifier, prior_shift

SHAPE = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}


@pytest.fixture(params=[BertConfig, RobertaConfig], ids=["segments", "no segments"])
def model(request):
    torch.manual_seed(0)
    extra = {"type_vocab_size": 1} if request.param is RobertaConfig else {}
    return SentenceClassifier(AutoModel.from_config(request.param(**SHAPE, **extra)), dropout=0.1).eval()


def batch(rule=0):
    return {
        "input_ids": torch.tensor([[2, 9, 3, 11, 12, 3]]),
        "attention_mask": torch.ones(1, 6, dtype=torch.long),
        "token_type_ids": torch.tensor([[0, 0, 0, 1, 1, 1]]),
        "rule": torch.tensor([rule]),
        "hints": torch.tensor([[0, 0, 0, 3, 0, 0]]),
    }


def test_training_starts_from_the_rules(model):
    torch.nn.init.zeros_(model.head.weight)
    torch.nn.init.zeros_(model.head.bias)
    for index in range(len(LABELS)):
        probabilities = model(**batch(index))["logits"].softmax(-1)[0]
        assert probabilities[index].item() == pytest.approx(0.87, abs=0.01)


def test_without_the_rules_their_label_changes_nothing(model):
    blind = SentenceClassifier(model.encoder, 0.0, rules=False).eval()
    assert torch.equal(blind(**batch(0))["logits"], blind(**batch(2))["logits"])
    blind.train()(**batch(2), labels=torch.tensor([1]))["loss"].backward()
    assert blind.rule_evidence.weight.grad is None


def test_hints_start_at_nothing_and_can_be_learnt(model):
    without = batch() | {"hints": torch.zeros(1, 6, dtype=torch.long)}
    assert torch.equal(model(**batch())["logits"], model(**without)["logits"])
    with torch.no_grad():
        model.hints.weight.normal_()
    assert not torch.allclose(model(**batch())["logits"], model(**without)["logits"], atol=1e-4)
    blind = SentenceClassifier(model.encoder, 0.0, rules=False).eval()
    with torch.no_grad():
        blind.hints.weight.normal_()
    assert torch.equal(blind(**batch())["logits"], blind(**without)["logits"])


def test_spans_are_learnt_beside_the_label(model):
    target = torch.tensor([2])
    alone = model(**batch(), labels=target)["loss"]
    spans = model(**batch(), labels=target, span_targets=torch.tensor([[3, 3, 4, 4]]))
    assert spans["spans"].shape == (1, 6, 4)
    assert spans["loss"] > alone
    model.span_weight = 0.0
    assert model(**batch(), labels=target, span_targets=torch.tensor([[3, 3, 4, 4]]))["loss"] == alone


def test_padding_changes_nothing(model):
    padded = {
        "input_ids": torch.tensor([[2, 9, 3, 11, 12, 3, 0, 0]]),
        "attention_mask": torch.tensor([[1] * 6 + [0] * 2]),
        "token_type_ids": torch.tensor([[0, 0, 0, 1, 1, 1, 0, 0]]),
        "rule": torch.tensor([0]),
        "hints": torch.tensor([[0, 0, 0, 3, 0, 0, 0, 0]]),
    }
    assert torch.allclose(model(**padded)["logits"], model(**batch())["logits"], atol=1e-5)


def test_loss_is_the_cross_entropy(model):
    out = model(**batch(), labels=torch.tensor([2]))
    assert out["loss"].item() == pytest.approx(-out["logits"].log_softmax(-1)[0, 2].item())
    smooth = SentenceClassifier(model.encoder, 0.0, label_smoothing=0.4).eval()
    smooth.load_state_dict(model.state_dict())
    assert smooth(**batch(), labels=torch.tensor([2]))["loss"] != out["loss"]


def test_the_context_and_the_sentence_are_told_apart(model):
    swapped = batch() | {"token_type_ids": torch.tensor([[0, 1, 1, 0, 0, 1]])}
    assert not torch.allclose(model(**swapped)["logits"], model(**batch())["logits"], atol=1e-4)


def test_ngrams_are_those_of_the_sentence_alone():
    ngrams = HashedNgrams()
    with torch.no_grad():
        ngrams.weights.weight[9] = torch.tensor([1.0, 0, 0, 0])  # the word 9
        ngrams.weights.weight[(9 * 40_503 + 11) % ngrams.BUCKETS] = torch.tensor([0, 1.0, 0, 0])  # 9 11
        third = ((9 * 40_503 + 11) % ngrams.BUCKETS * 40_503 + 12) % ngrams.BUCKETS
        ngrams.weights.weight[third] = torch.tensor([0, 0, 1.0, 0])  # 9 11 12
    ids, own = torch.tensor([[2, 9, 3, 9, 11, 12]]), torch.tensor([[0, 0, 0, 1, 1, 1]])
    each = ngrams.GAIN / 6**0.5  # three words, two pairs, one triple
    assert ngrams(ids, own)[0].tolist() == pytest.approx([each, each, each, 0])
    assert ngrams(ids, torch.tensor([[1, 1, 1, 0, 0, 0]]))[0].tolist() == pytest.approx([each, 0, 0, 0])
    assert ngrams(ids[:, :2], torch.tensor([[0, 0]]))[0].tolist() == [0, 0, 0, 0]


def test_ngrams_learn_a_cue(model):
    model.train()
    optimizer = torch.optim.AdamW(model.ngrams.parameters(), lr=1e-3)
    for _ in range(30):
        optimizer.zero_grad()
        model(**batch(), labels=torch.tensor([2]))["loss"].backward()
        optimizer.step()
    with torch.no_grad():
        assert model.eval()(**batch())["logits"].argmax().item() == 2
    assert SentenceClassifier(model.encoder, 0.0, ngrams=False).ngrams is None


def test_what_is_learnt_at_one_rate_is_said_at_another():
    """With logits of their own for no input, the model is its prior: learnt at 40 % denials, asked at 10 %."""
    labels = [0] * 20 + [1] * 20 + [2] * 40 + [3] * 20
    rates = [0.3, 0.3, 0.1, 0.3]
    logits = torch.nn.Parameter(torch.zeros(4))
    shift = torch.tensor(prior_shift(labels, rates))
    optimizer = torch.optim.LBFGS([logits], max_iter=100)

    def loss():
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy((logits + shift).expand(100, 4), torch.tensor(labels))
        value.backward()
        return value

    optimizer.step(loss)
    assert logits.softmax(-1).tolist() == pytest.approx(rates, abs=1e-3)
    assert prior_shift(labels, None) == [0.0] * 4
    for wrong in ([0.5, 0.5], [0.5, 0.5, 0.0, 0.1]):
        with pytest.raises(ValueError, match="give 4 shares above 0"):
            prior_shift(labels, wrong)


def test_the_shift_is_for_the_loss_alone(model):
    shifted = SentenceClassifier(model.encoder, 0.0, shift=[0.0, 0.0, -2.0, 0.0]).eval()
    shifted.load_state_dict(model.state_dict())
    assert torch.equal(shifted(**batch())["logits"], model(**batch())["logits"])
    target = torch.tensor([2])
    assert shifted(**batch(), labels=target)["loss"] > model(**batch(), labels=target)["loss"]
