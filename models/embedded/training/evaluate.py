"""Scaled quantile loss (SQL), MASE and coverage on real series, relative to seasonal naive with the known period."""
from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from .baselines import BASELINES, LEVELS
from .forecast import as_computed
from .model import Chronos2
from .real_series import Series, Window, load, windows

CONTEXTS, HORIZONS = (512, 2048), (24, 64, 256)
MEDIAN = len(LEVELS) // 2
KEYS = ["context", "horizon", "dataset", "series"]


def evaluate(model: Chronos2, folder: Path, every: int = 1) -> pd.DataFrame:
    """One line per window and forecaster; `every` > 1 takes that fraction of the windows."""
    # numpy warns of every window without a scale; they are left out
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    series = load(folder)
    return pd.DataFrame(line for context in CONTEXTS for horizon in HORIZONS for line in block(model, series, context, horizon, every))


def block(model: Chronos2, series: list[Series], context: int, horizon: int, every: int) -> Iterator[dict]:
    for dataset, all_windows in windows(series, context, horizon).items():
        chosen = [w for w in all_windows[::every] if scale(w) > 1e-9 * (np.nanmax(np.abs(w.context)) + 1e-12)]
        computed = as_computed(model, np.stack([w.context for w in chosen]), horizon)
        for w, own in zip(chosen, computed):
            crossing = float((np.diff(own, axis=0) < 0).mean())
            forecasts = {"model": np.sort(own, axis=0)} | {name: make(w.context, w.period, horizon) for name, make in BASELINES.items()}
            for name, quantiles in forecasts.items():
                keys = {"context": context, "horizon": horizon, "dataset": dataset, "series": w.series, "forecaster": name}
                yield keys | measures(quantiles, w) | ({"crossing": crossing} if name == "model" else {})


def scale(window: Window) -> float:
    """Mean change over a period within the context, or over a step where two periods do not fit."""
    m = window.period if 2 * window.period <= len(window.context) else 1
    return float(np.nanmean(np.abs(window.context[m:] - window.context[:-m])))


def measures(quantiles: np.ndarray, window: Window) -> dict[str, float]:
    observed = np.isfinite(window.ahead)
    y, q = window.ahead[observed], quantiles[:, observed]
    spread = np.nanmax(window.context) - np.nanmin(window.context)
    return {
        "sql": quantile_loss(q, y) / scale(window),
        "mase": float(np.abs(y - q[MEDIAN]).mean()) / scale(window),
        "cover80": float(((y >= q[2]) & (y <= q[-3])).mean()),
        "cover98": float(((y >= q[0]) & (y <= q[-1])).mean()),
        "excursion": float(max(q.max() - np.nanmax(window.context), np.nanmin(window.context) - q.min()) / spread),
    }


def quantile_loss(quantiles: np.ndarray, y: np.ndarray) -> float:
    error = y - quantiles
    return float(2 * np.maximum(LEVELS[:, None] * error, (LEVELS[:, None] - 1) * error).mean())


def relative(lines: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Log ratio to seasonal naive: mean per series, clipped to +-3, then over the series of a data set."""
    means = lines.groupby([*KEYS, "forecaster"])[measure].mean().unstack("forecaster").clip(lower=1e-6)
    ratio = np.log(means.div(means["seasonal-naive"], axis=0)).clip(-3, 3)
    return ratio.groupby(["context", "horizon", "dataset"]).mean()


def report(lines: pd.DataFrame) -> str:
    parts = []
    for measure in ("sql", "mase"):
        ratio = relative(lines, measure)
        by_horizon = ratio.groupby(["context", "horizon"]).mean()
        by_horizon.index = [f"{context} / {horizon}" for context, horizon in by_horizon.index]
        table = pd.concat([by_horizon, ratio.groupby("dataset").mean(), by_horizon.mean().to_frame("all").T])
        parts.append(f"{measure} relative to seasonal naive\n{np.exp(table).round(3).to_string()}")
    own = lines[lines.forecaster == "model"]
    parts.append("coverage\n" + own.groupby("dataset")[["cover80", "cover98"]].mean().round(3).to_string())
    parts.append(f"neighbouring levels that cross before sorting: {100 * own.crossing.mean():.2f} %")
    parts.append(f"furthest quantile beyond the context: {own.excursion.max():.1f} of its range")
    return "\n\n".join(parts)
