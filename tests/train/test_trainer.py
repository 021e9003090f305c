"""Each option of fine-tuning does what it says, on the tiny encoder."""

import math

import pytest
import torch
from torch.nn import functional
from transformers import TrainerCallback

from train.augment import AugmentedExamples
from train.config import Augment, Data, Distill, Encoder, Optimisation, TrainConfig, check_values
from train.data import make_examples
from train.distill import TaughtCollator
from train.encoder import load_encoder, load_tokenizer
from train.finetune import finetune, piece, training_arguments
from train.model import SentenceClassifier
from train.trainer import ClassifierTrainer, layer_depth, teaching_loss


@pytest.fixture(scope="module")
def parts(tiny_encoder, own_articles):
    """Settings of the encoder, its padding, and 40 examples: five batches of 8."""
    settings = Encoder(path=str(tiny_encoder), max_length=64, context_tokens=16)
    tokenizer, layout = load_tokenizer(settings)
    return settings, layout.pad, make_examples(own_articles[:4], tokenizer, layout)[:40]


def build(parts, **changes):
    settings, pad, _ = parts
    optimisation = Optimisation(batch_size=8, **changes)
    config = TrainConfig(Data(corpora="", split_seed=1), settings, optimisation, output="", precision="fp32")
    torch.manual_seed(1)
    return config, SentenceClassifier(load_encoder(settings), 0.0), TaughtCollator(pad)


def logits_after(parts, folder, hook=None, **changes):
    """What the model says after an epoch; not its weights: Adam makes rounding errors of zero gradients large."""
    config, model, collator = build(parts, **changes)
    if hook:
        model.encoder.encoder.layer[0].attention.register_forward_hook(hook)
    finetune(config, model, collator, parts[2], [], folder, [])
    with torch.no_grad():
        return model.eval()(**collator(parts[2]))["logits"]


@pytest.fixture(scope="module")
def plain(parts, tmp_path_factory):
    return logits_after(parts, tmp_path_factory.mktemp("plain"))


def trainer(parts, folder, **changes):
    config, model, collator = build(parts, **changes)
    arguments = training_arguments(config, folder, evaluate=False)
    return ClassifierTrainer(
        config.optimisation, config.distill, model=model, args=arguments, data_collator=collator, train_dataset=parts[2]
    )


def test_a_batch_computed_in_pieces_learns_the_same(parts, plain, tmp_path):
    apart = (logits_after(parts, tmp_path, accumulation=4) - plain).abs().max()
    assert apart < 1e-3
    start = build(parts)[1].eval()
    with torch.no_grad():
        assert (start(**TaughtCollator(parts[1])(parts[2]))["logits"] - plain).abs().max() > 10 * apart


def test_activations_are_computed_twice_and_learn_the_same(parts, plain, tmp_path):
    passes = []
    again = logits_after(parts, tmp_path, lambda *_: passes.append(1), checkpointing=True)
    assert torch.allclose(again, plain, atol=1e-3)
    assert len(passes) == 2 * 5 + 1  # twice in each step, and once for the logits


def test_batches_shrink_until_they_fit(parts, tmp_path, monkeypatch):
    sizes = []
    forward = SentenceClassifier.forward

    def small_memory(self, input_ids, **rest):
        sizes.append(len(input_ids))
        if len(input_ids) > 6:
            raise RuntimeError("CUDA out of memory. Tried to allocate")
        return forward(self, input_ids=input_ids, **rest)

    monkeypatch.setattr(SentenceClassifier, "forward", small_memory)
    with pytest.raises(RuntimeError, match="out of memory"):
        logits_after(parts, tmp_path / "a")
    sizes.clear()
    config, model, collator = build(parts, find_batch_size=True)
    finetune(config, model, collator, parts[2], [], tmp_path / "b", [])
    assert sizes[:3] == [8, 7, 6]
    assert sum(sizes[2:]) == len(parts[2])


def test_a_batch_is_shared_out_whole():
    assert piece(Optimisation(batch_size=32, accumulation=2), processes=4) == 4
    with pytest.raises(ValueError, match=r"batch_size=32 is no multiple of optimisation.accumulation=1 times 3 proc"):
        piece(Optimisation(batch_size=32), processes=3)


def test_the_order_depends_on_seed_and_epoch_alone(parts, tmp_path):
    whole, pieces = trainer(parts, tmp_path), trainer(parts, tmp_path, accumulation=4)
    torch.manual_seed(99)
    first = list(whole._get_train_sampler())
    assert first == list(pieces._get_train_sampler())
    assert sorted(first) == list(range(40))
    whole._get_train_sampler().set_epoch(1)
    assert first != list(whole._get_train_sampler())


class Kill(TrainerCallback):
    """Ends the run after a step."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **_):
        if state.global_step == self.step:
            raise KeyboardInterrupt


def test_a_run_killed_in_a_later_epoch_goes_on_to_the_same_weights(parts, own_articles, tmp_path):
    """Order, augmentation and dropout of the epoch that was begun are taken up where they were."""
    tokenizer, layout = load_tokenizer(parts[0])
    encode = lambda articles: make_examples(articles, tokenizer, layout)  # noqa: E731
    augmentation = Augment(swap_marks=0.5, drop_marks=0.5)

    def go(folder, *callbacks):
        config, model, collator = build(parts, epochs=3, checkpoint_every=2)
        model.dropout.p = 0.3
        train = AugmentedExamples(own_articles[:3], encode, augmentation, config.seed)
        assert 5 < len(train) / 8 < 8  # steps an epoch
        finetune(config, model, collator, train, [], folder, list(callbacks))
        return model.state_dict()

    expected = go(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path / "killed", Kill(11))
    assert (tmp_path / "killed" / "checkpoint-10").exists()
    got = go(tmp_path / "killed")
    assert all(torch.equal(got[name], expected[name]) for name in expected)


def test_lower_layers_learn_slower(parts, tmp_path):
    made = trainer(parts, tmp_path, layer_decay=0.5, learning_rate=0.8)
    groups = made.create_optimizer().param_groups
    rate = {id(p): g["lr"] for g in groups for p in g["params"]}
    encoder = made.model.encoder
    assert rate[id(made.model.head.weight)] == rate[id(made.model.ngrams.weights.weight)] == 0.8
    assert [rate[id(layer.output.dense.weight)] for layer in encoder.encoder.layer] == [0.2, 0.4]
    assert rate[id(encoder.embeddings.word_embeddings.weight)] == 0.1
    assert set(rate) == {id(p) for p in made.model.parameters()}
    undecayed = {id(p) for g in groups if g["weight_decay"] == 0 for p in g["params"]}
    assert id(made.model.head.bias) in undecayed
    assert id(made.model.head.weight) not in undecayed


@pytest.mark.parametrize(
    ("name", "depth"),
    [("encoder.layer.0.output.dense.weight", 4), ("layers.3.mlp.Wo.weight", 1), ("final_norm.weight", 1),
     ("embeddings.word_embeddings.weight", 5)],
)  # fmt: skip
def test_depth_is_read_off_the_names_of_both_families(name, depth):
    assert layer_depth(name, layers=4) == depth


def test_r_drop_adds_what_two_draws_differ_by(parts, tmp_path):
    made = trainer(parts, tmp_path, r_drop=2.0)
    batch = made.data_collator(parts[2][:6])
    made.model.train()
    assert made.compute_loss(made.model, dict(batch)).item() == pytest.approx(made.model(**batch)["loss"].item())
    made.model.dropout.p = 0.5
    torch.manual_seed(5)
    loss = made.compute_loss(made.model, dict(batch))
    torch.manual_seed(5)
    out = made.model(**{k: torch.cat((v, v)) for k, v in batch.items()})
    p, q = out["logits"].softmax(-1).chunk(2)
    apart = ((p - q) * (p.log() - q.log())).sum(-1).mean() / 2  # both directions' mean
    assert apart > 0
    assert loss.item() == pytest.approx((out["loss"] + 2.0 * apart).item(), rel=1e-5)
    made.model.eval()
    assert made.compute_loss(made.model, dict(batch)).item() == pytest.approx(made.model(**batch)["loss"].item())


def test_focal_loss_counts_what_is_known_less(parts):
    config, model, collator = build(parts)
    batch = collator(parts[2][:6])
    del batch["span_targets"]
    with torch.no_grad():
        out = model(**batch)
        p = out["logits"].softmax(-1)[range(6), batch["labels"]]
        model.focal = 2.0
        assert model(**batch)["loss"].item() == pytest.approx((-((1 - p) ** 2) * p.log()).mean().item(), rel=1e-5)
    assert config.optimisation.focal == 0.0
    assert out["loss"].item() == pytest.approx(-p.log().mean().item(), rel=1e-5)


def test_the_teaching_loss_is_least_where_the_learner_agrees():
    teacher = torch.tensor([[0.7, 0.1, 0.1, 0.1]])
    agreeing = (teacher.log() * 2.0).requires_grad_()  # at temperature 2 the teacher's probabilities
    loss = teaching_loss(agreeing, teacher, temperature=2.0)
    loss.backward()
    assert loss.item() == pytest.approx(4 * -(teacher * teacher.log()).sum().item())
    assert agreeing.grad.abs().max() < 1e-6
    assert teaching_loss(agreeing.detach() + torch.tensor([1.0, 0, 0, 0]), teacher, 2.0) > loss


def test_gold_and_teacher_are_mixed_in_their_proportion(parts, tmp_path):
    made = trainer(parts, tmp_path)
    made._distill = Distill(temperature=1.0)
    examples = [e | {"labels": [0.25, 0, 0, 0], "teacher": [0.0, 0.75, 0, 0]} for e in parts[2][:3]]
    batch = made.data_collator(examples)
    del batch["span_targets"]
    logits = made.model(**{k: v for k, v in batch.items() if k not in ("labels", "teacher")})["logits"]
    ce = [functional.cross_entropy(logits, torch.full((3,), k)).item() for k in (0, 1)]
    assert made.compute_loss(made.model, dict(batch)).item() == pytest.approx(0.25 * ce[0] + 0.75 * ce[1], rel=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: setattr(c.data.augment, "drop_cues", 1.5), "data.augment.drop_cues=1.5: a share"),
        (lambda c: setattr(c, "temperature", 0.0), "temperature=0.0: more than 0"),
        (lambda c: setattr(c.distill, "temperature", -1.0), "distill.temperature=-1.0: more than 0"),
        (lambda c: setattr(c.optimisation, "r_drop", 1.0), "set encoder.dropout above 0"),
        (lambda c: setattr(c.distill, "unlabelled", 9), "no distill.teachers to label them"),
    ],
)
def test_values_that_cannot_be_used_are_refused(change, message):
    config = TrainConfig(Data(corpora="", split_seed=1), Encoder(path=""), output="")
    check_values(config)
    change(config)
    with pytest.raises(ValueError, match=message):
        check_values(config)


def test_smoothing_and_teachers_exclude_each_other():
    config = TrainConfig(Data(corpora="", split_seed=1), Encoder(path=""), Optimisation(label_smoothing=0.1), output="")
    check_values(config)
    config.distill.teachers.append("runs/a/model")
    with pytest.raises(ValueError, match="the teachers smooth the labels"):
        check_values(config)
    assert math.isclose(config.distill.gold, 0.5)
