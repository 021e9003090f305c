import json

import pytest

from eval.items import FORMAT, REACH, DataError, read_articles, read_file
from isnad import Label


def test_sentences_of_an_article_keep_their_place(own_articles):
    article = next(a for a in own_articles if any(s.cue for s in a.sentences))
    items = read_articles([article])
    for item, sentence in zip(items, article.sentences, strict=True):
        assert article.text[item.place["start"] : item.place["end"]] == item.text
        assert article.text[: sentence.start].endswith(item.context)
        if item.cue:
            assert item.text[slice(*item.cue)] == article.text[slice(*sentence.cue)]
    assert items[0].identity == {"article": article.id, "start": 0, "end": article.sentences[0].end}


def test_a_labelled_file(tmp_path):
    path = tmp_path / "mine.jsonl"
    lines = [
        {
            "text": "ونفت الشركة.",
            "label": "denial",
            "context": "ن" * 9000,
            "article": "x",
            "outlet": "paper",
            "hard": True,
        },
        {"text": "وصل\u2028الوفد.", "label": "background"},
    ]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n\n", "utf-8")
    first, second = read_file(path)
    assert (first.text, first.label, first.outlet, first.hard) == ("ونفت الشركة.", Label.DENIAL, "paper", True)
    assert len(first.context) == REACH
    assert first.identity == {"article": "x", "line": 1}
    assert (second.article, second.context) == ("line 2", "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "mine.jsonl:1: is not JSON"),
        ("[]", "is no JSON object"),
        ('{"text": "نص"}', "has no 'label'"),
        ('{"text": "نص", "label": "نفي"}', "label 'نفي' is none of direct_quote"),
        ('{"text": "نص", "label": "denial", "contxt": ""}', "has an unknown field 'contxt'"),
        ('{"text": 3, "label": "denial"}', "'text' must be of type str, not int"),
        ('{"text": " ", "label": "denial"}', "'text' is empty"),
        ("\n", "no sentences"),
    ],
)
def test_a_wrong_file_is_refused_with_the_format(tmp_path, content, said):
    path = tmp_path / "mine.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(DataError) as caught:
        read_file(path)
    assert said in str(caught.value)
    assert FORMAT in str(caught.value)


def test_a_file_that_is_not_there_or_not_utf_8(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_file(tmp_path / "none.jsonl")
    (tmp_path / "old.jsonl").write_bytes("نص".encode("cp1256"))
    with pytest.raises(DataError, match="is not UTF-8"):
        read_file(tmp_path / "old.jsonl")
