"""Families that put others together: kernel (sums and products of simple draws) and multi (sums of two families, smoothed)."""
from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from .levels import gauge
from .noise import coloured
from .periodic import classic
from .rows import F32, Array, Rows, standardise
from .seasons import ROUND, season
from .services import bounded, latency, rate

KERNELS = {"periodic": 0.38, "coloured": 0.24, "smooth": 0.16, "line": 0.12, "white": 0.06, "constant": 0.04}
KERNEL_PERIODS = [4, 6, 7, 8, 12, 14, 24, 24, 30, 40, 48, 52, 60, 96, 144, 168, 288, 365, 720, 1440]


def kernel(r: Rows) -> Array:
    """Like KernelSynth: one to four draws, joined by + or *."""
    y = simple(r)
    for share in (0.75, 0.55, 0.35):
        for i, s in r.some(share):
            other = simple(s)
            y[i] = s.either(0.35, y[i] * other, y[i] + other * s.log_uniform(0.3, 2))
    noise = r.log_uniform(0.01, 0.4) * r.chance(0.7)
    return y + r.white() * noise * (y.std(1, keepdims=True) + 1e-3)


def simple(r: Rows) -> Array:
    y = r.blank()
    for kind, i, s in r.split(KERNELS):
        y[i] = one_kernel(s, kind)
    return y


def one_kernel(r: Rows, kind: str) -> Array:
    if kind == "periodic":
        period = r.either(0.7, r.pick(KERNEL_PERIODS), r.log_uniform(3, r.length)).astype(F32)
        return season(r, period, shares=ROUND, spread=np.zeros((r.count, 1)))[0]
    if kind == "coloured":
        return coloured(r, scale=r.log_uniform(1, 4 * r.length))
    if kind == "smooth":
        return coloured(r, scale=r.log_uniform(0.01, 0.5) * r.length, smooth=np.ones((r.count, 1), bool))
    if kind == "line":
        return r.normal() * np.linspace(-1, 1, r.length, dtype=F32)[None] * 2 + r.normal()
    if kind == "white":
        return r.white() * r.log_uniform(0.05, 0.7)
    return r.normal() + r.blank()


def multi(r: Rows) -> Array:
    """One family or a sum of two, mostly smoothed as load averages and dashboards are."""
    families = [rate, gauge, latency, bounded, classic, kernel]
    first, second = r.rng.integers(0, len(families), 2)
    y = standardise(families[first](r))
    if r.rng.random() < 0.5:
        y = y + r.log_uniform(0.1, 1) * standardise(families[second](r))
    if r.rng.random() < 0.7:
        share = float(np.exp(r.rng.uniform(np.log(0.03), np.log(0.7))))
        y = lfilter([share], [1, share - 1], y - y[:, :1], axis=1)
    return y
