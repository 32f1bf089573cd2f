"""Random draws for a set of rows that are made together: every parameter is a column (count, 1), one value per row."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray
F32 = np.float32


class Rows:
    """`count` windows of `length` steps, of which the first `context` are the past."""

    def __init__(self, rng: np.random.Generator, count: int, context: int, length: int) -> None:
        self.rng, self.count, self.context, self.length = rng, count, context, length

    @property
    def t(self) -> Array:
        return np.arange(self.length, dtype=F32)[None]

    def part(self, count: int) -> Rows:
        return Rows(self.rng, count, self.context, self.length)

    def some(self, share: float | Array) -> Iterator[tuple[Array, Rows]]:
        """A random share of the rows: their indices and Rows to draw for them. Yields once, or never when no row is drawn."""
        chosen = np.flatnonzero(self.rng.random(self.count) < share)
        if len(chosen):
            yield chosen, self.part(len(chosen))

    def split(self, shares: dict[str, float]) -> Iterator[tuple[str, Array, Rows]]:
        """Every row gets one kind; yields each kind that occurs with its rows."""
        kinds = self.rng.choice(len(shares), self.count, p=list(shares.values()))
        for number, kind in enumerate(shares):
            chosen = np.flatnonzero(kinds == number)
            if len(chosen):
                yield kind, chosen, self.part(len(chosen))

    def mixture(self, shares: dict[str, float], make: dict[str, Callable[[Rows], Array]]) -> Array:
        """Every row made as its kind is."""
        y = self.blank()
        for kind, chosen, part in self.split(shares):
            y[chosen] = make[kind](part)
        return y

    def uniform(self, low: float, high: float) -> Array:
        return self.rng.random((self.count, 1), dtype=F32) * F32(high - low) + F32(low)

    def log_uniform(self, low: float, high: float) -> Array:
        return np.exp(self.uniform(np.log(low), np.log(high)))

    def chance(self, share: float) -> Array:
        return self.rng.random((self.count, 1)) < share

    def either(self, share: float, yes: Array | float, no: Array | float) -> Array:
        return np.where(self.chance(share), yes, no)

    def sign(self, negative: float) -> Array:
        return self.either(negative, -1, 1)

    def pick(self, values: Sequence[float], weights: Sequence[float] | None = None) -> Array:
        return self.rng.choice(np.asarray(values, F32), (self.count, 1), p=weights)

    def integers(self, low: int, high: int) -> Array:
        return self.rng.integers(low, high, (self.count, 1))

    def normal(self, length: int = 1) -> Array:
        return self.rng.standard_normal((self.count, length), dtype=F32)

    def white(self) -> Array:
        return self.normal(self.length)

    def points(self) -> Array:
        """Uniform numbers per step."""
        return self.rng.random((self.count, self.length))

    def blank(self) -> Array:
        return np.zeros((self.count, self.length), F32)


def standardise(y: Array) -> Array:
    return (y - y.mean(1, keepdims=True)) / (y.std(1, keepdims=True) + 1e-6)


def bounded_exp(x: Array, low: float = -8, high: float = 5) -> Array:
    return np.exp(np.clip(x, low, high))


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def take(table: Array, index: Array) -> Array:
    return np.take_along_axis(table.astype(F32), index, 1)
