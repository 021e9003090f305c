"""What the machine at hand computes fast in."""

from __future__ import annotations

import torch


def pick_device(device: str) -> torch.device:
    """Resolve `auto` to the GPU where there is one."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(device)


def use_bf16(precision: str, device: torch.device) -> bool:
    """Resolve `auto`: bf16 on a GPU or CPU that has instructions for it, else fp32.

    A CPU without them emulates bf16, several times slower than fp32.

    Raises:
        ValueError: `precision` is not auto, fp32 or bf16.
    """
    if precision not in ("auto", "fp32", "bf16"):
        raise ValueError(f"precision={precision!r}: choose auto, fp32 or bf16")
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return torch.cpu._is_avx512_bf16_supported()
