import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers

from train.config import Encoder
from train.encoder import TELLING_MARKS, EncoderError, load_encoder, load_tokenizer, save_encoder, unknown_marks


def test_loads_a_local_encoder(tiny_encoder):
    settings = Encoder(path=str(tiny_encoder), max_length=64, context_tokens=16)
    tokenizer, layout = load_tokenizer(settings)
    model = load_encoder(settings)
    assert (layout.max_length, layout.context_tokens) == (64, 16)
    assert tokenizer.id_to_token(layout.cls) == "[CLS]"
    assert model.dtype == torch.float32  # though stored in half precision


def test_random_weights_keep_the_shape_alone(tiny_encoder):
    pretrained = load_encoder(Encoder(path=str(tiny_encoder)))
    torch.manual_seed(7)
    scratch = load_encoder(Encoder(path=str(tiny_encoder), random_weights=True))
    first, second = (m.embeddings.word_embeddings.weight for m in (pretrained, scratch))
    assert first.shape == second.shape
    assert not torch.equal(first, second)


def test_a_saved_encoder_is_the_start_of_another_run(tiny_encoder, tmp_path):
    encoder = load_encoder(Encoder(path=str(tiny_encoder)))
    save_encoder(encoder, str(tiny_encoder), tmp_path / "encoder")
    again = load_encoder(Encoder(path=str(tmp_path / "encoder")))
    assert all(torch.equal(a, b) for a, b in zip(encoder.parameters(), again.parameters(), strict=True))
    assert load_tokenizer(Encoder(path=str(tmp_path / "encoder")))[0].get_vocab_size() == 1200


@pytest.mark.parametrize("path", ["no/such/folder", "aubmindlab/bert-base-arabertv02"])
def test_an_encoder_that_cannot_be_had_names_the_offline_default(path):
    with pytest.raises(EncoderError, match=r"cannot be loaded.*(?s:.)*encoder\.path=seeds/encoder"):
        load_tokenizer(Encoder(path=path))


def test_inputs_longer_than_the_encoder_takes_are_refused(tiny_encoder):
    with pytest.raises(EncoderError, match=r"max_length=512, but .* takes 128 tokens"):
        load_tokenizer(Encoder(path=str(tiny_encoder), max_length=512))


def test_our_tokenizer_knows_the_telling_marks(tiny_tokenizer):
    assert unknown_marks(tiny_tokenizer, tiny_tokenizer.token_to_id("[UNK]")) == []


def test_a_tokenizer_blind_to_marks_is_told_of():
    blind = Tokenizer(models.WordLevel({"[UNK]": 0, "قال": 1, ":": 2, '"': 3}, unk_token="[UNK]"))
    blind.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    assert unknown_marks(blind, 0) == [m for m in TELLING_MARKS if m not in ':"']
