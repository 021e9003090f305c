"""The transform that Ray Data and Spark apply; the engines themselves where they are installed."""

import os
import re

import pytest

from isnad.corpus.shards import record
from isnad.labels import LABELS

TEXTS = ["عقد المجلس جلسته. وقال رئيسه: «لن نتراجع».", None, "ونفت الوزارة ذلك.", ""]


@pytest.fixture
def expected(tiny_artifact):
    """What `annotate_many` gives, with None where there is no text."""
    from isnad import Classifier

    annotated = Classifier(tiny_artifact, threads=1).annotate_many([t for t in TEXTS if t is not None])
    return [None if text is None else [record(s) for s in next(annotated)] for text in TEXTS]


def test_a_table_gets_a_column_of_sentences(tiny_artifact, expected):
    pa = pytest.importorskip("pyarrow")
    from isnad.scale import annotate_table

    table = pa.table({"n": [1, 2, 3, 4], "body": TEXTS})
    done = annotate_table(table, text_field="body", model=str(tiny_artifact))
    assert done.column_names == ["n", "body", "sentences"]
    assert done.column("sentences").to_pylist() == expected
    with pytest.raises(KeyError, match="no column 'text'; the columns: n, body"):
        annotate_table(table)
    with pytest.raises(TypeError, match="must be a string, not int"):
        annotate_table(table, text_field="n", model=str(tiny_artifact))


def test_a_series_is_annotated_for_spark(tiny_artifact, expected, monkeypatch):
    pd = pytest.importorskip("pandas")
    pa = pytest.importorskip("pyarrow")
    from isnad import scale
    from isnad.corpus.arrow import sentences_type

    monkeypatch.setattr("isnad.classifier.DEFAULT_MODEL", tiny_artifact)
    scale._classifier.cache_clear()
    done = scale.annotate_series(pd.Series(TEXTS, index=[5, 6, 7, 8]))
    scale._classifier.cache_clear()
    assert done.tolist() == expected
    assert list(done.index) == [5, 6, 7, 8]
    assert pa.array(done, sentences_type()).to_pylist() == expected  # as Spark turns it into its own


def test_the_type_for_spark_is_the_type_of_the_shards():
    pytest.importorskip("pyarrow")
    from isnad.corpus.arrow import sentences_type
    from isnad.scale import SPARK_TYPE

    def spelled(kind):
        names = {"int32": "int"}
        if hasattr(kind, "value_type"):
            return f"array<{spelled(kind.value_type)}>"
        if kind.num_fields:
            return f"struct<{', '.join(f'{field.name}: {spelled(field.type)}' for field in kind)}>"
        return names.get(str(kind), str(kind))

    assert spelled(sentences_type()) == SPARK_TYPE
    assert re.findall(r"(\w+): double", SPARK_TYPE) == ["score", *map(str, LABELS), "confidence"]


@pytest.fixture
def cluster(monkeypatch):
    ray = pytest.importorskip("ray")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(
        num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False, _node_ip_address="127.0.0.1"
    )
    yield ray
    ray.shutdown()


def test_ray_data_goes_on_when_a_worker_is_killed(cluster, tiny_artifact, tmp_path):
    pa = pytest.importorskip("pyarrow")
    killed = tmp_path / "killed"

    def annotate(table, killed, model):
        import signal

        from isnad.scale import annotate_table

        try:
            os.close(os.open(killed, os.O_CREAT | os.O_EXCL))
            os.kill(os.getpid(), signal.SIGKILL)  # the first task takes its worker with it
        except FileExistsError:
            pass
        return annotate_table(table, model=model)

    texts = [f"عقد المجلس جلسته رقم {n}. ونفت الوزارة ذلك." for n in range(24)]
    options = {"killed": str(killed), "model": str(tiny_artifact)}
    dataset = cluster.data.from_arrow(pa.table({"n": range(24), "text": texts})).repartition(4)
    rows = dataset.map_batches(annotate, batch_format="pyarrow", batch_size=6, fn_kwargs=options).take_all()
    assert killed.exists()
    assert sorted((r["n"], r["text"]) for r in rows) == list(enumerate(texts))
    for row in rows:
        assert "".join(s["text"] for s in row["sentences"]).replace(" ", "") == row["text"].replace(" ", "")
