import json
from pathlib import Path

import pytest

from isnad import Label
from seeds.corpus import CorpusError, load_articles, load_own, load_real, read_records, text_hash, topics

ARTICLE = {
    "id": "own-test-01",
    "outlet": "own/test",
    "topic": "courts",
    "title": "عنوان",
    "sentences": [
        {"text": "قال الوزير إن الوزير باق.", "label": "reported_claim", "cue": "قال", "source": "الوزير"},
        {"text": "ونفى ذلك.", "join": "", "label": "denial", "cue": "ونفى", "antecedent": "الوزير"},
        {"text": "وانتهى.", "join": "\n", "label": "background"},
    ],
}


def write(folder, *records):
    path = folder / "articles.jsonl"
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), "utf-8")
    return path


def changed(**fields):
    sentence = {**ARTICLE["sentences"][0], **fields}
    return ARTICLE | {"sentences": [sentence]}


def test_an_article_is_its_sentences_joined(tmp_path):
    (article,) = load_own([write(tmp_path, ARTICLE)])
    assert article.text == "قال الوزير إن الوزير باق.ونفى ذلك.\nوانتهى."
    assert [article.sentence_text(s) for s in article.sentences] == [s["text"] for s in ARTICLE["sentences"]]
    first, second, _ = article.sentences
    assert article.text[slice(*first.cue)] == "قال"
    assert first.source == (4, 10)  # of two, the one nearest to the cue
    assert article.text[slice(*second.antecedent)] == "الوزير"
    assert second.label is Label.DENIAL


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (changed(label="quote"), r"articles\.jsonl:1: sentences\[0\]\.label: 'quote' is not one of"),
        (changed(cue="صرح"), r"articles\.jsonl:1: sentences\[0\]\.cue: 'صرح' is not a part of the text"),
        (changed(label="background"), r"sentences\[0\]: a background sentence has no cue"),
        (changed(lable="denial"), r"articles\.jsonl:1: sentences\[0\]: .*'lable' was unexpected"),
        ({k: v for k, v in ARTICLE.items() if k != "title"}, r"articles\.jsonl:1: record: 'title' is a required"),
    ],
)
def test_a_fault_names_file_line_and_field(tmp_path, record, message):
    with pytest.raises(CorpusError, match=message):
        load_own([write(tmp_path, record)])


def test_a_broken_line_is_named(tmp_path):
    path = write(tmp_path, ARTICLE)
    path.write_text(path.read_text("utf-8") + '{"id": ', "utf-8")
    with pytest.raises(CorpusError, match=r"articles\.jsonl:2: not JSON"):
        list(read_records(path, "own"))


def test_ids_are_unique(tmp_path):
    with pytest.raises(CorpusError, match=r":2: id: 'own-test-01' is already in .*:1"):
        load_own([write(tmp_path, ARTICLE, ARTICLE)])


@pytest.fixture
def real(tmp_path, monkeypatch):
    """A corpora folder with one document, and stand-off labels of it."""
    import lzma

    text = "وقالت الوزارة: «لا صحة للخبر». وانتهى."
    document = {"id": "paper:1", "source": "paper", "title": "ع", "text": text}
    (tmp_path / "news.jsonl.xz").write_bytes(lzma.compress(json.dumps(document).encode()))
    sentence = {"start": 0, "end": 31, "hash": text_hash(text[:31]), "label": "denial", "cue": [16, 22]}
    record = {"id": "paper:1", "outlet": "paper", "sampling": "natural", "pool": 1, "sentences": [sentence]}
    return tmp_path, record, text


def test_stand_off_labels_are_joined_to_their_text(real):
    folder, record, text = real
    (article,) = load_real(folder, write(folder, record))
    (sentence,) = article.sentences
    assert article.sentence_text(sentence) == text[:31]
    assert article.text[slice(*sentence.cue)] == "لا صحة"
    assert not article.is_own


def test_another_text_than_the_labelled_one_is_refused(real):
    folder, record, _ = real
    record["sentences"][0]["end"] = 30
    with pytest.raises(CorpusError, match=r":1: sentences\[0\]\.hash: the text of paper:1 is not the one"):
        load_real(folder, write(folder, record))


def test_a_document_that_is_not_there_is_named(real):
    folder, record, _ = real
    with pytest.raises(CorpusError, match=r":1: id: paper:2 and 0 more are not in"):
        load_real(folder, write(folder, record | {"id": "paper:2"}))


def test_a_part_of_the_texts_is_used_where_that_is_allowed(real, caplog):
    folder, record, _ = real
    path = write(folder, record, record | {"id": "paper:2"})
    (article,) = load_real(folder, path, partial=True)
    assert article.id == "paper:1"
    assert "1 of 2 labelled articles are not in" in caplog.text


def test_without_the_texts_the_real_part_is_asked_for_in_vain(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"data\.real=no"):
        load_articles(tmp_path, real="yes")
    assert all(a.is_own for a in load_articles(tmp_path, real="auto"))
    with pytest.raises(ValueError, match="no articles"):
        load_articles(tmp_path, own=False, real="no")
    with pytest.raises(ValueError, match="choose yes, no or auto"):
        load_articles(tmp_path, real="maybe")


def test_what_is_committed_of_real_news_has_no_text():
    for where, record in read_records(Path("seeds/corpus/real.jsonl"), "real"):
        arabic = [c for c in json.dumps(record, ensure_ascii=False) if "\u0600" <= c <= "\u06ff"]
        assert not arabic, where


def test_topics_are_by_article(tmp_path):
    path = tmp_path / "topics.json"
    path.write_text(json.dumps({"politics": ["own-test-01", "x"], "sport": ["y"]}))
    assert topics(path) == {"own-test-01": "politics", "x": "politics", "y": "sport"}


def test_an_article_has_one_topic(tmp_path):
    path = tmp_path / "topics.json"
    path.write_text(json.dumps({"politics": ["x"], "sport": ["x"]}))
    with pytest.raises(CorpusError, match="x is in 'politics' and in 'sport'"):
        topics(path)


def test_every_article_of_ours_has_one_of_ten_topics(own_articles):
    found = topics()
    assert {a.id for a in own_articles} <= found.keys()
    assert len(set(found.values())) == 10
