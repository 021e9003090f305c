"""Every configured encoder, as far as it goes without a network: a tiny local model of the same architecture."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoModel,
    BertConfig,
    ModernBertConfig,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
)

from isnad import Classifier
from isnad.encoding import Layout
from isnad.normalize import normalize
from train import config as _schema  # noqa: F401  (registers it)
from train.config import Encoder
from train.data import make_examples
from train.encoder import EncoderError, load_encoder, load_tokenizer
from train.export import export
from train.model import SentenceClassifier

CONFIGS = Path(__file__).parents[2] / "configs"
NAMES = sorted(path.stem for path in (CONFIGS / "encoder").glob("*.yaml"))
BODY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
SHAPES = {
    "bert": lambda v: BertConfig(vocab_size=v, max_position_embeddings=128, **BODY),
    "xlm-roberta": lambda v: XLMRobertaConfig(
        vocab_size=v, max_position_embeddings=130, type_vocab_size=1,
        pad_token_id=1, bos_token_id=0, eos_token_id=2, **BODY,
    ),
    "modernbert": lambda v: ModernBertConfig(
        vocab_size=v, max_position_embeddings=128, pad_token_id=0, cls_token_id=2, sep_token_id=3, **BODY
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_each_config_is_complete_and_fits_the_schema(name):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("train", overrides=[f"encoder={name}", "output=x"])
    assert config.encoder.path
    assert 0 < config.optimisation.learning_rate < 1e-3
    assert config.encoder.context_tokens < config.encoder.max_length <= 512
    assert config.encoder.allow_code_of is None


def test_the_shipped_encoder_is_the_default():
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        assert compose("train", overrides=["output=x"]).encoder.path == "seeds/encoder"
        assert compose("train", overrides=["output=x", "encoder.path=mine"]).encoder.path == "mine"


def unigram(texts):
    """A tokenizer of XLM-R's kind: SentencePiece's unigram model, <s> and </s>."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer.train_from_iterator(
        texts,
        trainers.UnigramTrainer(
            vocab_size=900,
            special_tokens=special,
            unk_token="<unk>",
            initial_alphabet=list('«»“”":؟'),
            show_progress=False,
        ),
    )
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>",
    )


@pytest.fixture(params=SHAPES)
def local(request, tmp_path, tiny_tokenizer, own_articles):
    """Folder of a random model of the architecture, as `save_pretrained` leaves it."""
    if request.param == "xlm-roberta":
        wrapped = unigram([normalize(a.text) for a in own_articles[:20]])
    else:
        wrapped = PreTrainedTokenizerFast(
            tokenizer_object=tiny_tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
        )
    torch.manual_seed(0)
    AutoModel.from_config(SHAPES[request.param](len(wrapped))).save_pretrained(tmp_path)
    wrapped.save_pretrained(tmp_path)
    return tmp_path


def test_an_encoder_of_each_architecture_is_loaded_trained_and_exported(local, tmp_path, own_articles):
    settings = Encoder(path=str(local), max_length=64, context_tokens=16)
    tokenizer, layout = load_tokenizer(settings)
    assert isinstance(layout, Layout)
    torch.manual_seed(1)
    model = SentenceClassifier(load_encoder(settings), 0.1)
    examples = make_examples(own_articles[:3], tokenizer, layout)
    export(model, tokenizer, layout, examples, tmp_path / "model", {"run": "test"})
    answers = Classifier(tmp_path / "model").classify(["ونفت الشركة أن تكون قد علمت بالخلل.", "وصل القطار."])
    assert all(np.isclose(sum(a.probabilities.values()), 1, atol=1e-5) for a in answers)


def test_code_of_an_encoder_is_refused_unless_it_is_named(local):
    import json

    path = local / "config.json"
    config = json.loads(path.read_text("utf-8")) | {
        "model_type": "their-own", "auto_map": {"AutoConfig": "theirs.TheirConfig", "AutoModel": "theirs.TheirModel"},
    }  # fmt: skip
    path.write_text(json.dumps(config))
    (local / "theirs.py").write_text(
        "import pathlib\npathlib.Path(__file__).with_name('ran').touch()\nraise RuntimeError('it ran')\n"
    )
    for allowed in (None, "someone/else"):
        with pytest.raises(EncoderError, match=rf"encoder\.allow_code_of={local}"):
            load_tokenizer(Encoder(path=str(local), allow_code_of=allowed))
    with pytest.raises(RuntimeError, match="it ran"):
        load_tokenizer(Encoder(path=str(local), allow_code_of=str(local)))
