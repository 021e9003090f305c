"""Load the service until it sheds, then stop it under load, and show that nothing accepted was lost.

    python -m eval.bench.load               # some two minutes
    python -m eval.bench.load --seconds 3   # rougher

It starts `isnad serve` itself, on this machine alone.  Capacity is what a few clients get that ask again as soon as
they are answered.  Then requests come at random moments (a Poisson process), at shares of that capacity, whether or
not earlier ones are answered: that is how people come.  At the end SIGTERM falls into the highest load.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from seeds.corpus import load_own

CLIENTS = 4  # that measure the capacity
MOST_OPEN = 500  # requests of ours in flight; more of them would measure this program


@dataclass
class Tally:
    """What became of the requests of one load; seconds until the answer, for those served and those shed."""

    served: list[float] = field(default_factory=list)
    shed: list[float] = field(default_factory=list)
    refused: int = 0  # could not connect, or were cut off before an answer
    other: int = 0  # any other status


@dataclass(frozen=True)
class Row:
    """One load: requests offered a second, shares of them, latencies in seconds."""

    load: str
    offered_per_second: float
    requests: int
    served: int
    shed: int
    failed: int
    p50: float
    p99: float
    shed_p99: float


def percentile(values: list[float], share: float) -> float:
    """Percentile of the values, NaN of none."""
    return float(np.percentile(values, share)) if values else float("nan")


def summarise(load: str, rate: float, tally: Tally) -> Row:
    """The figures of one load."""
    failed = tally.refused + tally.other
    total = len(tally.served) + len(tally.shed) + failed
    return Row(
        load, rate, total, len(tally.served), len(tally.shed), failed,
        percentile(tally.served, 50), percentile(tally.served, 99), percentile(tally.shed, 99),
    )  # fmt: skip


class Server:
    """`isnad serve` in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "isnad", "serve", "--port", "0", *arguments]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        said = []
        for line in self.process.stderr:
            said.append(line)
            if found := re.search(r"running on (http://\S+)", line):
                self.url = found[1]
                return
        raise RuntimeError(f"the service did not start: {''.join(said)}")

    def stop(self) -> tuple[int, int]:
        """Wait for the end; how many requests were accepted and answered in all."""
        _, log = self.process.communicate(timeout=60)
        found = re.search(r"(\d+) accepted, (\d+) answered", log)
        if found is None:
            raise RuntimeError(f"the service did not end in order: {log}")
        return int(found[1]), int(found[2])


async def ask(client: httpx.AsyncClient, text: str, tally: Tally) -> None:
    """Send one article, and enter what became of it."""
    began = time.perf_counter()
    try:
        answer = await client.post("/annotate", json={"text": text})
    except httpx.TransportError:
        tally.refused += 1
        return
    seconds = time.perf_counter() - began
    if answer.status_code == 200:
        tally.served.append(seconds)
    elif answer.status_code == 503 and "Retry-After" in answer.headers:
        tally.shed.append(seconds)
    else:
        tally.other += 1


async def measure_capacity(client: httpx.AsyncClient, texts: list[str], seconds: float) -> tuple[float, Tally]:
    """Requests a second that `CLIENTS` clients get answered, one after another each."""
    tally = Tally()
    began = time.perf_counter()

    async def one(mine: list[str]) -> None:
        for text in mine:
            if time.perf_counter() - began > seconds:
                return
            shed = len(tally.shed)
            await ask(client, text, tally)
            if len(tally.shed) > shed:
                await asyncio.sleep(1)  # as it was told to

    endless = texts * 1000
    await asyncio.gather(*(one(endless[i::CLIENTS]) for i in range(CLIENTS)))
    return len(tally.served) / (time.perf_counter() - began), tally


async def offer(
    client: httpx.AsyncClient, texts: list[str], rate: float, seconds: float, rng: random.Random, server: Server | None
) -> Tally:
    """Offer `rate` requests a second; with a server, stop it half-way."""
    tally = Tally()
    began = due = time.perf_counter()
    tasks: set[asyncio.Task[None]] = set()
    while (due := due + rng.expovariate(rate)) < began + seconds:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if server is not None and due > began + seconds / 2:
            server.process.send_signal(signal.SIGTERM)
            break
        if len(tasks) < MOST_OPEN:
            task = asyncio.create_task(ask(client, rng.choice(texts), tally))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return tally


async def run(seconds: float, factors: list[float], seed: int, arguments: list[str]) -> dict[str, object]:
    """All loads, one after another; the figures, JSON types."""
    rng = random.Random(seed)
    texts = [article.text for article in load_own()]
    rng.shuffle(texts)
    server = Server(*arguments)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=MOST_OPEN)
    try:
        async with httpx.AsyncClient(base_url=server.url, limits=limits, timeout=120) as client:
            capacity, tally = await measure_capacity(client, texts, seconds)
            rows, tallies = [summarise(f"{CLIENTS} clients", capacity, tally)], [tally]
            for factor in factors:
                tally = await offer(client, texts, factor * capacity, seconds, rng, None)
                rows.append(summarise(f"{factor:g} × that", factor * capacity, tally))
                tallies.append(tally)
            rate = max(factors) * capacity
            tally = await offer(client, texts, rate, seconds, rng, server)
            rows.append(summarise("SIGTERM in it", rate, tally))
            tallies.append(tally)
    finally:
        server.process.terminate()  # no effect on one that has been told already
        accepted, answered = server.stop()
    return {
        "capacity_per_second": capacity,
        "rows": [asdict(row) for row in rows],
        "accepted": accepted,
        "answered": answered,
        "received": sum(len(tally.served) for tally in tallies),
    }


def print_table(results: dict[str, object], console: Console) -> None:
    """The figures as a table."""
    table = Table(title="isnad serve under load", box=SIMPLE_HEAD, pad_edge=False)
    for column in ("load", "asked/s", "asked", "served", "shed", "failed", "p50 s", "p99 s", "shed p99"):
        table.add_column(column, justify="left" if column == "load" else "right", no_wrap=True)
    for row in results["rows"]:
        table.add_row(
            row["load"], f"{row['offered_per_second']:.1f}", str(row["requests"]), str(row["served"]),
            f"{row['shed'] / max(1, row['requests']):.1%}", str(row["failed"]),
            f"{row['p50']:.3f}", f"{row['p99']:.3f}", f"{row['shed_p99']:.3f}",
        )  # fmt: skip
    console.print(table)
    console.print(
        f"accepted by the service {results['accepted']}, answered {results['answered']}, "
        f"received here {results['received']}"
    )


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each load (default: 15)")
    parser.add_argument("--factors", type=float, nargs="+", default=[0.5, 0.8, 1.0, 2.0, 4.0], metavar="X",
                        help="loads, as shares of the capacity")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, help="write the figures here, JSON")
    parser.add_argument("serve", nargs="*", metavar="-- OPTION", help="options of isnad serve")
    arguments = parser.parse_args()
    results = asyncio.run(run(arguments.seconds, arguments.factors, arguments.seed, arguments.serve))
    print_table(results, Console(width=100))
    if arguments.output:
        arguments.output.write_text(json.dumps(results, indent=1), "utf-8")
    lost = not results["accepted"] == results["answered"] == results["received"]
    sys.exit("an accepted request was not answered" if lost else 0)


if __name__ == "__main__":
    main()
