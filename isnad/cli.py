"""The command `isnad`: annotate an article or a corpus, classify sentences, or serve both over HTTP."""

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
  isnad serve                                 an HTTP service, and a page at http://127.0.0.1:8000
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
    serve = commands.add_parser(
        "serve",
        help="serve over HTTP, with a page to try it on (extra: serve)",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    serve.add_argument("--host", default="127.0.0.1", help="address to listen at; 0.0.0.0 for all")
    serve.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    serve.add_argument("--threads", type=_positive, help="threads of the model (default: one a core)")
    serve.add_argument("--max-queue", type=_positive, default=500, help="sentences that may wait; beyond it: 503")
    serve.add_argument("--max-wait", type=_positive, default=5, help="seconds that what waits may take; beyond it: 503")
    serve.add_argument("--max-length", type=_positive, default=50_000, help="characters of one request")
    for command in (annotate, classify):
        form = command.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print one JSON array")
        form.add_argument("--jsonl", action="store_true", help="print one JSON object a line")
        if command is annotate:
            form.add_argument("--html", action="store_true", help="print a self-contained page, right to left")
    for command in (annotate, classify, serve):
        command.add_argument("--model", metavar="DIR", help="a model directory (default: the model that isnad carries)")
    annotate.set_defaults(run=_annotate)
    classify.set_defaults(run=_classify)
    serve.set_defaults(run=_serve)
    add_command(commands)
    return parser


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value}: give a number of at least 1")
    return number


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


def _serve(arguments: argparse.Namespace) -> None:
    from isnad.serve.server import serve

    serve(
        Classifier(arguments.model, threads=arguments.threads), host=arguments.host, port=arguments.port,
        max_queue=arguments.max_queue, max_wait=arguments.max_wait, max_length=arguments.max_length,
    )  # fmt: skip


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
