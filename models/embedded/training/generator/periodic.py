"""Families whose skill is to find a period and to copy it: tile, clean, classic."""
from __future__ import annotations

import numpy as np
from scipy import fft

from .noise import mixed, trend
from .rows import F32, Array, Rows, bounded_exp, standardise, take
from .seasons import cycle_index, look_up, profiles, season

TILE = 320
TILE_PERIODS = [288, 288, 288, 96, 144, 48, 24, 24, 1440, 1440, 720, 60, 168, 12, 64, 128, 256, 32, 512]
WAVE_PERIODS = [10, 12, 20, 24, 24, 30, 36, 48, 50, 60, 60, 84, 96, 100, 120, 144, 168, 200, 250, 288, 288, 300, 365, 500, 720, 1000, 1440]
WAVES = {"sine": 0.25, "square": 0.28, "triangle": 0.08, "saw": 0.1, "skew": 0.08, "harmonics": 0.12, "two": 0.09}
CLASSIC_PERIODS = [4, 5, 6, 7, 7, 10, 12, 12, 24, 24, 24, 30, 48, 52, 60, 96, 144, 168, 288, 288, 365]


def tile(r: Rows) -> Array:
    """Strongly periodic with little noise: day shapes of services, mostly with more than one cycle in sight."""
    common = r.pick(TILE_PERIODS)
    period = np.where(r.chance(0.5) & (common * 1.2 <= r.context), common, r.log_uniform(6, max(r.context / 1.3, 10)))
    period = r.either(0.15, r.context / r.uniform(1.15, 3.2), period)
    period = r.either(0.5, np.rint(period), period)
    period = r.either(0.06, r.log_uniform(r.context, 6 * r.context), period).astype(F32)  # part of a cycle only
    cycles = r.t / period + r.uniform(0, 1)
    y = look_up(tile_shapes(r), cycles)
    index, most = cycle_index(cycles)
    y = y * take(np.exp(r.chance(0.7) * r.log_uniform(0.005, 0.25) * r.normal(most)), index)
    y = y + take(r.chance(0.5) * r.log_uniform(0.01, 0.3) * r.normal(most), index)
    for i, s in r.some(0.3):
        week = 1 + s.log_uniform(0.03, 0.5) * s.normal(7)
        y[i] *= take(week, np.mod(index[i] + s.integers(0, 7), 7))
    y = y + r.log_uniform(0.001, 0.3) * mixed(r) * r.either(0.35, np.clip(0.6 + 0.4 * y, 0.1, 3), 1)
    y = y + r.chance(0.3) * r.log_uniform(0.05, 1) * trend(r)
    return r.either(0.25, bounded_exp(r.uniform(0.2, 1) * y), r.either(0.5, y + 2.2, y))


def tile_shapes(r: Rows) -> Array:
    """Periodic spectral draws from smooth to rough, some replaced by profiles, some cut at a floor."""
    bins = TILE // 2 + 1
    k = np.arange(bins, dtype=F32)[None]
    amplitude = np.exp(-0.5 * r.uniform(0.8, 4.5) * np.log1p(k)) * (k > 0) * (k <= r.log_uniform(1.5, 160))
    spectrum = r.normal(2 * bins).view(np.complex64) * amplitude
    spectrum[:, 1:2] *= r.uniform(1, 3)
    table = standardise(fft.irfft(spectrum, n=TILE, axis=1).astype(F32))
    for i, s in r.some(0.3):
        table[i] = profiles(s, TILE)
    for i, s in r.some(0.25):
        table[i] = np.maximum(table[i], s.uniform(-1.2, 0.2))
    return table


def clean(r: Rows) -> Array:
    """Textbook waves of any period, from one and a half to very many visible cycles, with little noise."""
    visible = r.either(0.3, r.log_uniform(1.3, max(40, r.context / 8)), r.log_uniform(1.7, 40))
    period = np.maximum(r.context / visible, r.uniform(4, 7))
    common = r.pick(WAVE_PERIODS)
    period = np.where(r.chance(0.25) & (common * 1.7 <= r.context), common, period)
    period = r.either(0.4, np.rint(period), period).astype(F32)
    y = r.blank()
    for kind, i, s in r.split(WAVES):
        y[i] = wave(s, kind, period[i])
    y = y / (y.std(1, keepdims=True) + 1e-6)
    y = y * (1 + r.chance(0.15) * r.uniform(-0.6, 0.6) * np.linspace(0, 1, r.length, dtype=F32)[None])
    y = y + r.log_uniform(0.0005, 0.5) * r.either(0.75, r.white(), mixed(r))
    y = y + r.chance(0.15) * r.log_uniform(0.05, 2) * trend(r)
    return r.either(0.1, bounded_exp(r.uniform(0.2, 1) * y), y)


def wave(r: Rows, kind: str, period: Array) -> Array:
    cycles = r.t / period + r.uniform(0, 1)
    x = np.mod(cycles, 1).astype(F32)
    sine = np.sin(2 * np.pi * cycles)
    if kind == "square":
        return 2.0 * (x < r.either(0.5, 0.5, r.uniform(0.04, 0.9))) - 1
    if kind == "triangle":
        return 4 * np.abs(x - 0.5) - 1
    if kind == "saw":
        return (2 * x - 1) * r.sign(0.5)
    if kind == "skew":
        peak = r.uniform(0.04, 0.96)
        return 2 * np.where(x < peak, x / peak, (1 - x) / (1 - peak)) - 1
    if kind == "harmonics":
        highest = r.integers(2, 6)
        return sum(r.normal() * (k <= highest) / k**0.7 * np.sin(2 * np.pi * (k * cycles + r.uniform(0, 1))) for k in range(1, 6))
    if kind == "two":
        return sine + r.log_uniform(0.1, 1) * np.sin(2 * np.pi * (r.t / (period * r.log_uniform(0.08, 0.9)) + r.uniform(0, 1)))
    return sine


def classic(r: Rows) -> Array:
    """Season, sometimes a longer one, trend and noise, added or multiplied."""
    period = r.either(0.6, r.pick(CLASSIC_PERIODS), r.log_uniform(3, max(8, r.length / 2))).astype(F32)
    y = season(r, period, spread=r.chance(0.3) * r.log_uniform(0.02, 0.3))[0] * r.log_uniform(0.1, 2) * r.chance(0.85)
    for i, s in r.some(0.4):
        y[i] += season(s, period[i] * s.pick([7, 7, 7, 4, 12, 52, 30.4]))[0] * s.log_uniform(0.1, 1.5)
    slope = trend(r) * r.log_uniform(0.2, 4) * r.chance(0.6)
    noise = mixed(r) * r.log_uniform(0.02, 1)
    product = np.clip(1 + 0.35 * (slope + 0.3 * noise), 0.05, 6) * np.clip(1 + 0.3 * y, 0.02, 9) * (1 + 0.1 * noise)
    return r.either(0.25, product, slope + y + noise)
