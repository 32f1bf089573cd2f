"""What happens to any series: shifts, incidents, outliers, outages, rounding, saturation, and gaps."""
from __future__ import annotations

import numpy as np

from .rows import F32, Array, Rows


def disturb(r: Rows, y: Array, often: Array) -> Array:
    """Events in place; `often` (count,) scales how often they hit a row."""
    mean, deviation = y[:, : r.context].mean(1, keepdims=True), y.std(1, keepdims=True)
    deviation = np.where(deviation > 1e-9, deviation, np.abs(mean) * 0.05 + 1e-3)
    positive = y.min(1, keepdims=True) >= 0
    for i, s in r.some(0.16 * often):
        width = s.either(0.7, 1, s.log_uniform(2, r.length / 4))
        y[i] += s.normal() * s.uniform(0.3, 3) * deviation[i] * np.clip((r.t - s.integers(0, r.length)) / width, 0, 1)
    for i, s in r.some(0.06 * often):  # another amplitude, or none, from some point on
        changed = mean[i] + (y[i] - mean[i]) * s.either(0.2, 0.05, s.log_uniform(0.3, 3))
        y[i] = np.where(r.t >= s.integers(0, r.length), changed, y[i])
    for i, s in r.some(0.12 * often):
        y[i] += deviation[i] * incident(s)
    for i, s in r.some(0.12 * often):
        size = np.abs(s.rng.standard_t(2.0, (s.count, s.length))) * s.log_uniform(2, 10) * s.sign(0.25)
        y[i] += (s.points() < s.log_uniform(0.0005, 0.01)) * deviation[i] * size
    for i, s in r.some(0.05 * often):
        y[i] = np.where(stretch(s, max(r.length / 10, 3)), 0, y[i])
    y = np.where(positive & r.chance(0.9), np.maximum(y, 0), y)
    for i, s in r.some(0.1 * often):
        unit = deviation[i] * s.log_uniform(0.03, 1.5)
        y[i] = np.rint(y[i] / unit) * unit
    for i, s in r.some(0.03 * often):
        y[i] = np.minimum(y[i], mean[i] + deviation[i] * s.uniform(0.3, 2))
    for i, s in r.some(0.02 * often):  # constant, some with rare blips
        y[i] = mean[i] + deviation[i] * 0.001 * (s.points() < 0.002) * s.chance(0.5)
    return np.where(~positive & r.chance(0.4), -y, y)


def incident(r: Rows) -> Array:
    """Off, on, and an exponential recovery; often not long before the right edge of the context."""
    start = r.either(0.4, r.context - r.log_uniform(1, r.context / 3), r.integers(0, r.length))
    end = start + r.log_uniform(3, max(r.length / 8, 6))
    recovery = np.exp(-np.clip((r.t - end) / r.log_uniform(1, max(r.length / 10, 4)), 0, 30))
    return r.either(0.6, 1, -0.6) * r.log_uniform(0.5, 8) * np.where(r.t < start, 0, np.where(r.t < end, 1, recovery))


def stretch(r: Rows, longest: float) -> Array:
    """True over 1 ... longest steps somewhere in the window."""
    start = r.integers(0, r.length)
    return (r.t >= start) & (r.t < start + r.log_uniform(1, longest))


def open_gaps(r: Rows, y: Array, random_share: Array) -> Array:
    """NaN at random points, in blocks, at the right edge of the context and at its beginning."""
    y = y.astype(F32)
    for i, s in r.some(random_share):
        y[i] = np.where(s.points() < s.uniform(0.005, 0.45), np.nan, y[i])
    for i, s in r.some(0.1):
        y[i] = np.where(stretch(s, max(r.context / 4, 2)), np.nan, y[i])
    for i, s in r.some(0.05):
        y[i] = np.where((r.t < r.context) & (r.t >= r.context - s.integers(1, 24)), np.nan, y[i])
    for i, s in r.some(0.5):  # contexts are not always a multiple of the patch
        y[i] = np.where(r.t < s.integers(0, 16), np.nan, y[i])
    return y
