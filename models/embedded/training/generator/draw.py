"""Windows of the whole mix, or of one family."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .composed import kernel, multi
from .events import disturb, open_gaps
from .levels import gauge, level, ramp
from .periodic import classic, clean, tile
from .rows import Array, Rows
from .services import bounded, burst, latency, rate, sparse


@dataclass(frozen=True)
class Family:
    make: Callable[[Rows], Array]
    share: float
    early: float  # share while a run from scratch learns to copy a period
    events: float = 1.0  # how often events hit a row
    random_gaps: float = 0.1  # share of rows with gaps at random points


FAMILIES: dict[str, Family] = {
    "tile": Family(tile, 0.26, 0.45, events=0.6, random_gaps=0.4),
    "clean": Family(clean, 0.16, 0.33, events=0.3, random_gaps=0.4),
    "ramp": Family(ramp, 0.09, 0.08, events=0.5),
    "level": Family(level, 0.05, 0.01),
    "rate": Family(rate, 0.11, 0.03),
    "classic": Family(classic, 0.05, 0.02),
    "kernel": Family(kernel, 0.04, 0.01),
    "gauge": Family(gauge, 0.07, 0.02),
    "bounded": Family(bounded, 0.04, 0.01),
    "latency": Family(latency, 0.04, 0.01),
    "burst": Family(burst, 0.04, 0.01),
    "sparse": Family(sparse, 0.04, 0.01),
    "multi": Family(multi, 0.03, 0.01),
}


def draw(seed: Sequence[int], rows: int, context: int, horizon: int, early: float = 0.0, family: str | None = None) -> Array:
    """(rows, context + horizon) float32 with NaN for gaps, in random order; the same for the same arguments."""
    rng = np.random.Generator(np.random.SFC64(seed))
    shares = np.array([early * f.early + (1 - early) * f.share if family in (None, name) else 0 for name, f in FAMILIES.items()])
    counts = rng.multinomial(rows, shares / shares.sum())
    everything = Rows(rng, rows, context, context + horizon)
    chosen = [(f, int(count)) for f, count in zip(FAMILIES.values(), counts) if count]
    with np.errstate(all="ignore"):
        parts = [f.make(everything.part(count)) for f, count in chosen]
        y = np.nan_to_num(np.concatenate(parts), nan=0.0, posinf=1e6, neginf=-1e6)
        y = disturb(everything, y, np.concatenate([np.full(count, f.events) for f, count in chosen]))
        y = open_gaps(everything, y, np.concatenate([np.full(count, f.random_gaps) for f, count in chosen]))
    return y[rng.permutation(rows)]
