import json
import lzma

import pytest

from seeds.corpus import CorpusError, load_real
from seeds.standoff import build, merge

TEXT = "قال  الوزير إن الوزير باق. وانتهى."
ROW = {
    "document": "paper:1", "outlet": "paper", "sampling": "natural", "pool": 1, "start": 0, "end": 26,
    "text": "قال الوزير إن الوزير باق.", "label": "reported_claim", "cue": "قال", "source": "الوزير", "hard": True,
}  # fmt: skip


@pytest.fixture
def corpora(tmp_path):
    document = {"id": "paper:1", "source": "paper", "title": "", "text": TEXT}
    (tmp_path / "news.jsonl.xz").write_bytes(lzma.compress(json.dumps(document).encode()))
    return tmp_path


def annotation(folder, *rows):
    path = folder / "annotation.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def test_labels_lose_their_text_and_find_it_again(corpora):
    (record,) = build(annotation(corpora, ROW), corpora)
    (sentence,) = record["sentences"]
    assert "text" not in sentence
    assert sentence["cue"] == (0, 3)
    assert sentence["source"] == (5, 11)
    assert sentence["hard"] is True
    path = corpora / "real.jsonl"
    path.write_text(json.dumps(record) + "\n", "utf-8")
    (article,) = load_real(corpora, path)
    assert article.sentence_text(article.sentences[0]).split() == ROW["text"].split()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"end": 20}, "are not the labelled sentence"), ({"cue": "صرح"}, "'صرح' is not in characters 0:26")],
)
def test_labels_that_do_not_fit_their_text_are_refused(corpora, wrong, message):
    with pytest.raises(CorpusError, match=message):
        build(annotation(corpora, ROW | wrong), corpora)


def test_a_new_label_replaces_the_old_one_and_others_stay(corpora):
    old = build(
        annotation(corpora, ROW, ROW | {"start": 27, "end": 34, "text": "وانتهى.", "cue": None, "source": None}),
        corpora,
    )
    new = build(annotation(corpora, ROW | {"label": "direct_quote"}), corpora)
    other = [{"id": "paper:0", "sentences": []}]
    merged = merge(old, new + other)
    assert [r["id"] for r in merged] == ["paper:0", "paper:1"]
    assert [s["label"] for s in merged[1]["sentences"]] == ["direct_quote", "reported_claim"]
