"""Families of what services expose: rate, bounded, latency, burst, sparse."""
from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from .noise import coloured, counts, heavy, mixed, renewals, trend
from .rows import F32, Array, Rows, bounded_exp, sigmoid
from .seasons import day_week

CRON_PERIODS = [5, 6, 10, 12, 12, 15, 20, 24, 30, 60, 60, 96, 144, 288, 1440]
SPARSE = {"events": 0.35, "on and off": 0.3, "floored": 0.2, "small counts": 0.15}


def rate(r: Rows) -> Array:
    """Requests per second: day and week on a linear or logarithmic scale, some as counts."""
    strength = r.either(0.1, 0, r.log_uniform(0.08, 1.2))
    noise = r.log_uniform(0.01, 0.5) * mixed(r) * r.either(0.5, np.maximum(strength, 0.05) * 2, 1)
    y = strength * day_week(r) + noise + r.chance(0.25) * r.uniform(0, 0.6) * trend(r)
    y = r.either(0.4, np.maximum(1 + 0.45 * y, 0), bounded_exp(y, -12, 8))
    for i, s in r.some(0.35):
        mean = y[i] / (y[i].mean(1, keepdims=True) + 1e-9) * s.log_uniform(0.3, 3000)
        if r.rng.random() < 0.4:
            mean = mean * r.rng.standard_gamma(r.rng.uniform(1, 30), mean.shape, dtype=F32)
        y[i] = counts(s, mean)
        if r.rng.random() < 0.3:
            y[i] = missed_scrapes(s, y[i])
    return y


def missed_scrapes(r: Rows, y: Array) -> Array:
    """Some steps are 0 and their count comes with the next."""
    missed = r.points() < 0.02
    late = np.roll(missed, 1, 1)
    return np.where(missed, 0, y) + np.where(late, np.roll(y, 1, 1), 0)


def bounded(r: Rows) -> Array:
    """Ratios between 0 and 1: utilisation, hit ratios, error ratios of a finite number of requests."""
    z = day_week(r) * r.log_uniform(0.1, 1.5) * r.chance(0.75) + mixed(r) * r.log_uniform(0.05, 1)
    y = sigmoid(z * r.log_uniform(0.3, 2.5) + r.uniform(-4, 4))
    for i, s in r.some(0.3):
        requests = np.rint(s.log_uniform(20, 3000))
        y[i] = counts(s, requests * y[i] * (1 if r.rng.random() < 0.5 else 0.03)) / requests
        if r.rng.random() < 0.4:
            y[i] = 1 - y[i]
    return r.either(0.15, np.clip(y, r.uniform(0, 0.3), r.uniform(0.6, 1)), y)


def latency(r: Rows) -> Array:
    """Log-normal around a load, with Pareto outliers and time-outs as caps."""
    load = day_week(r) * r.log_uniform(0.02, 0.6) * r.chance(0.7) + 0.7 * r.log_uniform(0.02, 0.6) * coloured(r)
    noise = heavy(r) if r.rng.random() < 0.6 else r.white()
    y = bounded_exp(load, -6, 6) * bounded_exp(r.log_uniform(0.02, 0.6) * noise, -4, 6)
    for i, s in r.some(0.35):
        outlier = s.points() < s.log_uniform(0.002, 0.08)
        y[i] *= 1 + outlier * r.rng.pareto(r.rng.uniform(1.2, 3), outlier.shape)
    return r.either(0.2, np.minimum(y, np.exp(r.uniform(0.3, 3))), y)


def burst(r: Rows) -> Array:
    """A noisy base with spikes: clustered at random in half of the rows, on a cron schedule in the others."""
    y = mixed(r) * r.log_uniform(0.02, 0.6)
    for i, s in r.some(0.4):
        y[i] += day_week(s) * s.log_uniform(0.05, 0.8)
    spikes = r.mixture({"clustered": 0.5, "cron": 0.5}, {"clustered": clustered, "cron": cron})
    decay = r.rng.choice([0, 0, 0.3, 0.6, 0.8, 0.9, 0.97])
    spikes = lfilter([1], [1, -decay], spikes, axis=1)
    spikes = lfilter(np.ones(r.rng.choice([1, 1, 1, 2, 3, 5, 8])), [1], spikes, axis=1)
    return y + spikes * r.log_uniform(1, 8) * r.sign(0.1)


def clustered(r: Rows) -> Array:
    density = r.log_uniform(0.5 / r.length, 0.08) * np.exp(r.chance(0.5) * (1.5 * coloured(r) - 1))
    return (r.points() < density) * np.exp(r.uniform(0.1, 1) * r.white())


def cron(r: Rows) -> Array:
    period = r.either(0.7, r.pick(CRON_PERIODS), r.log_uniform(4, r.length / 2))
    t = r.t + r.uniform(0, 1) * period
    due = np.floor(t / period) != np.floor((t - 1) / period)
    kept = r.points() < r.either(0.3, 0.85, 1)
    return due * kept * np.exp(r.log_uniform(0.01, 0.5) * r.white())


def sparse(r: Rows) -> Array:
    return r.mixture(SPARSE, {"events": events, "on and off": on_and_off, "floored": floored, "small counts": small_counts})


def events(r: Rows) -> Array:
    share = r.log_uniform(0.003, 0.5)
    share = r.either(0.4, share * bounded_exp(day_week(r), -4, 3), share)
    whole = 1 + np.floor(r.rng.standard_exponential((r.count, r.length), dtype=F32) * r.log_uniform(0.2, 5))
    return (r.points() < share) * r.either(0.5, whole, np.exp(r.uniform(0.1, 1) * r.white()))


def on_and_off(r: Rows) -> Array:
    switches = renewals(r, r.log_uniform(4, max(r.length / 3, 8)), r.log_uniform(0.05, 1))
    on = np.mod(np.cumsum(switches, 1), 2)
    return on * (1 + mixed(r) * r.log_uniform(0.01, 0.5)) + r.white() * r.log_uniform(0.001, 0.1) * r.chance(0.4)


def floored(r: Rows) -> Array:
    return np.maximum(mixed(r) + r.uniform(-1.5, 0.5) + r.chance(0.4) * day_week(r), 0)


def small_counts(r: Rows) -> Array:
    return np.rint(mixed(r) * r.log_uniform(0.3, 3) + r.chance(0.5) * day_week(r) * r.log_uniform(0.3, 3))
