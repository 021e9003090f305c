import json
import os
import subprocess
import sys

import pytest

from isnad.cli import main

TEXT = "عقد المجلس جلسته.\nوقال رئيسه: «لن نتراجع» <b>."


@pytest.fixture
def article(tmp_path):
    path = tmp_path / "article.txt"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    return path


def run(*arguments, stdin=b"", **environment):
    command = [sys.executable, "-m", "isnad", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, env=os.environ | environment)


def test_a_line_for_each_sentence(article, tiny_artifact, capfdbinary):
    assert main(["annotate", str(article), "--model", str(tiny_artifact)]) == 0
    lines = capfdbinary.readouterr().out.decode().splitlines()
    texts = ["عقد المجلس جلسته.", "وقال رئيسه: «لن نتراجع» <b>."]
    assert [text in line for text, line in zip(texts, lines, strict=True)] == [True, True]
    assert "\x1b" not in "".join(lines)  # no colours into a file


def test_json_and_jsonl_hold_the_same(article, tiny_artifact, capfdbinary):
    main(["annotate", "--json", str(article), "--model", str(tiny_artifact)])
    array = json.loads(capfdbinary.readouterr().out)
    main(["annotate", "--jsonl", str(article), "--model", str(tiny_artifact)])
    lines = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert array == lines
    assert [TEXT[r["start"] : r["end"]] for r in array] == [r["text"] for r in array]


def test_html_is_a_page_of_its_own(article, tiny_artifact, capfdbinary):
    main(["annotate", "--html", str(article), "--model", str(tiny_artifact)])
    page = capfdbinary.readouterr().out.decode()
    assert 'dir="rtl"' in page
    assert "&gt;" in page  # text is escaped
    assert "نفي" in page
    assert "http" not in page
    assert page.count("<p>") == 2


def test_classify_from_arguments_and_lines(tiny_artifact):
    given = run("classify", "ونفت الوزارة.", "قال نعم.", "--model", tiny_artifact)
    piped = run("classify", "--model", tiny_artifact, stdin="ونفت الوزارة.\nقال نعم.\n".encode())
    assert given.returncode == piped.returncode == 0
    assert given.stdout == piped.stdout
    rows = [line.split("\t") for line in given.stdout.decode().splitlines()]
    assert [row[2] for row in rows] == ["ونفت الوزارة.", "قال نعم."]


def test_annotate_reads_standard_input(tiny_artifact):
    done = run("annotate", "-", "--jsonl", "--model", tiny_artifact, stdin=TEXT.encode(), PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["annotate", "no-such-file.txt"], b"", "no-such-file.txt"),
        (["annotate", "-"], "قال".encode("windows-1256"), "not UTF-8"),
        (["classify", "x", "--model", "nowhere"], b"", "no such model directory"),
    ],
)
def test_errors_are_one_line_and_status_1(arguments, stdin, message):
    done = run(*arguments, stdin=stdin)
    assert done.returncode == 1
    assert done.stdout == b""
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("isnad: ")
    assert message in line


def test_help_shows_how():
    done = run("--help")
    assert done.returncode == 0
    assert b"isnad annotate article.txt" in done.stdout
    assert run("--version").stdout.startswith(b"isnad 0")
    assert run().returncode == 2
