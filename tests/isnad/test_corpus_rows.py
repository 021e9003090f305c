import csv
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isnad.corpus import CorpusError, rows
from isnad.corpus.rows import Article, Fault, open_source, read_row


def read(path, text_field="text", id_field=None):
    source = open_source(path, text_field, id_field)
    found = [read_row(raw, text_field, id_field) for raw in source.rows()]
    assert source.position == source.size
    return found


def file(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("rows")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "invalid JSON: Expecting property name"),
        (b"", "empty line"),
        (b"[1]", "no JSON object but list"),
        (b"[" * 200_000, "invalid JSON"),  # deeper than the parser goes
        (b'{"text": ' + b"1" * 5000 + b"}", "invalid JSON"),  # more digits than Python reads
        (b'{"id": "a"}', 'no field "text"'),
        (b'{"text": null}', 'no field "text"'),
        (b'{"text": 7}', 'field "text" is no string but int'),
        (b'{"text": ["a"]}', 'field "text" is no string but list'),
        (b'{"text": " \\n"}', 'field "text" is empty'),
        (b'{"text": "\xd9"}', "broken UTF-8 at byte 10"),
        (b'{"text": "a \\ud800"}', "broken UTF-8 (no Unicode: '\\ud800')"),
    ],
)
def test_a_bad_line_of_json_is_told(tmp_path, line, reason):
    before, bad, after = read(file(tmp_path, "a.jsonl", b'{"text": "a"}\n' + line + b'\n{"text": "b"}'))
    assert (before, after) == (Article(None, "a"), Article(None, "b"))
    assert bad.reason.startswith(reason)


@pytest.mark.parametrize(
    ("value", "identity"), [('"x"', "x"), ("7", 7), ("null", None), ("1.5", None), ("true", None), ("[1]", None)]
)
def test_an_identity_is_a_string_or_an_integer(tmp_path, value, identity):
    (row,) = read(file(tmp_path, "a.jsonl", f'{{"text": "a", "id": {value}}}'), id_field="id")
    expected = Fault('field "id" is missing or neither a string nor an integer')
    assert row == (expected if identity is None else Article(identity, "a"))


def test_a_byte_order_mark_is_no_part_of_the_first_row(tmp_path):
    assert read(file(tmp_path, "a.jsonl", b'\xef\xbb\xbf{"text": "a"}\n')) == [Article(None, "a")]
    assert read(file(tmp_path, "a.csv", b"\xef\xbb\xbftext\na\n")) == [Article(None, "a")]


@pytest.mark.parametrize("end", [b"\n", b""])
def test_an_overlong_line_is_a_fault_and_the_next_is_read(tmp_path, monkeypatch, end):
    monkeypatch.setattr(rows, "LONGEST_ROW", 100)
    for length in (99, 100, 101, 250):
        long = json.dumps({"text": "a" * (length - 12)}).encode()
        assert len(long) == length
        found = read(file(tmp_path, "a.jsonl", long + b'\n{"text": "b"}' + end))
        assert found[1:] == [Article(None, "b")]
        assert isinstance(found[0], Article) == (length < 100)


def test_csv_is_read_as_spreadsheets_write_it(tmp_path):
    path = tmp_path / "a.csv"
    articles = ["سطر\nوسطر", 'قال: "نعم"، ومضى', "a,b;c", "\r\nx"]
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerows([["id", "other", "text"], *([n, "-", a] for n, a in enumerate(articles))])
    assert read(path, id_field="id") == [Article(str(n), a) for n, a in enumerate(articles)]


def test_bad_rows_of_csv_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "LONGEST_ROW", 1000)
    content = b"id,text\n1,a\n2\n\n3,\xd9\n4,\n5," + b"x" * 1500 + b"\n6,b\n"
    first, short, empty, broken, void, long, *rest = read(file(tmp_path, "a.csv", content))
    assert first == Article(None, "a")
    assert short == empty == Fault('no field "text"')
    assert broken.reason.startswith("broken UTF-8")
    assert void == Fault('field "text" is empty')
    assert long == Fault("no CSV: a line longer than 1000 bytes")
    assert rest == [Article(None, "b")]


def test_csv_without_the_column_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r'a\.csv has no column "text"; its columns: id, body'):
        read(file(tmp_path, "a.csv", "id,body\n1,x\n"))
    with pytest.raises(CorpusError, match="no column"):
        read(file(tmp_path, "a.csv", ""))


def test_parquet_holds_the_same_rows(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    texts = pa.array(["a", None, "", "b"], pa.large_string())
    pq.write_table(pa.table({"id": [1, 2, 3, 4], "text": texts}), path)
    assert read(path, id_field="id") == [
        Article(1, "a"),
        Fault('no field "text"'),
        Fault('field "text" is empty'),
        Article(4, "b"),
    ]
    with pytest.raises(CorpusError, match=r'no column "body"; its columns: id, text'):
        read(path, "body")


def test_broken_utf8_in_parquet_is_a_fault(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    broken = pa.Array.from_buffers(pa.binary(), 2, pa.array([b"a", b"\xd9"]).buffers()).view(pa.string())
    pq.write_table(pa.table({"text": broken}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == [Article(None, "a"), Fault("broken UTF-8 at byte 0 of a field")]


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path):
    pytest.importorskip("pyarrow")
    with pytest.raises(CorpusError, match="cannot be read as Parquet"):
        read(file(tmp_path, "a.parquet", "text\na\n"))
    with pytest.raises(CorpusError, match=r"a corpus is a file that ends in \.jsonl, \.ndjson, \.csv, \.parquet"):
        read(file(tmp_path, "a.txt", "a"))
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.jsonl")


@settings(max_examples=200)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_lines_of_json_or_faults(scratch, content):
    found = read(file(scratch, "any.jsonl", content))
    assert len(found) == content.count(b"\n") + (not content.endswith(b"\n") and content != b"")


PIECES = st.sampled_from([b'"', b",", b"\n", b"\r", b"a", "ق".encode(), b"\xff", b"\0", b" ", b"text", b'""'])


@settings(max_examples=200)
@given(content=st.lists(PIECES, max_size=40).map(b"".join))
def test_any_bytes_are_records_of_csv_or_faults(scratch, content):
    for row in read(file(scratch, "any.csv", b"text\n" + content)):
        assert isinstance(row, Article | Fault)
        if isinstance(row, Article):
            row.text.encode()
