import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from transformers import AutoModel, AutoTokenizer

from isnad.normalize import normalize
from train.pretrain import loop
from train.pretrain.__main__ import build_model
from train.pretrain.config import PretrainConfig
from train.pretrain.data import IGNORED, Packer, clean, tokenize
from train.pretrain.embeddings import ppmi_embeddings
from train.pretrain.loop import Pretrainer, learning_rate
from train.pretrain.tokenizer import MARKS, train_tokenizer


@pytest.fixture(scope="module")
def tokens(tiny_tokenizer, own_articles):
    return tokenize([" ".join(clean(a.text)) for a in own_articles[:60]], tiny_tokenizer)


def packer(tokens, tokenizer, seed=1, rows=4):
    return Packer(tokens, tokenizer, length=32, rows=rows, masked=0.15, seed=seed)


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
    ids = torch.where(batch.labels != IGNORED, batch.labels, batch.input_ids)
    assert ids.shape == (4, 32)
    stream = tokens.tolist()
    for row, segments in zip(ids.tolist(), batch.token_type_ids.tolist(), strict=True):
        border = segments.index(1)
        assert (row[0], row[border - 1], row[-1]) == (2, 3, 3)
        body = row[1 : border - 1] + row[border:-1]
        assert any(stream[i : i + 29] == body for i in range(len(stream)))


def test_masking_is_what_bert_does(tokens, tiny_tokenizer):
    batch = packer(tokens, tiny_tokenizer, rows=100).batch(0)
    chosen = batch.labels != IGNORED
    assert 0.12 < chosen.float().mean() < 0.17
    assert batch.labels[chosen].min() > 4  # special tokens are never asked for
    masked = (batch.input_ids[chosen] == 4).float().mean()
    kept = (batch.input_ids[chosen] == batch.labels[chosen]).float().mean()
    assert 0.72 < masked < 0.88
    assert 0.04 < kept < 0.18


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
        return masked_loss(*arguments)

    masked_loss = loop.masked_loss
    monkeypatch.setattr(loop, "masked_loss", dies)
    with pytest.raises(KeyboardInterrupt):
        killed.run()
    monkeypatch.undo()
    resumed = pretrainer(settings, tokens, tiny_tokenizer)
    after = resumed.run()
    assert torch.equal(weights(resumed), weights(whole))
    assert after[-1]["held_out_loss"] == history[-1]["held_out_loss"]
    assert [json.loads(line)["step"] for line in (tmp_path / "killed" / "history.jsonl").open()] == [12]


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


def test_learning_lowers_the_loss(settings, tiny_tokenizer):
    """From a random start to the entropy of forty words, log 40, at least."""
    chant = np.tile(np.arange(20, 60, dtype=np.uint16), 200)
    settings.optimisation.steps, settings.optimisation.learning_rate = 150, 3e-3
    run = pretrainer(settings, chant, tiny_tokenizer)
    before = run.evaluate()
    run.run()
    assert run.evaluate() < min(before - 0.2, np.log(40) + 0.1)


def test_the_encoder_loads_as_a_plain_bert(tiny_encoder, tiny_tokenizer):
    model = AutoModel.from_pretrained(tiny_encoder)
    assert type(model).__name__ == "BertModel"
    assert model.dtype == torch.float16
    assert model.config.hidden_dropout_prob == 0.1
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    assert tokenizer("قال نعم")["input_ids"] == tiny_tokenizer.encode("قال نعم").ids
