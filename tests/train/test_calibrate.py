import shutil

import numpy as np
import pytest
import torch
from scipy.special import softmax

from isnad import LABELS, Classifier
from isnad.artifact import read_config
from train.calibrate import calibrate, fit_temperature, negative_log_likelihood, set_temperature
from train.config import Encoder
from train.data import make_examples
from train.encoder import load_encoder, load_tokenizer
from train.export import export
from train.model import SentenceClassifier


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_a_model_of_wrong_confidence_is_found_out(temperature):
    """Labels drawn at the rates that the logits give; then the logits are made too large, or too small."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 4)) * 1.5
    gold = np.array([rng.choice(4, p=row) for row in softmax(logits, axis=1)])
    wrong = logits * temperature
    fitted = fit_temperature(wrong, gold)
    assert fitted == pytest.approx(temperature, rel=0.1)
    assert negative_log_likelihood(wrong, gold, fitted) < negative_log_likelihood(wrong, gold, 1.0)
    assert negative_log_likelihood(wrong, gold, temperature) == pytest.approx(
        -np.log(softmax(logits, axis=1)[range(4000), gold]).mean()
    )


def test_the_temperature_changes_scores_and_no_label(tiny_artifact, tmp_path, own_articles):
    folder = tmp_path / "model"
    shutil.copytree(tiny_artifact, folder)
    texts = [own_articles[0].sentence_text(s) for s in own_articles[0].sentences]
    before = Classifier(folder).classify(texts)
    set_temperature(folder, 2.5)
    after = Classifier(folder).classify(texts)
    assert [p.label for p in after] == [p.label for p in before]
    assert all(b.score < a.score for a, b in zip(before, after, strict=True))
    assert read_config(folder).provenance == read_config(tiny_artifact).provenance


def test_an_overconfident_artifact_is_calibrated_and_compared_with_its_parent(tiny_encoder, own_articles, tmp_path):
    settings = Encoder(path=str(tiny_encoder), max_length=64, context_tokens=16)
    tokenizer, layout = load_tokenizer(settings)
    articles = own_articles[:4]
    examples = make_examples(articles, tokenizer, layout)
    torch.manual_seed(2)
    model = SentenceClassifier(load_encoder(settings), 0.0)
    with torch.no_grad():
        for weight in (model.head.weight, model.head.bias, model.rule_evidence.weight):
            weight *= 8.0
    folder = tmp_path / "model"
    export(model, tokenizer, layout, examples, folder, {"run": "x"})
    items = [(a.sentence_text(s), a.text[: s.start]) for a in articles for s in a.sentences]
    texts, contexts = map(list, zip(*items, strict=True))
    before = Classifier(folder).classify(texts, contexts)
    found = calibrate(folder, model, articles, examples)
    after = Classifier(folder).classify(texts, contexts)
    assert found["temperature"] == read_config(folder).temperature > 2
    gold = [s.label for a in articles for s in a.sentences]
    nll = [-np.mean([np.log(p.probabilities[g]) for p, g in zip(said, gold, strict=True)]) for said in (before, after)]
    assert [found["nll"]["before"], found["nll"]["after"]] == pytest.approx(nll, rel=1e-3)
    assert nll[1] < nll[0]
    assert [p.label for p in after] == [p.label for p in before]
    parent = [LABELS[model(**batch)["logits"].argmax().item()] for batch in single(examples, layout.pad)]
    same = np.mean([p.label == label for p, label in zip(after, parent, strict=True)])
    assert found["int8_agreement"] == pytest.approx(same)
    assert 0 < found["macro_f1"]["int8"] < 1
    assert abs(found["macro_f1"]["float"] - found["macro_f1"]["int8"]) < 0.2


def single(examples, pad):
    from train.data import Collator

    for example in examples:
        batch = Collator(pad)([example])
        del batch["labels"]
        yield batch
