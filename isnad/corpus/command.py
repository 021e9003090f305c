"""The command `isnad annotate-corpus`."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from isnad.corpus import SHARD_ROWS, CorpusError

_DESCRIPTION = """\
Annotate every article of a file, one a row, into a folder of shards.

IN is a file in UTF-8 that ends in .jsonl or .ndjson (an object a line), .csv (with a header) or .parquet.
OUT is a folder, made if it is not there. It gets

  part-00000.jsonl …  an article a line: row, id, and its sentences with label, score and place
  bad-00000.jsonl …   rows that cannot be annotated: row, and the reason
  manifest.jsonl      what was run, and each finished shard with its SHA-256; the last line has the totals

Rows count from 1: of a CSV file records, the header left out. Stop it as you like, kill -9 included: the same
command goes on where it stopped. The output has the same bytes however often it was stopped, and however
many workers made it (on processors of one kind). Another input, model or option needs another OUT.
"""
_EXAMPLES = """\
examples:
  isnad annotate-corpus news.jsonl annotated/
  isnad annotate-corpus news.csv annotated/ --text-field body --id-field url --workers 8
  isnad annotate-corpus news.parquet annotated/ --format parquet
  cat annotated/bad-*.jsonl          the rows that were left out
  tail -n 1 annotated/manifest.jsonl the totals, once it is finished
"""


def add_command(commands: Any) -> None:
    """Add the command to the subparsers of `isnad`."""
    parser = commands.add_parser(
        "annotate-corpus",
        help="annotate a JSONL, CSV or Parquet file of any size into a folder",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="IN", help="the corpus: .jsonl, .ndjson, .csv or .parquet")
    parser.add_argument("out", metavar="OUT", help="a new folder, or that of the same run stopped earlier")
    parser.add_argument("--text-field", metavar="NAME", default="text", help="field of the article (default: text)")
    parser.add_argument("--id-field", metavar="NAME", help="field that becomes `id` (default: none; `row` tells)")
    parser.add_argument(
        "--format", choices=["jsonl", "parquet"], default="jsonl", dest="output",
        help="of the shards (default: jsonl; Parquet, in or out, needs the extra: pip install 'isnad[corpus]')",
    )  # fmt: skip
    parser.add_argument("--workers", metavar="N", type=int, help="processes (default: one for each processor)")
    parser.add_argument(
        "--shard-rows", metavar="N", type=int, default=SHARD_ROWS,
        help="rows of a shard, the most that is done again after a stop, for each worker (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--model", metavar="DIR", help="a model directory (default: the model that isnad carries)")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    from isnad.corpus.run import annotate_corpus

    options = {k: v for k, v in vars(arguments).items() if k not in ("command", "run")}
    try:
        totals = annotate_corpus(**options)
    except KeyboardInterrupt:
        sys.stderr.write("isnad: stopped; give the same command again to go on\n")
        sys.stderr.flush()
        os._exit(130)  # at once: a run that is killed loses nothing, and workers end with this process
    sys.stderr.write("isnad: {sentences:,} sentences of {articles:,} articles in {shards:,} shards\n".format(**totals))
    if totals["bad"]:
        sys.stderr.write(
            f"isnad: {totals['bad']:,} of {totals['rows']:,} rows left out: see {arguments.out}/bad-*.jsonl\n"
        )
    if totals["rows"] and not totals["articles"]:
        raise CorpusError(f'no row had an article: is "{arguments.text_field}" the field that holds it?')
