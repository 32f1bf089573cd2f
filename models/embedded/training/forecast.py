"""Quantile forecasts in the units of the series, float32 inside as the product computes them."""
from __future__ import annotations

import numpy as np
import torch

from .batch import features, normalise
from .model import PATCH, QUANTILES, Chronos2


def forecast(model: Chronos2, contexts: np.ndarray, horizon: int, rows: int = 64) -> np.ndarray:
    """(count, levels, horizon), sorted by level; contexts (count, length) with NaN for gaps, of any length."""
    return np.sort(as_computed(model, contexts, horizon, rows), axis=1)


@torch.no_grad()
def as_computed(model: Chronos2, contexts: np.ndarray, horizon: int, rows: int = 64) -> np.ndarray:
    """The same before sorting: levels may cross."""
    padded = np.pad(contexts.astype(np.float64), ((0, 0), (-contexts.shape[1] % PATCH, 0)), constant_values=np.nan)
    parts = []
    for first in range(0, len(padded), rows):
        normalised = normalise(torch.from_numpy(padded[first : first + rows]))
        out = model(*features(normalised, -(-horizon // PATCH))).double().sinh()
        out = out.transpose(1, 2).reshape(len(out), len(QUANTILES), -1)[:, :, :horizon]
        parts.append(out * normalised.scale[:, None] + normalised.loc[:, None])
    return torch.cat(parts).numpy()
