"""Periodic shapes: profile tables, seasons whose cycles differ a little, and day with week."""
from __future__ import annotations

import numpy as np

from .rows import F32, Array, Rows, sigmoid, standardise, take

TABLE = 192
PROFILES = {"harmonics": 0.34, "working hours": 0.26, "knots": 0.16, "spikes": 0.09, "saw": 0.06, "rough": 0.09}
ROUND = {"harmonics": 0.5, "knots": 0.25, "rough": 0.25, "working hours": 0, "spikes": 0, "saw": 0}
DAYS = [8640, 5760, 2880, 1440, 288, 144, 96, 48, 24]
DAY_WEIGHTS = [0.02, 0.02, 0.03, 0.17, 0.27, 0.06, 0.09, 0.06, 0.28]


def profiles(r: Rows, size: int = TABLE, shares: dict[str, float] = PROFILES) -> Array:
    """One cycle per row, (count, size), standardised."""
    x = (np.arange(size, dtype=F32) / size)[None]
    table = np.zeros((r.count, size), F32)
    for kind, i, s in r.split(shares):
        table[i] = MAKE[kind](s, x)
    return standardise(table)


def harmonics(r: Rows, x: Array) -> Array:
    order = np.arange(1, 9, dtype=F32)[None]
    used = order <= r.either(0.4, 1, r.integers(1, 9))
    amplitude = r.normal(8) * order ** -r.uniform(0.5, 3) * used
    phase = r.rng.random((r.count, 8), dtype=F32)
    return sum(amplitude[:, k : k + 1] * np.sin(2 * np.pi * ((k + 1) * x + phase[:, k : k + 1])) for k in range(8))


def working_hours(r: Rows, x: Array) -> Array:
    """A plateau between two flanks, often with a lunch dip, sometimes on top of a sine."""
    start, hours = r.uniform(0.05, 0.5), r.uniform(0.2, 0.6)
    y = sigmoid((x - start) / r.log_uniform(0.004, 0.12)) * sigmoid((np.minimum(start + hours, 0.97) - x) / r.log_uniform(0.004, 0.12))
    lunch = np.exp(-0.5 * ((x - start - hours * 0.5) / r.uniform(0.015, 0.05)) ** 2)
    y = y * (1 - r.chance(0.4) * r.uniform(0, 0.5) * lunch)
    return y + r.chance(0.5) * r.uniform(0, 0.5) * np.sin(2 * np.pi * (x + r.uniform(0, 1)))


def knots(r: Rows, x: Array) -> Array:
    """Random values at equal distances, joined by lines or held."""
    count = int(r.rng.integers(3, 25))
    values = r.normal(count)
    values = np.concatenate([values, values[:, :1]], 1)
    position = x[0] * count
    left = position.astype(int)
    part = position - left
    if r.rng.random() < 0.25:
        return values[:, left]
    return values[:, left] * (1 - part) + values[:, left + 1] * part


def spikes(r: Rows, x: Array) -> Array:
    y = np.zeros((r.count, x.shape[1]), F32)
    for _ in range(int(r.rng.integers(1, 4))):
        after, width = np.mod(x - r.uniform(0, 1), 1), r.log_uniform(0.006, 0.08)
        bell = np.exp(-0.5 * (np.minimum(after, 1 - after) / width) ** 2)
        y += r.log_uniform(0.3, 1) * r.either(0.5, np.exp(-after / width), bell)
    return y


def saw(r: Rows, x: Array) -> Array:
    peak = r.uniform(0.02, 0.98)
    return r.either(0.4, (x < peak) * 1.0, np.where(x < peak, x / peak, (1 - x) / (1 - peak)))


def rough(r: Rows, x: Array) -> Array:
    """A random bridge plus white noise."""
    y = np.cumsum(r.normal(x.shape[1]), 1)
    return y - y[:, -1:] * x + r.normal(x.shape[1]) * r.uniform(0, 2)


MAKE = {"harmonics": harmonics, "working hours": working_hours, "knots": knots, "spikes": spikes, "saw": saw, "rough": rough}


def look_up(table: Array, cycles: Array) -> Array:
    """The table's value at a phase counted in cycles, linear between entries."""
    size = table.shape[1]
    position = np.mod(cycles, 1).astype(F32) * F32(size)
    left = np.minimum(position.astype(np.int32), size - 1)
    a, b = take(table, left), take(table, np.where(left + 1 == size, 0, left + 1))
    return a + (b - a) * (position - left)


def cycle_index(cycles: Array) -> tuple[Array, int]:
    """Number of the cycle at each step and how many there are at most."""
    most = int(min(np.ceil(cycles.max()) + 2, 4096))
    return np.minimum(cycles.astype(np.int32), most - 1), most


def season(r: Rows, period: Array, shares: dict[str, float] = PROFILES, spread: Array | None = None) -> tuple[Array, Array]:
    """A profile repeated every `period` steps, each cycle scaled by exp(spread * normal); and the phase in cycles."""
    cycles = r.t / period + r.uniform(0, 1)
    spread = r.chance(0.5) * r.log_uniform(0.02, 0.4) if spread is None else spread
    index, most = cycle_index(cycles)
    return look_up(profiles(r, shares=shares), cycles) * take(np.exp(spread * r.normal(most)), index), cycles


def day_week(r: Rows) -> Array:
    """A day (of a usual sampling, or one of which several fit into the window), a weekend, sometimes a shorter cycle."""
    day = r.either(0.25, r.log_uniform(6, max(r.length / 2.5, 13)), r.pick(DAYS, DAY_WEIGHTS))
    day = r.either(0.1, day * r.uniform(0.97, 1.03), day).astype(F32)
    y, cycles = season(r, day)
    weekday = np.mod(np.floor(cycles).astype(np.int32) + r.integers(0, 7), 7)
    weekend = np.concatenate([np.ones((r.count, 5)), np.repeat(r.uniform(0.15, 1.1), 2, 1)], 1)
    factor = r.either(0.6, weekend, 1 + 0.15 * r.normal(7))
    shift = (factor - factor.mean(1, keepdims=True)) * r.uniform(0, 2) * r.chance(0.5)
    y = y * take(r.either(0.6, factor, 1), weekday) + take(shift, weekday)
    for i, s in r.some(0.25):
        shorter = np.maximum(day[i] / s.pick([2, 3, 4, 6, 8, 12, 24, 24, 48, 96, 144, 288]), 3)
        y[i] += season(s, shorter)[0] * s.log_uniform(0.05, 1)
    return y
