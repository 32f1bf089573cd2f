"""From raw windows to tensors: normalisation, patch features, targets, loss and the weight of a row."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .model import PATCH, QUANTILES, TIME_SCALE

MIN_OBSERVED = 8  # rows with fewer finite context points carry no weight
TARGET_LIMIT = 5.3  # arcsinh scale: 100 standard deviations


class Normalised(NamedTuple):
    values: Tensor  # arcsinh of the standardised context, 0 at gaps
    finite: Tensor
    loc: Tensor
    scale: Tensor


class Batch(NamedTuple):
    context: Tensor  # (rows, N, 48): time, value, mask per patch
    future: Tensor  # (1, M, 48)
    observed: Tensor  # (rows, N): patches with a finite value
    target: Tensor  # (rows, M, 16), arcsinh scale
    mask: Tensor  # (rows, M, 16)
    keep: Tensor  # (rows,): 1 where the row counts


def normalise(context: Tensor) -> Normalised:
    """In the precision of `context` (float64 in training): population deviation, 1e-5 for a constant row."""
    finite = torch.isfinite(context)
    count = finite.sum(1, keepdim=True).clamp(min=1)
    loc = torch.where(finite, context, 0.0).sum(1, keepdim=True) / count
    scale = (torch.where(finite, context - loc, 0.0).square().sum(1, keepdim=True) / count).sqrt()
    scale = torch.where(scale == 0, 1e-5, scale)
    return Normalised(torch.where(finite, (context - loc) / scale, 0.0).asinh().float(), finite, loc, scale)


def features(normalised: Normalised, future_patches: int) -> tuple[Tensor, Tensor, Tensor]:
    """(context, future, observed) as the model takes them; the context is a multiple of 16 long."""
    rows, length = normalised.values.shape
    device = normalised.values.device
    time = torch.arange(-length, future_patches * PATCH, dtype=torch.float32, device=device) / TIME_SCALE
    past, ahead = time[:length].view(1, -1, PATCH), time[length:].view(1, -1, PATCH)
    values, finite = normalised.values.view(rows, -1, PATCH), normalised.finite.view(rows, -1, PATCH)
    unknown = torch.zeros(1, future_patches, 2 * PATCH, device=device)
    return torch.cat([past.expand(rows, -1, -1), values, finite.float()], -1), torch.cat([ahead, unknown], -1), finite.any(-1)


def prepare(windows: np.ndarray, context_patches: int, device: str = "cpu") -> Batch:
    """windows (rows, 16 * (N + M)) with NaN for gaps."""
    series = torch.from_numpy(windows.astype(np.float64))
    length = context_patches * PATCH
    normalised, ahead = normalise(series[:, :length]), series[:, length:]
    patches = ahead.shape[1] // PATCH
    context, future, observed = features(normalised, patches)
    mask = torch.isfinite(ahead)
    target = torch.where(mask, (ahead - normalised.loc) / normalised.scale, 0.0).asinh().float()
    mask = mask & (target.abs() < TARGET_LIMIT)
    keep = (normalised.finite.sum(1) >= MIN_OBSERVED).float()
    tensors = (context, future, observed, target.view(len(series), patches, PATCH), mask.view(len(series), patches, PATCH), keep)
    return Batch(*(t.to(device, non_blocking=True) for t in tensors))


def pinball(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Twice the pinball loss per row, mean over observed steps and levels."""
    level = torch.tensor(QUANTILES, device=prediction.device).view(1, 1, -1, 1)
    error = target[:, :, None] - prediction.float()
    loss = 2 * torch.maximum(level * error, (level - 1) * error) * mask[:, :, None]
    return loss.sum((1, 2, 3)) / (mask.sum((1, 2)).clamp(min=1) * len(QUANTILES))


def row_weight(batch: Batch, floor: float) -> Tensor:
    """keep / (floor + how unpredictable the context looks), so that a quiet square wave counts as much as a noisy series.

    That is the mean change from one step to the next or, if smaller, the spread around the best periodic copy, taken from
    the highest autocorrelation. Only the context is looked at: the quantiles stay calibrated.
    """
    rows = len(batch.context)
    values = batch.context[:, :, PATCH : 2 * PATCH].reshape(rows, -1)
    finite = batch.context[:, :, 2 * PATCH :].reshape(rows, -1)
    length = values.shape[1]
    both = finite[:, 1:] * finite[:, :-1]
    change = ((values[:, 1:] - values[:, :-1]).abs() * both).sum(1) / both.sum(1).clamp(min=1)
    if length >= 64:
        centred = (values - (values * finite).sum(1, keepdim=True) / finite.sum(1, keepdim=True).clamp(min=1)) * finite
        variance = centred.square().sum(1) / finite.sum(1).clamp(min=1)
        pairs = autocovariance(finite)
        correlation = torch.where(pairs > length / 6, autocovariance(centred) / pairs.clamp(min=1), 0.0).amax(1) / (variance + 1e-9)
        change = torch.minimum(change, 1.128 * (variance * (1 - correlation).clamp(min=0)).sqrt() + 0.02)
    return batch.keep / (floor + change.clamp(max=1.2))


def autocovariance(x: Tensor) -> Tensor:
    """Sums of lagged products, lags 3 ... 5/8 of the length."""
    length = x.shape[1]
    return torch.fft.irfft(torch.fft.rfft(x, 2 * length).abs().square(), n=2 * length)[:, 3 : length * 5 // 8]
