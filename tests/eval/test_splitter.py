import json
import lzma
import subprocess
import sys

import pytest

from eval import splitter
from eval.splitter import OWN, PADT, Passage, boundaries, own_passages, padt_passages, passages, run, score
from isnad import Label
from seeds.corpus import Article, LabelledSentence


def passage(*sentences):
    return Passage(" ".join(sentences), sentences)


def test_boundaries_count_no_white_space():
    assert boundaries(["أب ج.", " د. ", "هـ"]) == [4, 6]
    assert boundaries(["أب ج."]) == []


def test_figures_against_a_count_by_hand():
    """Gold has 3 boundaries, one of them after no mark; found are two of these and a false one."""
    passages = [passage("أب.", "عنوان", "ج د. ه."), passage("و.", "ز.")]
    found = {p.text: s for p, s in zip(passages, (["أب.", "عنوان ج د.", "ه."], ["و.", "ز."]), strict=True)}
    figures = score(lambda text: found[text], passages, resamples=50)
    assert figures["precision"] == pytest.approx(2 / 3)
    assert figures["recall"] == pytest.approx(2 / 3)
    assert figures["f1"] == pytest.approx(2 / 3)
    assert (figures["marked_recall"], figures["gold"], figures["found"]) == (1.0, 3, 3)
    assert figures["interval"][0] <= figures["f1"] <= figures["interval"][1]


def test_a_splitter_that_never_splits_finds_nothing():
    figures = score(lambda text: [text], [passage("أ.", "ب.")] * 2, resamples=50)
    assert (figures["precision"], figures["recall"], figures["f1"]) == (0, 0, 0)


def test_own_passages_are_paragraphs_with_their_sentences():
    text = "أب. ج.\nد."
    sentences = tuple(LabelledSentence(a, b, Label.BACKGROUND) for a, b in ((0, 3), (4, 6), (7, 9)))
    assert own_passages([Article("x", "o", "t", text, sentences)]) == [
        Passage("أب. ج.", ("أب.", "ج.")), Passage("د.", ("د.",))
    ]  # fmt: skip


def test_all_splitters_are_scored_on_the_same_text(own_articles):
    results = run({"own": own_passages(own_articles[:12])})
    figures = results["own"]["splitters"]
    assert set(figures) == {"isnad", "pysbd", "sentencex"}
    assert len({f["gold"] for f in figures.values()}) == 1
    assert figures["isnad"]["f1"] > 0.98
    assert figures["isnad"]["f1"] >= max(f["f1"] for f in figures.values())
    json.dumps(results)


@pytest.mark.parametrize("name", ["isnad", "pysbd", "sentencex"])
def test_no_splitter_loses_a_character(name, own_articles):
    """Else boundaries could not be compared by counting characters."""
    split = splitter.all_splitters()[name]
    for p in own_passages(own_articles[:12]):
        assert "".join("".join(split(p.text)).split()) == "".join(p.text.split())


def write_corpus(folder, *documents):
    with lzma.open(folder / "news.jsonl.xz", "wt", encoding="utf-8") as file:
        for name, text in documents:
            file.write(json.dumps({"id": name, "source": "s", "title": "", "text": text}) + "\n")


def test_padt_is_used_where_it_is_and_our_own_articles_where_not(tmp_path):
    assert list(passages(tmp_path, real="auto")) == [OWN]
    write_corpus(tmp_path, ("other:1", "لا شيء."))
    assert list(passages(tmp_path, real="auto")) == [OWN]
    with pytest.raises(FileNotFoundError, match=r"has no documents of UD Arabic-PADT: seeds/README\.md"):
        passages(tmp_path, real="yes")
    write_corpus(tmp_path, ("other:1", "لا شيء."), ("padt:1", "عنوان\nأب."))
    assert passages(tmp_path, real="auto") == {PADT: [passage("عنوان", "أب.")]}
    assert list(passages(tmp_path, real="no")) == [OWN]


def test_missing_texts_and_libraries_are_named(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"news\.jsonl\.xz is not there: seeds/README\.md"):
        padt_passages(tmp_path)
    monkeypatch.setitem(sys.modules, "pysbd", None)
    with pytest.raises(ImportError, match=r"pysbd .* pip install 'isnad\[eval\]'"):
        splitter.all_splitters()


def test_the_command_says_what_is_missing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "eval.splitter", "--corpora", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "seeds/README.md says how to get it" in done.stderr
