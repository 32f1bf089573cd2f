"""Classical forecasters that a model has to beat: quantiles (levels, horizon) from one context and its period."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter
from scipy.stats import norm

from .model import QUANTILES

LEVELS = np.array(QUANTILES)
NORMAL = norm.ppf(LEVELS)[:, None]
SMOOTHING = [0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0]
Array = np.ndarray


def filled(context: Array) -> Array:
    """Gaps take the last value before them."""
    index = np.maximum.accumulate(np.where(np.isfinite(context), np.arange(len(context)), 0))
    y = context[index]
    return np.where(np.isfinite(y), y, y[np.isfinite(y)][0])


def lag(context: Array, period: int) -> int:
    return period if period <= len(context) - 8 else 1


def copied(y: Array, m: int, horizon: int) -> Array:
    return y[len(y) - m + np.arange(horizon) % m]


def seasonal_naive(context: Array, period: int, horizon: int) -> Array:
    y, m = filled(context), lag(context, period)
    deviation = np.sqrt(np.mean((y[m:] - y[:-m]) ** 2) * (np.arange(horizon) // m + 1))
    return copied(y, m, horizon) + NORMAL * deviation


def empirical_naive(context: Array, period: int, horizon: int) -> Array:
    """Seasonal naive with the quantiles of its own past errors."""
    y, m = filled(context), lag(context, period)
    if m > 1:
        return copied(y, m, horizon) + np.quantile(y[m:] - y[:-m], LEVELS)[:, None]
    lags = np.minimum(np.arange(1, horizon + 1), len(y) // 2)
    return y[-1] + np.stack([np.quantile(y[k:] - y[:-k], LEVELS) for k in lags], 1)


def rolling_quantiles(context: Array, period: int, horizon: int) -> Array:
    return np.repeat(np.quantile(filled(context)[-64:], LEVELS)[:, None], horizon, 1)


def smoothed(y: Array) -> tuple[float, float, float]:
    """Simple exponential smoothing: (squared error, smoothing, last level) of the best on a small grid."""
    fits = []
    for share in SMOOTHING:
        level = lfilter([share], [1, share - 1], y, zi=[y[0] * (1 - share)])[0]
        errors = y[1:] - level[:-1]
        fits.append((float(np.mean(errors[len(errors) // 10 :] ** 2)), share, float(level[-1])))
    return min(fits)


def seasonal_part(y: Array, m: int) -> Array | None:
    """One cycle, aligned to the first step ahead, if the detrended autocorrelation at the period is significant."""
    length = len(y)
    if 2 * m > length:
        return None
    flat = y - np.poly1d(np.polyfit(np.arange(length), y, 1))(np.arange(length))
    correlation = flat[m:] @ flat[:-m] / (flat @ flat + 1e-12)
    if correlation <= max(0.1, 1.645 * np.sqrt(1.5 / length)):
        return None
    cycles = flat[-(length // m) * m :].reshape(-1, m)
    cycle = np.median(cycles, 0) if len(cycles) >= 3 else cycles.mean(0)
    return cycle - cycle.mean()


def theta(context: Array, period: int, horizon: int) -> Array:
    """Seasonally adjusted exponential smoothing with half of the linear drift."""
    y, ahead = filled(context), np.arange(horizon)
    cycle = seasonal_part(y, period)
    if cycle is not None:
        y = y - cycle[(np.arange(len(y)) - len(y)) % period]
    error, share, level = smoothed(y)
    drift = np.polyfit(np.arange(len(y)), y, 1)[0] / 2
    forecast = level + drift * (ahead + 1) + NORMAL * np.sqrt(error * (1 + ahead * share**2))
    return forecast if cycle is None else forecast + cycle[ahead % period]


BASELINES: dict[str, Callable[[Array, int, int], Array]] = {
    "seasonal-naive": seasonal_naive,
    "empirical-naive": empirical_naive,
    "theta": theta,
    "rolling-quantiles": rolling_quantiles,
}
