"""What is trained when: window shapes, learning rate and family weights as functions of the step."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# context patches, future patches: weight in the first tenth of a run from scratch, and after it
SHAPES: dict[tuple[int, int], tuple[float, float]] = {
    (2, 2): (2, 2),
    (4, 4): (4, 5),
    (6, 4): (0, 4),
    (8, 4): (8, 6),
    (8, 16): (6, 3),
    (12, 4): (0, 4),
    (16, 4): (14, 6),
    (16, 16): (14, 5),
    (32, 2): (0, 3),
    (32, 4): (16, 9),
    (32, 16): (22, 12),
    (32, 32): (0, 3),
    (48, 8): (0, 5),
    (64, 4): (0, 3),
    (64, 16): (8, 7),
    (64, 64): (0, 2),
    (128, 2): (0, 3),
    (128, 4): (0, 8),
    (128, 16): (6, 13),
    (128, 64): (0, 3),
}


@dataclass(frozen=True)
class Plan:
    """A run: constant learning rate, then a linear decay over the last `decay` share of the steps."""

    steps: int = 60_000
    seed: int = 7
    peak: float = 1.2e-3  # Muon's learning rate
    decay: float = 0.8
    warm_up: int = 200
    warm_start: bool = False  # from trained weights: no periodic-only beginning
    row_floor: float = 0.05
    tokens: int = 2048  # per process and step
    repeat: int = 3  # consecutive steps of one shape, drawn in one call of the generator

    def rate(self, step: int) -> float:
        left = (self.steps - step) / (self.steps * self.decay)
        return self.peak * min(1.0, (step + 1) / self.warm_up) * min(1.0, max(0.01, left))

    def early(self, step: int) -> float:
        """1 while a run from scratch learns to copy a period, then 0, blended over 2 % of the steps."""
        return 0.0 if self.warm_start else float(np.clip((0.06 - step / self.steps) / 0.02, 0, 1))

    def shape(self, step: int) -> tuple[int, int, int]:
        """(context patches, future patches, rows per process): the same for every process, drawn anew every `repeat` steps."""
        block = step // self.repeat
        column = 0 if not self.warm_start and step < self.steps / 10 else 1
        weights = np.array([w[column] for w in SHAPES.values()], float)
        drawn = np.random.default_rng([self.seed, block]).choice(len(weights), p=weights / weights.sum())
        context, future = list(SHAPES)[drawn]
        return context, future, max(8, self.tokens // (context + 1 + future))
