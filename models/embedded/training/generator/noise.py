"""Noise, trends, counts and renewal points: what families are composed of besides periods."""
from __future__ import annotations

import numpy as np
from scipy import fft

from .rows import F32, Array, Rows, standardise


def coloured(r: Rows, scale: Array | None = None, alpha: Array | None = None, smooth: Array | None = None) -> Array:
    """Spectral draw of unit variance: white above `scale` steps, falling with `alpha` below; `smooth` rows are RBF."""
    scale = r.log_uniform(0.3, 1.5 * r.length) if scale is None else scale
    alpha = r.pick([0.4, 0.6, 0.8, 1, 1, 1, 1.5, 2.5]) if alpha is None else alpha
    smooth = r.chance(0.15) if smooth is None else smooth
    n = fft.next_fast_len(int(1.6 * r.length) + 8, real=True)
    bins = n // 2 + 1
    square = (np.linspace(0, np.pi, bins, dtype=F32)[None] * scale) ** 2
    amplitude = np.exp(np.where(smooth, -0.25 * np.minimum(square, 200), -0.5 * alpha.astype(F32) * np.log1p(square)))
    y = fft.irfft(r.normal(2 * bins).view(np.complex64) * amplitude, n=n, axis=1)[:, : r.length]
    deviation = np.sqrt((amplitude**2).mean(1, keepdims=True) * 2 / n)
    return (y / np.maximum(deviation, 1e-12)).astype(F32)


def heavy(r: Rows) -> Array:
    """White, heavy-tailed or skewed, standardised; one kind for all rows of the call."""
    size, rng = (r.count, r.length), r.rng
    kind = rng.integers(4)
    if kind == 0:
        y = rng.standard_t(rng.uniform(2.2, 6), size).astype(F32)
    elif kind == 1:
        y = np.exp(r.uniform(0.3, 1.1) * r.white())
    elif kind == 2:
        y = rng.standard_exponential(size, dtype=F32)
    else:
        y = rng.standard_gamma(rng.uniform(0.3, 3), size, dtype=F32)
    return standardise(y)


def mixed(r: Rows) -> Array:
    """Coloured plus white noise; some rows heavy-tailed, some with changing volatility."""
    white = r.white()
    for i, s in r.some(0.3):
        white[i] = heavy(s)
    for i, s in r.some(0.12):
        white[i] *= np.exp(0.6 * coloured(s) - 0.3)
    share = r.either(0.15, 1, r.either(0.2, 0, r.uniform(0, 1)))
    return (np.sqrt(share) * coloured(r) + np.sqrt(1 - share) * white).astype(F32)


def trend(r: Rows) -> Array:
    """Line, hinge, logistic or exponential over the whole window, up or down."""
    x = np.linspace(-1, 1, r.length, dtype=F32)[None]
    kind, knee = r.integers(0, 4), r.uniform(-1, 1)
    hinge = (x - knee) * (x > knee) + x * 0.3 * r.normal()
    logistic = 2 / (1 + np.exp(-(x - knee) * r.log_uniform(1, 12)))
    exponential = np.exp(r.uniform(-2, 2) * x) - 1
    return (np.select([kind == 0, kind == 1, kind == 2], [x, hinge, logistic], exponential) * r.sign(0.5)).astype(F32)


def counts(r: Rows, mean: Array) -> Array:
    """Poisson below a mean of 25, its normal approximation above."""
    mean = np.clip(mean, 0, 1e9)
    y = np.maximum(np.rint(mean + np.sqrt(mean) * r.white()), 0)
    small = mean < 25
    y[small] = r.rng.poisson(mean[small])
    return y.astype(F32)


def renewals(r: Rows, gap: Array, variation: Array) -> Array:
    """True at the points of a renewal process with log-normal gaps around `gap` steps."""
    points = int(min(max(1.6 * r.length / gap.min() + 4, 4), 2 * r.length))
    gaps = gap * np.exp(variation * r.normal(points))
    at = (np.cumsum(np.maximum(gaps, 1), 1) - gaps[:, :1] * r.uniform(0, 1)).astype(np.int64)
    inside = (at >= 0) & (at < r.length)
    hit = np.zeros((r.count, r.length), bool)
    hit[np.broadcast_to(np.arange(r.count)[:, None], at.shape)[inside], at[inside]] = True
    return hit


def since(r: Rows, hit: Array, first: Array) -> tuple[Array, Array]:
    """Steps since the last hit (`first` steps before the window for the first), and the number of hits so far."""
    last = np.maximum.accumulate(np.where(hit, r.t, -first), axis=1)
    return r.t - last, np.cumsum(hit, 1)
