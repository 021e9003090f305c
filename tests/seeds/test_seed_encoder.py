from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

from train.encoder import unknown_marks

ENCODER = Path("seeds/encoder")


def test_the_shipped_encoder_is_a_plain_bert_and_small():
    model = AutoModel.from_pretrained(ENCODER)
    assert type(model).__name__ == "BertModel"
    assert model.dtype == torch.float16
    assert sum(f.stat().st_size for f in ENCODER.iterdir()) < 40e6
    assert not list(ENCODER.glob("*.bin"))  # safetensors alone


def test_its_tokenizer_knows_the_telling_marks():
    tokenizer = AutoTokenizer.from_pretrained(ENCODER)
    assert unknown_marks(tokenizer.backend_tokenizer, tokenizer.unk_token_id) == []


def test_it_holds_that_words_of_saying_are_alike():
    model, tokenizer = AutoModel.from_pretrained(ENCODER, dtype=torch.float32), AutoTokenizer.from_pretrained(ENCODER)
    embeddings = torch.nn.functional.normalize(model.embeddings.word_embeddings.weight, dim=-1)
    said, stated, city = (embeddings[tokenizer.convert_tokens_to_ids(w)] for w in ("قال", "أكد", "مدينة"))
    assert said @ stated > said @ city + 0.2
