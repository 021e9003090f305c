"""One run in several processes (`torchrun`): the first one writes the run's folder, the others only compute."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

from accelerate import PartialState
from accelerate.utils import broadcast_object_list

from train.hardware import pick_device

# Hydra would have every process write its own log and configuration.
_SILENT = ("hydra.run.dir=.", "hydra.output_subdir=null", "hydra/job_logging=none", "hydra/hydra_logging=none")


def silence_followers() -> None:
    """Keep Hydra from writing in all processes but the first; to be called before it reads the command line."""
    if int(os.environ.get("RANK", "0")):
        sys.argv += _SILENT


def join_processes() -> PartialState:
    """This process among those of the run; a process of its own without `torchrun`."""
    # Unless it is told, accelerate sees no process group on CPUs, and each process would train alone.
    # The others wait while the first asks the teachers, which may take longer than the default of half an hour.
    return PartialState(cpu=pick_device("auto").type == "cpu", timeout=timedelta(days=1))


def same_folder(folder: str) -> Path:
    """The folder that the first process names: the time in its name differs between processes."""
    return Path(broadcast_object_list([folder])[0])
