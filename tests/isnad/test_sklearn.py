import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from isnad import LABELS, Classifier
from isnad.sklearn import IsnadClassifier

SENTENCES = [
    f"{verb} الوزير رقم {n} إن المعبر سيفتح غدًا." for n in range(6) for verb in ("قال", "ونفى", "عقد", "وأضاف")
]


@pytest.fixture(scope="module")
def estimator(tiny_artifact):
    return IsnadClassifier(tiny_artifact, threads=1)


@pytest.fixture(scope="module")
def said(tiny_artifact):
    return Classifier(tiny_artifact, threads=1).classify(SENTENCES)


def test_it_says_what_the_library_says(estimator, said):
    assert list(estimator.predict(SENTENCES)) == [p.label.value for p in said]
    probabilities = estimator.predict_proba(SENTENCES)
    assert probabilities.shape == (len(SENTENCES), 4)
    for row, prediction in zip(probabilities, said, strict=True):
        assert dict(zip(estimator.classes_, row, strict=True)) == prediction.probabilities


def test_the_second_column_is_the_context(estimator, tiny_artifact):
    table = np.array([["وأضاف أنه باق.", "قال الوزير: «نعم»."], ["وأضاف أنه باق.", None]], dtype=object)
    expected = Classifier(tiny_artifact, threads=1).classify(table[:, 0], list(table[:, 1]))
    assert list(estimator.predict_proba(table)[:, 0]) == [p.probabilities["background"] for p in expected]
    alone = estimator.predict_proba(table[:, :1])
    assert alone[0].tolist() == alone[1].tolist()


def test_scikit_learns_own_checks(estimator):
    with pytest.warns(UserWarning, match="Can't test estimator"):  # the checks on numbers, which it does not take
        check_estimator(estimator)


def test_parameters_and_clones(estimator, tiny_artifact):
    assert estimator.get_params() == {"model_dir": tiny_artifact, "threads": 1}
    copy = clone(estimator).set_params(threads=2)
    assert (copy.threads, estimator.threads) == (2, 1)
    again = pickle.loads(pickle.dumps(estimator))
    assert list(again.predict(SENTENCES[:3])) == list(estimator.predict(SENTENCES[:3]))
    assert repr(IsnadClassifier()) == "IsnadClassifier()"


def test_in_a_pipeline_with_cross_validation(estimator, said):
    y = [label.value for label in LABELS] * (len(SENTENCES) // 4)
    right = [p.label.value == label for p, label in zip(said, y, strict=True)]
    pipeline = make_pipeline(FunctionTransformer(), estimator)
    assert pipeline.fit(SENTENCES, y).score(SENTENCES, y) == pytest.approx(np.mean(right))
    assert cross_val_score(pipeline, SENTENCES, y, cv=3).mean() == pytest.approx(np.mean(right))
    probabilities = cross_val_predict(pipeline, SENTENCES, y, cv=3, method="predict_proba")
    own = [p.probabilities[label] for p, label in zip(said, y, strict=True)]
    loss = log_loss(y, probabilities, labels=estimator.classes_)
    assert loss == pytest.approx(-np.mean(np.log(own)), rel=0, abs=1e-5)


def test_nothing_in_nothing_out(estimator):
    assert estimator.predict([]).shape == (0,)
    assert estimator.predict_proba([]).shape == (0, 4)


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        ("نعم", None, TypeError, "wrap it"),
        (np.zeros((2, 3)), None, ValueError, r"shape \(2, 3\)"),
        (["نعم"], [], ValueError, "0 labels for 1 sentences"),
        (["نعم"], ["quote"], ValueError, "not isnad's: quote"),
    ],
)
def test_wrong_input_is_named(estimator, x, y, error, message):
    with pytest.raises(error, match=message):
        estimator.fit(x, y)


def test_numbers_are_no_sentences(estimator):
    with pytest.raises(TypeError, match=r"sentences\[0\] must be"):
        estimator.predict([1.5])


def test_the_missing_extra_is_named():
    code = "import sys; sys.modules['sklearn'] = None; import isnad.sklearn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip().endswith("pip install 'isnad[sklearn]'")
