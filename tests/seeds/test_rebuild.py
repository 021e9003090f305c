import json
import lzma
import subprocess
import sys
import zipfile

import pytest

from seeds.corpus import load_real, text_hash
from seeds.rebuild import RebuildError, choose, rebuild
from seeds.sources import SOURCES, Document, Source, saudinewsnet, tidy

PARAGRAPHS = ["قال الوزير  إن الجسر سيفتح.\u200f", "ونفت الشركة ذلك."]
TEXT = "قال الوزير إن الجسر سيفتح.\nونفت الشركة ذلك."


def git(folder, *arguments):
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", str(folder), *arguments],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def lay_out(folder):
    """One article in each layout that a reader knows."""
    contents = {
        "antcorpus/culture/JA-culture-1-2017.txt": (
            "<DOC>\n<DOCNO>JA-culture-1-2017</DOCNO>\n<TITLE>عنوان </TITLE>\n<TEXT>\n"
            + " \n".join(PARAGRAPHS) + "\n</TEXT>\n</DOC>"
        ),
        "vulca1n/data/politics/7.txt": "عنوان \n\n " + "\n".join(PARAGRAPHS),
        "vulca1n/politics/7.txt": "عنوان \n\n مقال آخر.",
        "febrayer/THE CORPUS/feb.txt": f"content: []\ncontent: {PARAGRAPHS!r}\n",
        "ahdath/ahd22.json": json.dumps([{"content": ["AHDATH.INFO", *PARAGRAPHS]}]),
        "armpro/dataset/text/V1/a.jsonl": json.dumps(
            {"paragraph_id": "MIS_1", "paragraph": "\n".join(PARAGRAPHS), "page_domain": "x.org", "page_title": "عنوان"}
        ) + "\n",
        "ntrex/DOCUMENT_IDS.tsv": "en\tbbc.1\nen\tbbc.1\n",
        "ntrex/NTREX-128/newstest2019-ref.arb.txt": "\n".join(PARAGRAPHS) + "\n",
        "marsum_test/MArSum1_test.txt": '"' + "\n".join(PARAGRAPHS) + '" "عنوان"\n',
        "talaa/Articles/algeria.txt": "\n".join(PARAGRAPHS),
    }  # fmt: skip
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    archive = folder / "saudinewsnet/dataset/2015-07-21.zip"
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as file:
        article = {"source": "okaz", "title": "عنوان", "content": "\n".join(PARAGRAPHS)}
        file.writestr("2015-07-21.json", json.dumps([article]))


@pytest.mark.parametrize("name", SOURCES)
def test_every_reader_finds_the_article_of_its_layout(tmp_path, name):
    lay_out(tmp_path)
    documents = list(SOURCES[name].read(tmp_path / name))
    assert TEXT in [d.text for d in documents]
    assert all(d.id.startswith(f"{name}:") for d in documents)
    assert len({d.title for d in documents} - {"", "عنوان"}) == 0


def test_every_reader_yields_the_ids_of_the_labels(tmp_path):
    lay_out(tmp_path)
    ids = {d.id for name, source in SOURCES.items() for d in source.read(tmp_path / name)}
    assert {"saudinewsnet:2015-07-21:0", "antcorpus:JA-culture-1-2017", "vulca1n:jazeera/politics/7", "febrayer:2",
            "ahdath:0", "armpro:MIS_1", "ntrex:bbc.1", "marsum_test:0", "talaa:algeria"} <= ids  # fmt: skip


def test_invisible_characters_and_empty_lines_go():
    assert tidy("\ufeffأ \u00a0 ب\n\n \n\u200fج\r\n") == "أ ب\nج"


def labels(text, key="saudinewsnet:2015-07-21:0"):
    sentence = {"start": 0, "end": len(text), "hash": text_hash(text), "label": "background"}
    return {"id": key, "outlet": "o", "sampling": "natural", "pool": 1, "sentences": [sentence]}


def test_of_two_files_the_one_that_the_labels_fit_is_taken():
    both = [Document("v:1", "", "", "آخر"), Document("v:1", "", "", TEXT), Document("v:2", "", "", "غيره")]
    chosen, count = choose(both, {"v:1": labels(TEXT, "v:1")})
    assert chosen["v:1"].text == TEXT
    assert set(chosen) == {"v:1", "v:2"}
    assert count == {"found": 1}


def test_a_labelled_article_that_has_changed_is_left_out_and_counted():
    chosen, count = choose([Document("v:1", "", "", "آخر")], {"v:1": labels(TEXT, "v:1"), "v:9": labels(TEXT, "v:9")})
    assert chosen == {}
    assert count == {"changed": 1}


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A repository on this machine whose commit is the one asked for, and a later one that is not."""
    lay_out(tmp_path / "made")
    repository = tmp_path / "host" / "inparallel" / "SaudiNewsNet"
    repository.parent.mkdir(parents=True)
    (tmp_path / "made" / "saudinewsnet").rename(repository)
    git(repository, "init", "-q")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "articles")
    commit = git(repository, "rev-parse", "HEAD")[:10]
    git(repository, "rm", "-rq", "dataset")
    git(repository, "commit", "-qm", "gone")
    source = Source("inparallel/SaudiNewsNet", commit, saudinewsnet, "")
    monkeypatch.setitem(SOURCES, "saudinewsnet", source)
    path = tmp_path / "real.jsonl"
    path.write_text(json.dumps(labels(TEXT)) + "\n", "utf-8")
    monkeypatch.setattr("seeds.rebuild.REAL", path)
    return tmp_path / "host"


def test_the_texts_come_back_from_a_git_repository(host, tmp_path):
    rows = rebuild(tmp_path / "corpora", ["saudinewsnet"], str(host))
    assert rows == [("saudinewsnet", 1, 1, 1, 0)]
    (article,) = load_real(tmp_path / "corpora", tmp_path / "real.jsonl")
    assert article.text == TEXT
    before = (tmp_path / "corpora" / "news.jsonl.xz").read_bytes()
    rebuild(tmp_path / "corpora", ["saudinewsnet"], "nowhere")  # the clone is there: no network is needed
    assert lzma.decompress((tmp_path / "corpora" / "news.jsonl.xz").read_bytes()) == lzma.decompress(before)


def test_what_an_interrupted_clone_left_is_no_clone(host, tmp_path):
    left = tmp_path / "corpora" / "repositories" / "inparallel--SaudiNewsNet.partial"
    left.mkdir(parents=True)
    (left / "half").touch()
    rebuild(tmp_path / "corpora", ["saudinewsnet"], str(host))
    assert not left.exists()


def test_a_repository_that_is_not_there_is_named_and_the_old_file_stays(host, tmp_path):
    corpora = tmp_path / "corpora"
    corpora.mkdir()
    (corpora / "news.jsonl.xz").write_bytes(b"old")
    with pytest.raises(RebuildError, match="nowhere/inparallel/SaudiNewsNet"):
        rebuild(corpora, ["saudinewsnet"], str(tmp_path / "nowhere"))
    assert (corpora / "news.jsonl.xz").read_bytes() == b"old"


def test_a_commit_that_is_not_there_is_named(host, tmp_path, monkeypatch):
    monkeypatch.setitem(SOURCES, "saudinewsnet", Source("inparallel/SaudiNewsNet", "0123456789", saudinewsnet, ""))
    with pytest.raises(RebuildError, match="0123456789"):
        rebuild(tmp_path / "corpora", ["saudinewsnet"], str(host))


def test_the_command_says_what_to_do_when_it_cannot(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "seeds.rebuild", str(tmp_path / "c"), "--only", "talaa", "--host", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
