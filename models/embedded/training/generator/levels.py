"""Families whose skill is to go on from the right level: ramp, level, gauge."""
from __future__ import annotations

import numpy as np

from .noise import coloured, heavy, mixed, renewals, since
from .rows import F32, Array, Rows, take
from .seasons import day_week, season

GAUGES = {"reverting": 0.3, "walk": 0.28, "saw-tooth": 0.3, "steps": 0.12}


def ramp(r: Rows) -> Array:
    """Lines that go on, some bent or curved, with and without season; growing counters."""
    x = (r.t - r.context) / r.context
    y = x + r.blank()
    for i, s in r.some(0.25):  # the last slope holds for part of the context only
        knee = -s.log_uniform(0.1, 1)
        y[i] = np.where(x > knee, x - knee, s.uniform(-1.5, 1.5) * (x - knee))
    for i, s in r.some(0.05):  # bends later, which nobody can foresee
        knee = s.uniform(0, 1) * (r.length - r.context) / r.context
        y[i] = np.where(x > knee, knee + (x - knee) * s.uniform(-1, 1.5), x)
    for i, s in r.some(0.12):
        bend, z = s.uniform(-1.2, 1.2), np.linspace(-1, 1, r.length, dtype=F32)[None]
        straight = np.abs(bend) < 0.05
        y[i] = np.where(straight, z, np.expm1(bend * z) / np.where(straight, 1, bend))
    y = y + r.either(0.2, 0, r.log_uniform(0.0003, 0.6)) * r.either(0.65, r.white(), mixed(r))
    for i, s in r.some(0.3):
        period = s.either(0.5, s.pick([24, 60, 96, 144, 288, 288, 1440]), s.log_uniform(6, r.context / 1.5))
        y[i] += season(s, period, spread=s.chance(0.3) * 0.1)[0] * s.log_uniform(0.01, 0.7)
    for i, s in r.some(0.15):
        y[i] = counter(s) / r.context
    return y * r.sign(0.35)


def counter(r: Rows) -> Array:
    """Running sum of a positive rate."""
    daily = r.chance(0.5) * r.uniform(0, 0.9) * np.sin(2 * np.pi * (r.t / r.log_uniform(12, r.context) + r.uniform(0, 1)))
    return np.cumsum(np.maximum(1 + r.log_uniform(0.02, 1) * mixed(r) + daily, 0), 1)


def level(r: Rows) -> Array:
    """A stationary or weakly seasonal level; mostly an incident, or a shift that lasts, not long before the right edge."""
    y = mixed(r)
    for i, s in r.some(0.4):
        y[i] = heavy(s) if r.rng.random() < 0.6 else s.white()
    for i, s in r.some(0.35):
        y[i] += day_week(s) * s.log_uniform(0.2, 3)
    end = r.context - r.log_uniform(1, max(r.context / 3, 4))
    start = end - r.log_uniform(2, max(r.context / 3, 6))
    decay = r.either(0.5, 0.01, r.log_uniform(1, max(r.context / 12, 3)))
    incident = np.where(r.t < start, 0, np.where(r.t < end, 1, np.exp(-np.clip((r.t - end) / decay, 0, 30))))
    shape = r.either(0.3, r.t >= end, incident)
    y = y + r.chance(0.85) * r.sign(0.25) * r.log_uniform(1.5, 30) * shape
    for i, s in r.some(0.3):
        y[i] = np.rint(y[i] * s.log_uniform(0.5, 5) + s.uniform(0, 10))
    for i, s in r.some(0.3):
        y[i] = np.maximum(y[i] + s.uniform(0, 3), 0)
    return y


def gauge(r: Rows) -> Array:
    return r.mixture(GAUGES, {"reverting": reverting, "walk": walk, "saw-tooth": saw_tooth, "steps": steps})


def reverting(r: Rows) -> Array:
    slow = coloured(r, scale=r.log_uniform(2, r.length), alpha=np.ones((r.count, 1)))
    return slow + r.chance(0.5) * r.log_uniform(0.05, 1) * mixed(r)


def walk(r: Rows) -> Array:
    """Random walk, some with rare jumps, some with drift."""
    moves = r.white() if r.rng.random() < 0.6 else heavy(r)
    moves = moves * r.either(0.3, r.points() < 0.05, 1) + r.normal() * 0.05 * r.chance(0.4)
    y = np.cumsum(moves, 1)
    return y / (y.std(1, keepdims=True) + 1e-6) + r.white() * r.log_uniform(0.003, 0.3) * r.chance(0.4)


def saw_tooth(r: Rows) -> Array:
    """Leak and restart, fill and clean-up."""
    gap = r.log_uniform(8, max(r.length / 1.5, 20))
    hit = renewals(r, gap, r.log_uniform(0.005, 0.6) * r.chance(0.8))
    age, number = since(r, hit, gap * r.uniform(0, 1))
    height = np.exp(r.log_uniform(0.01, 0.3) * r.normal(int(number.max()) + 1))
    y = age / gap
    y = r.either(0.5, y, np.maximum(y, 0) ** r.log_uniform(0.4, 2.2)) * take(height, number)
    y = y * r.sign(0.25) + mixed(r) * r.log_uniform(0.005, 0.25)
    return y + day_week(r) * r.log_uniform(0.02, 0.4) * r.chance(0.25)


def steps(r: Rows) -> Array:
    """Piecewise constant."""
    number = np.cumsum(renewals(r, r.log_uniform(10, r.length), r.log_uniform(0.1, 1)), 1)
    heights = r.normal(int(number.max()) + 1)
    heights = r.either(0.4, np.rint(heights * 2), heights)
    return take(heights, number) + mixed(r) * r.log_uniform(0.003, 0.5) * r.chance(0.75)
