"""Probes with a known answer: waves against seasonal naive with the known period, ramps, gaps, constants, equivariance."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .baselines import NORMAL, seasonal_naive
from .evaluate import MEDIAN, quantile_loss
from .forecast import forecast
from .model import Chronos2

HORIZON = 64
NOISE = 0.05
PERIODS = (24, 60, 96, 100, 288, 37.3, 171.6)
WAVES = {"sine": lambda cycles: np.sin(2 * np.pi * cycles), "square": lambda cycles: np.where(np.mod(cycles, 1) < 0.5, 1.0, 0.0)}


def wave(model: Chronos2, kind: str, period: float, context: int, count: int, missing: float = 0.0) -> tuple[float, float]:
    """Mean quantile loss of (the model, seasonal naive on the complete series)."""
    rng = np.random.default_rng([0, int(period * 100), context, int(missing * 100)])
    cycles = np.arange(context + HORIZON) / period + rng.random((count, 1))
    y = WAVES[kind](cycles) + NOISE * rng.standard_normal(cycles.shape)
    past, ahead = y[:, :context], y[:, context:]
    naive = [quantile_loss(seasonal_naive(c, round(period), HORIZON), a) for c, a in zip(past, ahead)]
    seen = np.where(rng.random(past.shape) < missing, np.nan, past) if missing else past
    own = [quantile_loss(q, a) for q, a in zip(forecast(model, seen, HORIZON), ahead)]
    return float(np.mean(own)), float(np.mean(naive))


def lines(model: Chronos2, count: int = 30) -> Iterator[str]:
    yield "waves: loss relative to seasonal naive, sine square | 30 % missing: loss relative to complete, sine square"
    for context in (512, 2048):
        for period in PERIODS:
            if context / period >= 5:
                few = count if context == 512 else count // 3
                whole = [wave(model, kind, period, context, few) for kind in WAVES]
                gaps = [wave(model, kind, period, context, few, missing=0.3) for kind in WAVES]
                ratios = [own / naive for own, naive in whole] + [g / own for (g, _), (own, _) in zip(gaps, whole)]
                yield "context {:5d} period {:6} {:6.2f} {:5.2f} | {:5.2f} {:5.2f}".format(context, period, *ratios)
    yield "few cycles: loss relative to seasonal naive, sine square"
    for context, period in [(cycles * p, p) for cycles in (2, 3, 4) for p in PERIODS[:5]] + [(512, 288), (2048, 1440)]:
        ratios = [own / naive for own, naive in (wave(model, kind, period, context, count) for kind in WAVES)]
        yield "context {:5d} period {:6} {:6.2f} {:5.2f}".format(context, period, *ratios)
    yield "ramps"
    for slope, context in ((1.0, 512), (0.2, 512), (1.0, 128), (1.0, 2048)):
        yield "context {:5d} slope {}: rise {:.3f} of the true one, loss {:.3f}, perfect {:.3f}".format(context, slope, *ramp(model, slope, context))
    constant = forecast(model, np.full((1, 512), 7.0), HORIZON)
    yield f"constant: off by {np.abs(constant - 7).max():.1e}"
    yield f"affine equivariance: off by {equivariance(model):.1e} of the scale"


def ramp(model: Chronos2, slope: float, context: int, count: int = 40) -> tuple[float, float, float]:
    """(rise of the median over the horizon as a share of the true rise, quantile loss, loss of the true distribution)."""
    rng = np.random.default_rng(5)
    line = slope * np.arange(context + HORIZON)
    y = line + rng.standard_normal((count, context + HORIZON))
    predicted, ahead = forecast(model, y[:, :context], HORIZON), y[:, context:]
    rise = (predicted[:, MEDIAN, -1].mean() - line[context - 1]) / (slope * HORIZON)
    perfect = line[context:] + NORMAL
    losses = [[quantile_loss(q, a) for q in (p, perfect)] for p, a in zip(predicted, ahead)]
    return float(rise), *map(float, np.mean(losses, 0))


def equivariance(model: Chronos2) -> float:
    y = np.cumsum(np.random.default_rng(3).standard_normal((16, 512)), 1)
    moved = (forecast(model, y * 3.7 + 1000, HORIZON) - 1000) / 3.7
    return float((np.abs(moved - forecast(model, y, HORIZON)) / y.std(1)[:, None, None]).max())
