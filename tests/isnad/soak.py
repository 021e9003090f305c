"""One Classifier under many threads, and a stream that goes on: same answers, and memory that stays as it is.

python tests/isnad/soak.py --threads 64 --calls 1000
python tests/isnad/soak.py --sentences 50000
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def resident() -> float:
    """Memory of this process, in MB (Linux)."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def share(classifier, threads: int, calls: int) -> None:
    """Call `classify` and `annotate` from so many threads; every answer must be the one got alone."""
    texts = [f"ونفت الشركة رقم {n} علمها بالخلل." for n in range(16)] + ["قال: «نعم». ومضى."]
    expected = [(classifier.classify([t]), classifier.annotate(t)) for t in texts]
    errors, wrong, left = [], [], itertools.count()
    start = threading.Barrier(threads + 1)

    def work(first: int) -> None:
        start.wait()
        for call in range(calls):
            which = (first + call) % len(texts)
            try:
                got = classifier.annotate(texts[which]) if call % 4 == 0 else classifier.classify([texts[which]])
            except Exception as error:
                errors.append(error)
            else:
                if got != expected[which][call % 4 == 0]:
                    wrong.append(which)
            if (done := next(left)) % (threads * calls // 10) == 0:
                print(f"{done} calls, {resident():.0f} MB", flush=True)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.monotonic()
    for worker in workers:
        worker.join()
    print(
        f"{threads} threads x {calls} calls: {len(errors)} errors, {len(wrong)} other answers, "
        f"{resident():.0f} MB, {time.monotonic() - began:.0f} s"
    )
    if errors or wrong:
        raise SystemExit(1)


def stream(classifier, sentences: int) -> None:
    """Annotate an endless stream until so many sentences are done, and print memory on the way."""
    from seeds.corpus import load_own

    own = [article.text for article in load_own()]
    endless = (f"{number} {own[number % len(own)]}" for number in itertools.count())
    done, told, began = 0, 0, time.monotonic()
    for found in classifier.annotate_many(endless):
        done += len(found)
        if done >= told:
            print(f"{done} sentences, {resident():.0f} MB, {time.monotonic() - began:.0f} s", flush=True)
            told += sentences // 10
        if done >= sentences:
            return


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=64)
    parser.add_argument("--calls", type=int, default=0, help="of each thread")
    parser.add_argument("--sentences", type=int, default=0, help="of the stream")
    parser.add_argument("--model", help="default: the model that isnad carries")
    a = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from isnad import Classifier

    classifier = Classifier(a.model, threads=1)
    if a.calls:
        share(classifier, a.threads, a.calls)
    if a.sentences:
        stream(classifier, a.sentences)


if __name__ == "__main__":
    main()
