"""The training loop: one process per CPU core (or one with a GPU), each with its own data, gradients averaged."""
from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist

from . import checkpoint, validation
from .batch import Batch, pinball, prepare, row_weight
from .fused import Pinball, fused_forward
from .generator.draw import draw
from .model import PATCH, Chronos2
from .optimiser import Average, Optimiser
from .schedule import Plan

SAVE_SECONDS = 240
VALIDATE_SECONDS = 600
CLIP = 1.0


def train(rank: int, ranks: int, folder: Path, plan: Plan, start: Path | None) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(plan.seed)
    if device == "cpu":
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        rendezvous = folder / "rendezvous"
        dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=ranks, timeout=timedelta(days=7))
    run = Run(folder, plan, start, device, rank, ranks)
    stop = Stop()
    for data in batches(plan, run.step, rank, device):
        stopped = run.advance(data, stop.asked)
        if rank == 0:
            run.report(stopped)
        if stopped:
            return


class Stop:
    """SIGTERM and SIGINT end the run after the step at hand, with a checkpoint."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask)

    def ask(self, *_: object) -> None:
        self.asked = True


def batches(plan: Plan, step: int, rank: int, device: str) -> Iterator[Batch]:
    """The batches from `step` to the plan's end: a function of seed, step and rank alone, so a resumed run sees what it would have seen."""
    indices = range(step // plan.repeat, -(-plan.steps // plan.repeat))
    blocks = ahead(plan, rank, indices) if device == "cuda" else (block(plan, rank, index) for index in indices)
    skipped = step % plan.repeat
    for index, windows in zip(indices, blocks):
        context, _, rows = plan.shape(index * plan.repeat)
        for part in range(skipped, min(plan.repeat, plan.steps - index * plan.repeat)):
            yield prepare(windows[part * rows : (part + 1) * rows], context, device)
        skipped = 0


def block(plan: Plan, rank: int, index: int) -> np.ndarray:
    context, future, rows = plan.shape(index * plan.repeat)
    early = plan.early(index * plan.repeat)
    return draw([plan.seed, rank, index], plan.repeat * rows, context * PATCH, future * PATCH, early)


def ahead(plan: Plan, rank: int, indices: Iterable[int]) -> Iterator[np.ndarray]:
    """Blocks in order, drawn by other processes while the accelerator works."""
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        queue = (pool.submit(block, plan, rank, index) for index in indices)
        waiting = deque(islice(queue, 2 * workers))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(islice(queue, 1))


class Run:
    """Weights, optimiser and counters of one process; process 0 also evaluates, saves and logs."""

    def __init__(self, folder: Path, plan: Plan, start: Path | None, device: str, rank: int, ranks: int) -> None:
        self.folder, self.plan, self.device, self.rank, self.ranks = folder, plan, device, rank, ranks
        self.model = (checkpoint.load(start) if start else Chronos2()).to(device)
        self.optimiser, self.average = Optimiser(self.model), Average(self.model)
        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        self.step, self.windows, self.tokens, self.seconds, self.loss = 0, 0, 0, 0.0, float("nan")
        self.resume()
        self.sets = validation.windows() if rank == 0 else {}
        self.resumed = (time.time(), self.seconds, self.tokens)
        self.saved = self.validated = time.time()

    def resume(self) -> None:
        path = self.folder / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location=self.device, weights_only=False)
        self.model.load_state_dict(state["model"])
        self.average.weights = state["average"]
        self.optimiser.load(state["optimiser"])
        if self.rank == 0 and state["plan"] != asdict(self.plan):
            print(f"the plan was another up to step {state['step']}: {state['plan']}", file=sys.stderr)
        self.step, self.windows, self.tokens, self.seconds = (state[k] for k in ("step", "windows", "tokens", "seconds"))

    def advance(self, data: Batch, stop: bool) -> bool:
        """One step; true when the run is over or somebody asked any process to stop."""
        weight = row_weight(data, self.plan.row_floor)
        loss = self.losses(data)
        ((loss * weight).sum() / (weight.sum() + 1e-6)).backward()
        mean, stopped = self.exchange((loss.detach() * data.keep).mean().item(), stop)
        norm = torch.nn.utils.clip_grad_norm_(self.trained, CLIP)
        if torch.isfinite(norm):  # else one window overflowed, and the step is passed over
            self.optimiser.step(self.plan.rate(self.step))
        for p in self.trained:
            p.grad = None
        self.step += 1
        self.windows += self.ranks * len(data.context)
        self.tokens += self.ranks * len(data.context) * (data.context.shape[1] + 1 + data.future.shape[1])
        self.average.update(self.model, self.step)
        self.loss = mean if np.isnan(self.loss) else 0.99 * self.loss + 0.01 * mean
        return stopped or self.step >= self.plan.steps

    def losses(self, data: Batch) -> torch.Tensor:
        if self.device == "cpu":
            return Pinball.apply(fused_forward(self.model, data.context, data.future, data.observed), data.target, data.mask)
        with torch.autocast("cuda", torch.bfloat16):
            prediction = self.model(data.context, data.future, data.observed)
        return pinball(prediction, data.target, data.mask)

    def exchange(self, loss: float, stop: bool) -> tuple[float, bool]:
        """Averages gradients and loss over the processes; a stop asked of one stops all after the same step."""
        if self.ranks == 1:
            return loss, stop
        flat = torch.cat([p.grad.view(-1) for p in self.trained] + [torch.tensor([loss, float(stop)])])
        dist.all_reduce(flat)
        flat /= self.ranks
        for p, gradient in zip(self.trained, flat[:-2].split([p.numel() for p in self.trained])):
            p.grad = gradient.view_as(p)
        return flat[-2].item(), flat[-1].item() > 0

    def report(self, stopped: bool) -> None:
        now = time.time()
        if self.step in (1, self.plan.steps) or now - self.validated > VALIDATE_SECONDS:
            self.log()
            self.validated = time.time()
        if stopped or now - self.saved > SAVE_SECONDS:
            self.save()
            self.saved = time.time()
        if self.step == round(self.plan.steps * (1 - self.plan.decay)):
            checkpoint.replace(self.folder / "before-decay.pt", lambda path: torch.save(self.state(), path))

    def elapsed(self) -> float:
        return self.resumed[1] + time.time() - self.resumed[0]

    def state(self) -> dict:
        counters = {"step": self.step, "windows": self.windows, "tokens": self.tokens, "seconds": self.elapsed(), "plan": asdict(self.plan)}
        return {"model": self.model.state_dict(), "average": self.average.weights, "optimiser": self.optimiser.state(), **counters}

    def save(self) -> None:
        checkpoint.replace(self.folder / "state.pt", lambda path: torch.save(self.state(), path))
        checkpoint.export(self.folder / "average", self.average.weights, self.model.shape)

    def log(self) -> None:
        model = Chronos2(self.model.shape).to(self.device)
        model.load_state_dict(self.average.weights)
        started, before, tokens = self.resumed
        line = {
            "step": self.step,
            "of": self.plan.steps,
            "hours": round(self.elapsed() / 3600, 3),
            "million_tokens": round(self.tokens / 1e6, 2),
            "million_windows": round(self.windows / 1e6, 3),
            "tokens_per_second": round((self.tokens - tokens) / (time.time() - started)),
            "rate": round(self.plan.rate(self.step), 6),
            "loss": round(self.loss, 4),
            "validation": validation.validate(model, self.sets),
        }
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
