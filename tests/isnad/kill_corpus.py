"""Kill `isnad annotate-corpus` again and again, and see that the output is that of a run left alone.

    python tests/isnad/kill_corpus.py --sentences 100000 --kills 10 --workers 2
    python tests/isnad/kill_corpus.py --help

The articles are our own, repeated with a sentence moved, so that no two need be alike; some rows are bad.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
BAD_LINES = [b"{", b'{"text": 3}', b'{"text": "\xd9"}']


def write_corpus(path: Path, sentences: int, seed: int) -> int:
    """Write articles of so many sentences in all, a bad row after every 10; return the number of rows."""
    from seeds.corpus import load_own

    generator, articles, rows = random.Random(seed), load_own(), 0
    with path.open("wb") as out:
        while sentences > 0:
            article = articles[rows % len(articles)]
            parts = [article.text[s.start : s.end] for s in article.sentences]
            parts.insert(generator.randrange(len(parts)), parts.pop(generator.randrange(len(parts))))
            out.write(json.dumps({"text": f"{rows} {' '.join(parts)}"}, ensure_ascii=False).encode() + b"\n")
            sentences -= len(parts)
            rows += 1
            if rows % 11 == 10:
                out.write(BAD_LINES[rows % len(BAD_LINES)] + b"\n")
                rows += 1
    return rows


def start(source: Path, out: Path, options: list[str]) -> subprocess.Popen[bytes]:
    """Start the command; what it says goes to `out.log`."""
    command = [sys.executable, "-m", "isnad", "annotate-corpus", str(source), str(out), *options]
    with out.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(command, cwd=ROOT, stderr=log)


def finish(source: Path, out: Path, options: list[str]) -> float:
    """Run the command to its end; return the seconds that it took."""
    began = time.monotonic()
    if start(source, out, options).wait():
        raise SystemExit(out.with_suffix(".log").read_text("utf-8"))
    return time.monotonic() - began


def kill_and_resume(source: Path, out: Path, options: list[str], moments: list[float]) -> list[int]:
    """Kill a run with SIGKILL so many seconds after each start, then let it end; return the shards done at each."""
    manifest, done = out / "manifest.jsonl", []
    for moment in moments:
        process = start(source, out, options)
        time.sleep(moment)
        if process.poll() is not None:
            raise SystemExit(f"the run ended before it was killed:\n{out.with_suffix('.log').read_text('utf-8')}")
        process.send_signal(signal.SIGKILL)
        process.wait()
        done.append(max(manifest.read_bytes().count(b"\n") - 1, 0) if manifest.exists() else 0)
    finish(source, out, options)
    return done


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def main() -> None:
    """Run it left alone and killed, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shard-rows", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", help="default: the model that isnad carries")
    parser.add_argument("--folder", type=Path, help="keep input and outputs there (default: a temporary folder)")
    a = parser.parse_args()
    options = ["--shard-rows", str(a.shard_rows), *(["--model", a.model] if a.model else [])]
    with tempfile.TemporaryDirectory() as temporary:
        folder = a.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        source = folder / "news.jsonl"
        rows = write_corpus(source, a.sentences, a.seed)
        seconds = finish(source, folder / "whole", [*options, "--workers", str(a.workers)])
        totals = json.loads((folder / "whole" / "manifest.jsonl").read_text("utf-8").splitlines()[-1])
        print(f"left alone: {seconds:.0f} s, {rows} rows, {totals}", flush=True)
        # On average the kills take half of a run's time, and at most all of it: none comes too late.
        generator = random.Random(a.seed)
        moments = [generator.uniform(0, seconds / a.kills) for _ in range(a.kills)]
        done = kill_and_resume(source, folder / "killed", [*options, "--workers", str(a.workers)], moments)
        whole, killed = digests(folder / "whole"), digests(folder / "killed")
        print(f"killed after {[round(m, 1) for m in moments]} s, shards done {done} of {totals['shards']}")
        if whole != killed:
            raise SystemExit(f"the files differ: {sorted(whole.items() ^ killed.items())}")
        print(f"byte-identical: {len(whole)} files")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
