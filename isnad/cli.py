"""The command `isnad`: annotate an article or a corpus, or classify sentences."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from isnad.artifact import ArtifactError
from isnad.classifier import Classifier
from isnad.corpus import CorpusError
from isnad.corpus.command import add_command
from isnad.labels import LABELS
from isnad.render import html_page, terminal_lines

_EXAMPLES = """examples:
  isnad annotate article.txt                  a coloured line for each sentence
  isnad annotate --html article.txt > a.html  a page to open in a browser
  cat article.txt | isnad annotate --json -
  isnad classify 'ونفت الشركة أن تكون قد علمت بالخلل.'
  isnad classify --jsonl < sentences.txt      one sentence a line
  isnad annotate-corpus news.jsonl out/       a whole corpus: see isnad annotate-corpus --help
"""


def _parser() -> argparse.ArgumentParser:
    labels = ", ".join(f"{label.value} ({label.arabic})" for label in LABELS)
    parser = argparse.ArgumentParser(
        prog="isnad",
        description=f"Who said it, in Arabic news: labels each sentence as one of {labels}.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"isnad {version('isnad')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    annotate = commands.add_parser("annotate", help="split an article into sentences and label each")
    annotate.add_argument("file", metavar="FILE|-", help="a text file in UTF-8, or - for standard input")
    classify = commands.add_parser("classify", help="label single sentences")
    classify.add_argument("sentences", nargs="*", metavar="SENTENCE", help="default: standard input, one a line")
    for command in (annotate, classify):
        form = command.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print one JSON array")
        form.add_argument("--jsonl", action="store_true", help="print one JSON object a line")
        if command is annotate:
            form.add_argument("--html", action="store_true", help="print a self-contained page, right to left")
        command.add_argument("--model", metavar="DIR", help="a model directory (default: the model that isnad carries)")
        command.set_defaults(run=_annotate if command is annotate else _classify)
    add_command(commands)
    return parser


def _read(file: str) -> str:
    """Read a file or standard input as UTF-8, with a byte-order mark or without."""
    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    return data.decode("utf-8-sig")


def _print_records(records: Sequence[dict[str, Any]], *, lines: bool) -> None:
    if lines:
        for record in records:
            _write(json.dumps(record, ensure_ascii=False) + "\n")
    else:
        _write(json.dumps(records, ensure_ascii=False, indent=2) + "\n")


def _write(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))


def _annotate(arguments: argparse.Namespace) -> None:
    text = _read(arguments.file)
    sentences = Classifier(arguments.model).annotate(text)
    if arguments.html:
        _write(html_page(text, sentences))
    elif arguments.json or arguments.jsonl:
        _print_records([s.to_dict() for s in sentences], lines=arguments.jsonl)
    else:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        _write("".join(line + "\n" for line in terminal_lines(sentences, colour=colour)))


def _classify(arguments: argparse.Namespace) -> None:
    sentences = arguments.sentences or _read("-").splitlines()
    predictions = Classifier(arguments.model).classify(sentences)
    if arguments.json or arguments.jsonl:
        records = [{"text": s} | p.to_dict() for s, p in zip(sentences, predictions, strict=True)]
        _print_records(records, lines=arguments.jsonl)
    else:
        for sentence, prediction in zip(sentences, predictions, strict=True):
            _write(f"{prediction.label.value}\t{prediction.score:.2f}\t{sentence}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, or 1 after an error told on standard error."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except UnicodeDecodeError as error:
        return _fail(f"the text is not UTF-8 (byte {error.start}); convert it: iconv -f WINDOWS-1256 -t UTF-8")
    except (ArtifactError, CorpusError, ImportError, OSError) as error:
        return _fail(str(error))
    return 0


def _fail(message: str) -> int:
    print(f"isnad: {message}", file=sys.stderr)
    return 1
