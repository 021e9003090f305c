import csv
import io
import json
import os
import shutil
import signal
import sys
import time

import pytest
from kill_corpus import digests, finish, start, write_corpus

from isnad import Classifier
from isnad.cli import main
from isnad.corpus import CorpusError
from isnad.corpus.manifest import Manifest
from isnad.corpus.progress import Progress
from isnad.corpus.run import annotate_corpus

TEXTS = ["عقد المجلس جلسته. وقال رئيسه: «لن نتراجع».", None, "ونفت الوزارة ذلك.", "أ. ب.", "BBC 3.5."]


def lines(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def records(out):
    return [record for part in sorted(out.glob("part-*.jsonl")) for record in lines(part)]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "news.jsonl"
    with path.open("w", encoding="utf-8") as out:
        for number, text in enumerate(TEXTS):
            out.write(json.dumps({"id": f"n{number}", "text": text}) + "\n")
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory, tiny_artifact):
    """A corpus of some 400 sentences, its options, and the output of a run left alone."""
    folder = tmp_path_factory.mktemp("whole")
    write_corpus(folder / "news.jsonl", 400, seed=3)
    options = {"model": tiny_artifact, "shard_rows": 4}
    annotate_corpus(folder / "news.jsonl", folder / "out", workers=1, **options)
    return folder / "news.jsonl", options, folder / "out"


def test_every_row_is_in_the_output_or_told_of(source, tmp_path, tiny_artifact):
    out = tmp_path / "out"
    totals = annotate_corpus(source, out, id_field="id", model=tiny_artifact, shard_rows=2, workers=1)
    assert totals == {"shards": 3, "rows": 5, "articles": 4, "sentences": 5, "bad": 1}
    assert [(r["row"], r["id"]) for r in records(out)] == [(1, "n0"), (3, "n2"), (4, "n3"), (5, "n4")]
    assert lines(out / "bad-00000.jsonl") == [{"row": 2, "reason": 'no field "text"'}]
    assert sorted(p.name for p in out.glob("bad-*")) == ["bad-00000.jsonl"]


def test_sentences_are_those_of_annotate_rounded(source, tmp_path, tiny_artifact):
    annotate_corpus(source, tmp_path / "out", model=tiny_artifact, shard_rows=1, workers=1)
    first = records(tmp_path / "out")[0]["sentences"]
    expected = Classifier(tiny_artifact, threads=1).annotate(TEXTS[0])
    assert [(s["text"], s["start"], s["end"], s["label"]) for s in first] == [
        (e.text, e.start, e.end, e.label.value) for e in expected
    ]
    for sentence, e in zip(first, expected, strict=True):
        assert sentence["score"] == round(e.score, 4)
        assert sentence["probabilities"] == {label.value: round(p, 4) for label, p in e.probabilities.items()}
        assert list(sentence) == list(e.to_dict())


def test_csv_and_parquet_give_what_json_gives(source, tmp_path, tiny_artifact):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    with (tmp_path / "news.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerows([["id", "text"], *([f"n{n}", t] for n, t in enumerate(TEXTS))])
    table = pa.table({"id": [f"n{n}" for n in range(len(TEXTS))], "text": TEXTS})
    pq.write_table(table, tmp_path / "news.parquet")
    options = {"id_field": "id", "model": tiny_artifact, "workers": 1}
    for suffix in ("jsonl", "csv", "parquet"):
        annotate_corpus(tmp_path / f"news.{suffix}", tmp_path / suffix, **options)
    assert records(tmp_path / "jsonl") == records(tmp_path / "csv") == records(tmp_path / "parquet")

    annotate_corpus(source, tmp_path / "shards", output="parquet", **options)
    shard = pq.read_table(tmp_path / "shards" / "part-00000.parquet")
    assert shard.column_names == ["row", "id", "sentences"]
    assert shard.to_pylist() == records(tmp_path / "jsonl")


def test_workers_do_not_change_a_byte(whole, tmp_path):
    source, options, out = whole
    annotate_corpus(source, tmp_path / "out", workers=2, **options)
    assert digests(tmp_path / "out") == digests(out)


def test_a_run_cut_off_anywhere_is_gone_on_with(whole, tmp_path):
    """The manifest cut off after any byte, and later shards half-written, as a crash would leave them."""
    source, options, out = whole
    manifest = (out / "manifest.jsonl").read_bytes()
    ends = [i + 1 for i, byte in enumerate(manifest) if byte == ord("\n")]
    assert len(ends) > 6
    for cut in (0, 5, ends[0], ends[2], ends[2] + 20, ends[-3] - 1, ends[-2], len(manifest) - 1, len(manifest)):
        broken = tmp_path / "broken"
        shutil.rmtree(broken, ignore_errors=True)
        shutil.copytree(out, broken)
        (broken / "manifest.jsonl").write_bytes(manifest[:cut])
        done = max(manifest[:cut].count(b"\n") - 1, 0)
        for late in [p for p in broken.glob("*-*.jsonl") if int(p.stem[-5:]) > done]:
            late.unlink()
        for half in broken.glob(f"*-{done:05}.jsonl"):
            half.write_bytes(b"half")
        if cut == 0 and done == 0:
            (broken / "part-00001.jsonl.partial").write_bytes(b"half")
        annotate_corpus(source, broken, workers=1, **options)
        assert digests(broken) == digests(out), cut


def test_a_finished_run_is_left_as_it_is(whole, monkeypatch):
    source, options, out = whole
    before = digests(out)
    monkeypatch.setattr("isnad.corpus.run._run", None)  # it is not even called
    totals = annotate_corpus(source, out, **options)
    assert totals["bad"] > 0
    assert totals["rows"] == totals["articles"] + totals["bad"]
    assert digests(out) == before


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"shard_rows": 5}, "options.shard_rows was 4 and is 5"),
        ({"text_field": "body"}, "options.text_field was 'text' and is 'body'"),
        ({"id_field": "text"}, "options.id_field was None and is 'text'"),
        ({"model": None}, "model was"),
    ],
)
def test_other_options_in_the_same_folder_are_refused(whole, change, named):
    source, options, out = whole
    before = digests(out)
    with pytest.raises(CorpusError, match=named):
        annotate_corpus(source, out, **(options | change))
    assert digests(out) == before


def test_other_input_in_the_same_folder_is_refused_but_not_another_name(whole, tmp_path):
    source, options, out = whole
    shutil.copy(source, tmp_path / "renamed.jsonl")
    annotate_corpus(tmp_path / "renamed.jsonl", out, **options)
    (tmp_path / "other.jsonl").write_bytes(source.read_bytes() + b"{}\n")
    with pytest.raises(CorpusError, match=r"other input or options \(input.sha256 was"):
        annotate_corpus(tmp_path / "other.jsonl", out, **options)


def test_a_folder_that_holds_something_else_is_refused(source, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("x")
    with pytest.raises(CorpusError, match=r"is not empty \(it holds thesis\.txt\)"):
        annotate_corpus(source, tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: p.write_bytes(b"other")])
def test_a_shard_that_was_altered_is_found(whole, tmp_path, damage):
    source, options, out = whole
    shutil.copytree(out, tmp_path / "out")
    damage(tmp_path / "out" / "part-00001.jsonl")
    with pytest.raises(CorpusError, match=r"part-00001\.jsonl is missing or not as it was written"):
        annotate_corpus(source, tmp_path / "out", **options)


@pytest.mark.parametrize("line", [b"{nonsense\n", b"7\n", b'{"shard": 99}\n'])
def test_a_damaged_manifest_is_told(whole, tmp_path, line):
    source, options, out = whole
    shutil.copytree(out, tmp_path / "out")
    with (tmp_path / "out" / "manifest.jsonl").open("ab") as manifest:
        manifest.write(line)
    with pytest.raises(CorpusError, match=r"manifest\.jsonl is damaged"):
        annotate_corpus(source, tmp_path / "out", **options)


def test_somebody_elses_manifest_is_left_as_it_is(source, tmp_path):
    other = tmp_path / "out" / "manifest.jsonl"
    other.parent.mkdir()
    other.write_text('{"packages": []}')
    with pytest.raises(CorpusError, match=r"manifest\.jsonl is no manifest of isnad"):
        annotate_corpus(source, tmp_path / "out")
    assert other.read_text() == '{"packages": []}'


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    pytest.importorskip("fcntl")
    first = Manifest(tmp_path / "out", {"a": 1})
    with pytest.raises(CorpusError, match="another run is writing there"):
        Manifest(tmp_path / "out", {"a": 1})
    first.close()
    Manifest(tmp_path / "out", {"a": 1}).close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "at least 1"),
        ({"shard_rows": 0}, "at least 1"),
        ({"output": "xml"}, "one of jsonl, parquet"),
    ],
)
def test_wrong_options_are_refused(source, tmp_path, options, message):
    with pytest.raises(CorpusError, match=message):
        annotate_corpus(source, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_parquet_without_pyarrow_names_the_extra(source, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r"pip install 'isnad\[corpus\]'"):
        annotate_corpus(source, tmp_path / "out", output="parquet")
    assert main(["annotate-corpus", str(tmp_path / "news.parquet"), str(tmp_path / "out")]) == 1


def test_a_shard_holds_so_many_bytes_at_most(whole, tmp_path, monkeypatch):
    source, options, _ = whole
    monkeypatch.setattr("isnad.corpus.run._SHARD_BYTES", 1)
    totals = annotate_corpus(source, tmp_path / "out", workers=1, **options)
    assert totals["shards"] == totals["rows"]


def test_an_empty_corpus_has_no_shards(tmp_path, tiny_artifact):
    (tmp_path / "empty.jsonl").touch()
    assert annotate_corpus(tmp_path / "empty.jsonl", tmp_path / "out", model=tiny_artifact)["shards"] == 0


def test_the_command_tells_what_it_did(source, tmp_path, tiny_artifact, capsys):
    command = ["annotate-corpus", str(source), str(tmp_path / "out"), "--workers", "1", "--model", str(tiny_artifact)]
    assert main(command) == 0
    told = capsys.readouterr().err
    assert "5 sentences of 4 articles in 1 shards" in told
    assert "1 of 5 rows left out" in told
    assert main([*command, "--shard-rows", "2"]) == 1
    assert "options.shard_rows was 256 and is 2" in capsys.readouterr().err


def test_a_field_that_no_row_has_is_an_error(source, tmp_path, tiny_artifact, capsys):
    out = str(tmp_path / "out")
    assert main(["annotate-corpus", str(source), out, "--text-field", "tekst", "--model", str(tiny_artifact)]) == 1
    assert 'is "tekst" the field that holds it?' in capsys.readouterr().err


def test_progress_is_told_in_lines_where_there_is_no_terminal(whole, tmp_path, monkeypatch, capsys):
    source, options, _ = whole
    monkeypatch.setattr("isnad.corpus.progress._EVERY", 0)
    annotate_corpus(source, tmp_path / "out", workers=1, **options)
    told = capsys.readouterr().err.splitlines()
    assert len(told) > 3
    assert all("sentences, " in line and "/s" in line and line.endswith("left") for line in told)
    assert told[-1].startswith("isnad: 100%")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_a_bar_on_a_terminal(monkeypatch):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress = Progress(size=1000, position=200)
    progress.update(600, sentences=50)
    progress.update(1000, sentences=70)
    progress.close()
    told = sys.stderr.getvalue()
    assert " 20%|" in told
    assert "100%|" in told
    assert "left" in told
    assert "120 sentences, " in told


def test_a_run_killed_three_times_gives_the_same_bytes(whole, tmp_path):
    source, options, out = whole
    command = ["--model", str(options["model"]), "--shard-rows", "4", "--workers", "2"]
    manifest = tmp_path / "out" / "manifest.jsonl"
    killed = []
    for shards in (0, 1, 3):  # how fast the machine is does not matter: the run is killed once so many are done
        process = start(source, tmp_path / "out", command)
        while process.poll() is None and not (manifest.exists() and manifest.read_bytes().count(b"\n") > shards):
            time.sleep(0.002)
        killed.append(process.poll() is None)
        process.kill()
        process.wait()
    assert killed[0]
    finish(source, tmp_path / "out", command)
    assert digests(tmp_path / "out") == digests(out)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="looks for processes in /proc")


def wait_for(condition):
    for _ in range(600):
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError("it never came")


def workers_of(pid):
    """Worker processes that have begun, the resource tracker of multiprocessing left out."""
    found = []
    for child in children(pid):
        with open(f"/proc/{child}/cmdline") as file:
            if "spawn_main" in file.read():
                found.append(child)
    return found


@pytest.fixture
def running(whole, tmp_path):
    """A run on two workers that has just begun, its source and options, and where it writes."""
    source, options, _ = whole
    command = ["--model", str(options["model"]), "--shard-rows", "4", "--workers", "2"]
    process = start(source, tmp_path / "out", command)
    yield process, wait_for(lambda: len(w := workers_of(process.pid)) == 2 and w), source, command
    process.kill()
    process.wait()


@needs_proc
def test_workers_end_with_the_process_that_was_killed(running):
    process, workers, *_ = running
    process.kill()
    process.wait()
    wait_for(lambda: not any(os.path.exists(f"/proc/{worker}") for worker in workers))


@needs_proc
def test_a_killed_worker_is_told_and_nothing_is_lost(running, whole, tmp_path):
    process, workers, source, command = running
    os.kill(workers[0], signal.SIGKILL)
    assert process.wait(60) == 1
    assert "a worker process died" in (tmp_path / "out.log").read_text("utf-8")
    finish(source, tmp_path / "out", command)
    assert digests(tmp_path / "out") == digests(whole[2])
