"""What the machine computes at most: its rate in large matrix products, and what the network needs of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch
from transformers import PretrainedConfig

SIZE = 2048


def _best_rate(product: Callable[[], object], repeats: int) -> float:
    best = float("inf")
    for _ in range(repeats):
        began = time.process_time()
        product()
        best = min(best, time.process_time() - began)
    return 2 * SIZE**3 / best


def peaks(threads: int, repeats: int) -> dict[str, float]:
    """Operations in a second of one core's time, in fp32 and int8: the best of some products on so many threads.

    A multiplication and an addition are two operations.
    """
    torch.set_num_threads(threads)
    floats = torch.randn(2, SIZE, SIZE)
    integers = torch.randint(-127, 128, (2, SIZE, SIZE), dtype=torch.int8)
    return {
        "fp32": _best_rate(lambda: torch.mm(floats[0], floats[1]), repeats),
        "int8": _best_rate(lambda: torch._int_mm(integers[0], integers[1]), repeats),
    }


def operations(config: PretrainedConfig, lengths: Sequence[int]) -> float:
    """Operations of the encoder's matrix products for inputs of these lengths, without padding."""
    width, inner = config.hidden_size, config.intermediate_size
    tokens, pairs = sum(lengths), sum(length * length for length in lengths)
    return 2.0 * config.num_hidden_layers * (tokens * (4 * width * width + 2 * width * inner) + 2 * pairs * width)
