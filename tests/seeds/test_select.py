import json
import lzma
from collections import Counter

import pytest

from isnad import Classifier, Label
from seeds.select import FEW, MOST, Candidate, candidates, pick, unlabelled_documents


def make(document, start, rule=Label.BACKGROUND, disagreement=0.0, attributed=0.0, outlet="big"):
    text = f"جملة رقم {document} {start} من النص"
    body = {"id": document, "source": outlet, "title": "", "text": " " * start + text}
    return Candidate(body, start, start + len(text), rule, disagreement, attributed)


def test_each_reason_gets_its_quarter_and_the_most_telling_come_first():
    many = Counter({"big": FEW, "small": 1})
    pool = [make(f"d{i}", 0, rule=Label.DENIAL) for i in range(5)]
    pool += [make(f"o{i}", 0, outlet="small") for i in range(5)]
    pool += [make(f"c{i}", 0, attributed=i / 10) for i in range(5)]
    pool += [make(f"m{i}", 0, rule=Label.REPORTED_CLAIM, disagreement=i / 10) for i in range(5)]
    records = list(pick(pool, 8, many))
    assert Counter(r["reason"] for r in records) == dict.fromkeys(
        ("denial", "rare outlet", "rare cue", "disagreement"), 2
    )
    assert [r["document"] for r in records][4:] == ["c4", "c3", "m4", "m3"]


def test_no_document_is_emptied_and_no_sentence_taken_twice():
    pool = [make("d", i * 100, rule=Label.DENIAL) for i in range(9)] + [make("e", 0, rule=Label.DENIAL)] * 3
    records = list(pick(pool, 40, Counter({"big": FEW})))
    assert Counter(r["document"] for r in records) == {"d": MOST, "e": 1}


def test_models_are_compared_with_the_rules(tiny_artifact):
    document = {
        "id": "x",
        "source": "big",
        "title": "",
        "text": "ونفت الوزارة علمها بالأمر كله. قصير.\nوقال الوزير إن العمل باق.",
    }
    found = list(candidates([document], [Classifier(tiny_artifact)]))
    assert [c.rule for c in found] == [Label.DENIAL, Label.REPORTED_CLAIM]
    assert all(0 < c.disagreement < 1 and 0 < c.attributed < 1 for c in found)
    assert all(c.disagreement == 0 for c in candidates([document], []))
    record = found[1].record("denial")
    assert record["context"] == ["ونفت الوزارة علمها بالأمر كله.", "قصير."]
    assert document["text"][record["start"] : record["end"]] == record["text"]


def test_what_is_labelled_or_held_out_is_left_out(tmp_path, monkeypatch, own_articles):
    from seeds import select

    known = own_articles[0]
    monkeypatch.setattr(select, "load_real", lambda _: [known])
    documents = [
        {"id": known.id, "source": "x", "title": "", "text": known.text},
        {"id": "copy", "source": "x", "title": "", "text": known.text},
        {"id": "held-out", "source": "goud.ma", "title": "", "text": "خبر جديد لم يوسم بعد في أي مكان"},
        {"id": "new", "source": "x", "title": "", "text": "خبر جديد لم يوسم بعد في أي مكان"},
    ]
    (tmp_path / "news.jsonl.xz").write_bytes(lzma.compress("\n".join(map(json.dumps, documents)).encode()))
    assert [d["id"] for d in unlabelled_documents(tmp_path)] == ["new"]
    with pytest.raises(FileNotFoundError):
        unlabelled_documents(tmp_path / "none")
