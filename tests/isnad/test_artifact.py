import json
import shutil

import pytest

from isnad import ArtifactError, Classifier
from isnad.artifact import read_config


@pytest.fixture
def artifact(tiny_artifact, tmp_path):
    return shutil.copytree(tiny_artifact, tmp_path / "model")


def edit(artifact, **fields):
    path = artifact / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | fields), "utf-8")


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


def read_config_of(artifact):
    from isnad.artifact import ArtifactConfig
    from isnad.encoding import Layout

    content = json.loads((artifact / "config.json").read_text("utf-8"))
    return ArtifactConfig(Layout(**content["layout"]), tuple(content["inputs"]))
