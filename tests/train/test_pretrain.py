import dataclasses
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from transformers import AutoModel, AutoTokenizer

from isnad.normalize import normalize
from train.folder import RunError
from train.pretrain import loop
from train.pretrain.__main__ import build_model, go_on_with, save_encoder, take_shape
from train.pretrain.config import PretrainConfig
from train.pretrain.data import IGNORED, Packer, clean, tokenize
from train.pretrain.embeddings import ppmi_embeddings
from train.pretrain.loop import Pretrainer, learning_rate
from train.pretrain.picture import draw
from train.pretrain.tokenizer import MARKS, train_tokenizer


@pytest.fixture(scope="module")
def tokens(tiny_tokenizer, own_articles):
    return tokenize([" ".join(clean(a.text)) for a in own_articles[:60]], tiny_tokenizer)


def packer(tokens, tokenizer, seed=1, rows=4, causal_steps=6):
    return Packer(tokens, tokenizer, length=32, rows=rows, seed=seed, causal_steps=causal_steps)


def test_every_mark_is_a_token_of_its_own(tiny_tokenizer):
    for mark in normalize(MARKS).replace(" ", ""):
        (piece,) = tiny_tokenizer.encode(mark, add_special_tokens=False).tokens
        assert piece == mark
    assert tiny_tokenizer.encode("قال:«نعم»", add_special_tokens=False).tokens[1:3] == [":", "«"]


def test_an_unknown_script_is_unknown_but_no_mark_is():
    tokenizer = train_tokenizer(["نص عربي بلا علامات"] * 4, 200)
    unknown = tokenizer.token_to_id("[UNK]")
    assert unknown not in tokenizer.encode('« » “ ” " ؟ ، ؛ : — …', add_special_tokens=False).ids
    assert unknown in tokenizer.encode("中", add_special_tokens=False).ids


def test_clean_leaves_text_and_drops_crumbs():
    text = (
        "https://example.org\nصورة\nقَالَ الوزير في بيان نشر على الموقع www.example.org إن العمل مستمر\nAll Latin here."
    )
    assert list(clean(text)) == ["قال الوزير في بيان نشر على الموقع إن العمل مستمر"]


def test_windows_are_a_context_and_what_follows_it(tokens, tiny_tokenizer):
    batch = packer(tokens, tiny_tokenizer).batch(0)
    assert batch.input_ids.shape == (4, 32)
    stream = tokens.tolist()
    for row, segments in zip(batch.input_ids.tolist(), batch.token_type_ids.tolist(), strict=True):
        border = segments.index(1)
        assert (row[0], row[border - 1], row[-1]) == (2, 3, 3)
        body = row[1 : border - 1] + row[border:-1]
        assert any(stream[i : i + 29] == body for i in range(len(stream)))


def test_a_causal_batch_shows_the_text_and_asks_for_what_comes_next(tokens, tiny_tokenizer):
    batch = packer(tokens, tiny_tokenizer, rows=100).batch(0)
    chosen = batch.labels != IGNORED
    assert batch.causal
    assert 0.4 < chosen.float().mean() < 0.55
    following = batch.input_ids.roll(-1, dims=1)
    assert torch.equal(batch.labels[chosen], following[chosen])
    assert batch.labels[chosen].min() > 4  # special tokens are never asked for
    assert not chosen[:, -1].any()


def test_masking_is_what_bert_does_and_each_is_asked_for_one_place_before(tokens, tiny_tokenizer):
    batch = packer(tokens, tiny_tokenizer, rows=100, causal_steps=0).batch(0)
    chosen = batch.labels != IGNORED
    assert not batch.causal
    assert 0.15 < chosen.float().mean() < 0.21
    assert batch.labels[chosen].min() > 4
    there = batch.input_ids.roll(-1, dims=1)[chosen]
    assert 0.72 < (there == 4).float().mean() < 0.88
    assert 0.04 < (there == batch.labels[chosen]).float().mean() < 0.18


@pytest.mark.parametrize("causal", [True, False])
def test_a_causal_step_sees_nothing_of_what_comes_after(settings, tokens, tiny_tokenizer, causal):
    model = build_model(settings, tokens, tiny_tokenizer.get_vocab_size()).eval()
    batch = packer(tokens, tiny_tokenizer, causal_steps=6 if causal else 0).batch(0)
    early = batch.labels.clone()
    early[:, 10:] = IGNORED  # what is asked for stands before position 11
    batch = dataclasses.replace(batch, labels=early)
    changed = batch.input_ids.clone()
    changed[:, 20:] = 7
    cpu = torch.device("cpu")
    losses = [
        loop.next_token_loss(model, b, cpu, bf16=False).item()
        for b in (batch, dataclasses.replace(batch, input_ids=changed))
    ]
    assert (abs(losses[0] - losses[1]) < 1e-6) is causal


def test_a_batch_depends_on_its_step_alone(tokens, tiny_tokenizer):
    one, other = packer(tokens, tiny_tokenizer), packer(tokens, tiny_tokenizer)
    far = one.steps_per_epoch + 2
    one.batch(5)
    assert torch.equal(one.batch(far).input_ids, other.batch(far).input_ids)
    assert not torch.equal(one.batch(1).input_ids, one.batch(2).input_ids)
    assert not torch.equal(one.batch(1).input_ids, packer(tokens, tiny_tokenizer, seed=2).batch(1).input_ids)
    with pytest.raises(ValueError, match="too few for one batch"):
        packer(tokens[:100], tiny_tokenizer, rows=50)


def test_schedule():
    rates = [learning_rate(s, 1.0, steps=100, warmup=10, decay=20) for s in (0, 9, 50, 80, 90, 99)]
    assert rates == pytest.approx([0.1, 1.0, 1.0, 1.0, 0.5, 0.05])


def test_words_in_like_company_start_alike():
    rng = np.random.default_rng(0)
    cats, dogs = (rng.choice([base, base + 1], 4000) for base in (5, 7))  # 5 and 6 are the same word twice
    stream = np.stack([cats, np.full(4000, 9), dogs, np.full(4000, 10)], axis=1)
    shuffled = np.concatenate([stream[:, :2].ravel(), stream[:, 2:].ravel()]).astype(np.uint16)
    e = ppmi_embeddings(shuffled, vocabulary=12, width=8, seed=1)
    assert e.shape == (12, 8)
    assert np.linalg.norm(e, axis=1) == pytest.approx(np.ones(12), abs=1e-5)
    assert e[5] @ e[6] > e[5] @ e[7] + 0.3


@pytest.fixture
def settings(tmp_path):
    config = OmegaConf.structured(PretrainConfig)
    config.encoder.layers, config.encoder.width, config.encoder.heads, config.encoder.length = 2, 32, 2, 32
    config.optimisation.steps, config.optimisation.warmup_steps, config.optimisation.decay_steps = 12, 2, 4
    config.checkpoint_every, config.evaluate_every = 4, 6
    config.device, config.precision = "cpu", "fp32"
    config.output = str(tmp_path / "run")
    return config


def pretrainer(config, tokens, tokenizer):
    torch.manual_seed(0)
    Path(config.output).mkdir(parents=True, exist_ok=True)
    model = build_model(config, tokens, tokenizer.get_vocab_size())
    return Pretrainer(config, model, packer(tokens, tokenizer), packer(tokens, tokenizer, seed=9))


def weights(run):
    return torch.cat([p.detach().flatten() for p in run.model.parameters()])


def test_a_killed_run_goes_on_to_the_same_weights(settings, tokens, tiny_tokenizer, tmp_path, monkeypatch):
    whole = pretrainer(settings, tokens, tiny_tokenizer)
    history = whole.run()
    settings.output = str(tmp_path / "killed")
    killed = pretrainer(settings, tokens, tiny_tokenizer)
    calls = iter(range(100))

    def dies(*arguments):
        if next(calls) == 7:  # in the eighth step: the last checkpoint is of step 4
            raise KeyboardInterrupt
        return next_token_loss(*arguments)

    next_token_loss = loop.next_token_loss
    monkeypatch.setattr(loop, "next_token_loss", dies)
    with pytest.raises(KeyboardInterrupt):
        killed.run()
    monkeypatch.undo()
    resumed = pretrainer(settings, tokens, tiny_tokenizer)
    after = resumed.run()
    assert torch.equal(weights(resumed), weights(whole))
    for name in ("held_out_causal", "held_out_masked"):
        assert after[-1][name] == history[-1][name]
    assert [json.loads(line)["step"] for line in (tmp_path / "killed" / "history.jsonl").open()] == [12]


def test_the_curves_are_drawn(settings, tokens, tiny_tokenizer, tmp_path):
    pretrainer(settings, tokens, tiny_tokenizer).run()
    draw(Path(settings.output) / "history.jsonl", tmp_path / "curves.svg")
    assert "</svg>" in (tmp_path / "curves.svg").read_text("utf-8")


def test_every_row_of_the_history_is_tracked(settings, tokens, tiny_tokenizer):
    logged = []
    recorder = SimpleNamespace(log=lambda values, step: logged.append((step, values)))
    (row,) = pretrainer(settings, tokens, tiny_tokenizer).run(recorder)
    ((step, values),) = logged
    assert step == 12
    assert values == {f"pretrain/{k}": v for k, v in row.items() if k != "step"}
    assert "pretrain/held_out_masked" in values
    assert values["pretrain/gradient_norm"] > 0


def test_a_half_written_checkpoint_is_never_loaded(settings, tokens, tiny_tokenizer):
    first = pretrainer(settings, tokens, tiny_tokenizer)
    first.run()
    folder = Path(settings.output)
    shutil.rmtree(folder / "checkpoint.previous")
    (folder / "checkpoint").rename(folder / "checkpoint.previous")  # killed between two renames
    (folder / "checkpoint.partial").mkdir()
    second = pretrainer(settings, tokens, tiny_tokenizer)
    second.run()
    assert second.step == 12
    assert torch.equal(weights(second), weights(first))


def test_learning_goes_beyond_the_frequencies(settings, tokens, tiny_tokenizer):
    """Forty words over and over: frequencies alone give log 40 = 3.7, the word before gives the next one away."""
    chant = np.tile(np.arange(20, 60, dtype=np.uint16), 200)
    settings.optimisation.steps, settings.optimisation.learning_rate = 200, 3e-3
    torch.manual_seed(0)
    Path(settings.output).mkdir()
    model = build_model(settings, chant, tiny_tokenizer.get_vocab_size())
    run = Pretrainer(
        settings, model, packer(chant, tiny_tokenizer, causal_steps=100), packer(chant, tiny_tokenizer, seed=9)
    )
    run.run()
    losses = run.evaluate()
    assert losses["held_out_causal"] < 2.5
    assert losses["held_out_masked"] < 2.5


def test_the_encoder_loads_as_a_plain_bert(tiny_encoder, tiny_tokenizer):
    model = AutoModel.from_pretrained(tiny_encoder)
    assert type(model).__name__ == "BertModel"
    assert model.dtype == torch.float16
    assert model.config.hidden_dropout_prob == 0.1
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    assert tokenizer("قال نعم")["input_ids"] == tiny_tokenizer.encode("قال نعم").ids


def test_pretraining_goes_on_with_an_encoder(settings, tokens, tiny_tokenizer, tmp_path):
    first = pretrainer(settings, tokens, tiny_tokenizer)
    first.run()
    reached = first.evaluate()
    save_encoder(first.model, tiny_tokenizer, tmp_path / "encoder")
    more = OmegaConf.structured(PretrainConfig)
    more.encoder.path, more.output, more.device = str(tmp_path / "encoder"), str(tmp_path / "more"), "cpu"
    take_shape(more.encoder)
    assert more.encoder.width == 32
    assert more.encoder.length == 32
    assert more.encoder.vocabulary_size == tiny_tokenizer.get_vocab_size()
    second = pretrainer(more, tokens, tiny_tokenizer)
    assert torch.equal(weights(second), weights(first).float())  # those saved are in half precision
    for name, value in second.evaluate().items():
        assert value == pytest.approx(reached[name], abs=0.005)
    assert second.model.cls.predictions.decoder.weight is second.model.bert.embeddings.word_embeddings.weight


def test_what_is_no_encoder_is_refused(tmp_path, tiny_encoder):
    encoder = OmegaConf.structured(PretrainConfig).encoder
    encoder.path = str(tmp_path)
    with pytest.raises(RunError, match=r"no config\.json, model\.safetensors, tokenizer\.json there"):
        take_shape(encoder)
    shutil.copytree(tiny_encoder, tmp_path / "other")
    config = json.loads((tmp_path / "other" / "config.json").read_text())
    (tmp_path / "other" / "config.json").write_text(json.dumps(config | {"model_type": "modernbert"}))
    encoder.path = str(tmp_path / "other")
    with pytest.raises(RunError, match="must be a BERT"):
        take_shape(encoder)


@pytest.mark.parametrize("name", ["encoder", "encoder-free"])
def test_what_is_shipped_is_a_plain_bert_that_has_learnt(name, own_articles):
    folder = Path("seeds") / name
    model, told = AutoModel.from_pretrained(folder, add_pooling_layer=False, output_loading_info=True)
    assert type(model).__name__ == "BertModel"
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]
    assert sum(p.stat().st_size for p in folder.iterdir()) < 40e6
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.unk_token_id not in tokenizer(normalize('« » “ ” „ " ؟ ، :'))["input_ids"]
    stream = tokenize([" ".join(clean(a.text)) for a in own_articles[:40]], tokenizer.backend_tokenizer)
    batch = Packer(stream, tokenizer.backend_tokenizer, 128, 16, 1, causal_steps=0).batch(0)
    loss = loop.next_token_loss(go_on_with(folder, stream), batch, torch.device("cpu"), bf16=False)
    assert loss < 6.5  # of masked words; their frequencies alone leave 7.2 or more
