import contextlib
import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isnad import ArtifactError, Classifier
from isnad.artifact import read_config


@pytest.fixture
def artifact(tiny_artifact, tmp_path):
    return shutil.copytree(tiny_artifact, tmp_path / "model")


@pytest.fixture(scope="module")
def scratch(tiny_artifact, tmp_path_factory):
    """An artifact whose config.json each example writes anew."""
    folder = shutil.copytree(tiny_artifact, tmp_path_factory.mktemp("scratch") / "model")
    shutil.copy(folder / "config.json", folder / "config.json.whole")
    return folder


def edit(artifact, **fields):
    path = artifact / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | fields), "utf-8")


def layout(**fields):
    return {"max_length": 64, "context_tokens": 16, "cls": 2, "sep": 3, "pad": 0} | fields


def test_a_whole_artifact_is_read(artifact):
    config = read_config(artifact)
    assert config.layout.max_length == 64
    assert config.inputs == ("input_ids", "attention_mask", "token_type_ids", "rule", "hints")
    assert config.temperature == 1.0


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda a: shutil.rmtree(a), "no such model directory"),
        (lambda a: (a / "config.json").unlink(), r"config\.json is missing.*did not finish"),
        (lambda a: (a / "config.json").write_text("{"), r"config\.json is damaged"),
        (lambda a: (a / "config.json").write_text("[]"), r"config\.json is damaged"),
        (lambda a: edit(a, layout={"max_length": 4}), r"config\.json is damaged"),
        (lambda a: edit(a, temperature="warm"), r"config\.json is damaged"),
        (lambda a: edit(a, format=99), "format 99"),
        (lambda a: edit(a, labels=["spam", "ham"]), "are not isnad's four"),
        (lambda a: (a / "model.onnx").unlink(), r"model\.onnx is missing"),
        (
            lambda a: (a / "model.onnx").write_bytes((a / "model.onnx").read_bytes()[:-9]),
            r"model\.onnx is not the file",
        ),
        (lambda a: (a / "tokenizer.json").write_text("{}"), r"tokenizer\.json is not the file"),
        (lambda a: (a / "tokenizer.json").unlink(), r"tokenizer\.json is missing"),
        (lambda a: (a / "model.onnx").write_bytes(b""), r"model\.onnx is not the file"),
        (lambda a: (a / "config.json").write_bytes(b""), r"config\.json is damaged"),
        (lambda a: (a / "config.json").write_bytes(b"\xff\xfe"), r"config\.json is damaged"),
        (lambda a: (a / "config.json").write_bytes(b"[" * 100_000), r"config\.json is damaged"),
        (lambda a: edit(a, sha256={}), r"config\.json is damaged"),
        (lambda a: edit(a, temperature=0), "temperature 0.0 is not positive"),
        (lambda a: edit(a, temperature=float("nan")), "temperature nan is not positive"),
        (lambda a: edit(a, layout=layout(max_length=64.5)), "something else than whole numbers"),
        (lambda a: edit(a, layout=layout(cls=-1)), "something else than whole numbers"),
        (lambda a: edit(a, layout=layout(sep=10**6)), "special tokens beyond the tokenizer's"),
        (lambda a: edit(a, inputs=["input_ids", "attention_mask"]), "config.json says input_ids, attention_mask"),
        (lambda a: edit(a, inputs="input_ids"), "the graph takes"),
    ],
)
def test_a_damaged_artifact_is_refused(artifact, damage, message):
    damage(artifact)
    with pytest.raises(ArtifactError, match=message):
        Classifier(artifact).classify(["قال نعم"])


def test_a_sealed_file_that_is_no_graph_is_refused(artifact):
    from isnad.artifact import write_config

    (artifact / "model.onnx").write_bytes(b"no graph")
    write_config(artifact, read_config_of(artifact))
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        Classifier(artifact).classify(["قال نعم"])


def test_the_tokenizer_of_another_model_is_refused(artifact):
    other = json.loads((artifact / "tokenizer.json").read_text("utf-8"))
    other["model"]["vocab"].popitem()
    (artifact / "tokenizer.json").write_text(json.dumps(other), "utf-8")
    with pytest.raises(ArtifactError, match=r"tokenizer\.json is not the file that config\.json was written for"):
        Classifier(artifact).load()


@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_a_config_with_a_byte_changed_is_read_or_refused(scratch, place, byte):
    content = bytearray((scratch / "config.json.whole").read_bytes())
    content[int(place * len(content))] = byte
    (scratch / "config.json").write_bytes(content)
    with contextlib.suppress(ArtifactError):
        read_config(scratch)


@given(size=st.integers(0, 2000))
def test_a_truncated_config_is_refused(scratch, size):
    whole = (scratch / "config.json.whole").read_bytes().strip()
    (scratch / "config.json").write_bytes(whole[: min(size, len(whole) - 1)])
    with pytest.raises(ArtifactError, match=r"config\.json is damaged"):
        read_config(scratch)


def read_config_of(artifact):
    from isnad.artifact import ArtifactConfig
    from isnad.encoding import Layout

    content = json.loads((artifact / "config.json").read_text("utf-8"))
    return ArtifactConfig(Layout(**content["layout"]), tuple(content["inputs"]))
