"""One process per core, or one with a GPU; SIGTERM to this process makes all of them save and end."""
from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from pathlib import Path

import torch

from .schedule import Plan
from .train import train


def launch(folder: Path, plan: Plan, start: Path | None, processes: int) -> None:
    if torch.cuda.is_available():
        processes = 1
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rendezvous").unlink(missing_ok=True)
    (folder / "pid").write_text(f"{os.getpid()}\n")
    context = multiprocessing.get_context("spawn")
    ranks = [context.Process(target=worker, args=(rank, processes, folder, plan, start)) for rank in range(processes)]
    for process in ranks:
        process.start()
    signal.signal(signal.SIGTERM, lambda *_: [process.terminate() for process in ranks])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all of them anyway
    for process in ranks:
        process.join()
    raise SystemExit(max(abs(process.exitcode or 0) for process in ranks))


def worker(rank: int, ranks: int, folder: Path, plan: Plan, start: Path | None) -> None:
    keep_memory()
    train(rank, ranks, folder, plan, start)


def keep_memory() -> None:
    """Freed blocks stay with the process: giving them back to the kernel at every step costs more than half of the time."""
    libc = ctypes.CDLL("libc.so.6")
    for option, value in ((-4, 0), (-1, 2**31 - 1), (-2, 1 << 26)):  # M_MMAP_MAX, M_TRIM_THRESHOLD, M_TOP_PAD
        libc.mallopt(option, value)
