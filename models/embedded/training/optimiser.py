"""Muon for the matrices of the encoder, AdamW for everything else, and a running average of the weights."""
from __future__ import annotations

import torch
from torch import Tensor

from .model import Chronos2

WEIGHT_DECAY = 0.01
MOMENTUM = 0.95
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


class Optimiser:
    """Learning rates are given per step: Muon's, and AdamW's as a fixed multiple of it."""

    ADAM_RATIO = 2e-3 / 1.2e-3

    def __init__(self, model: Chronos2) -> None:
        trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        inner = {n for n, p in trained if n.startswith("encoder.block") and p.ndim == 2}
        matrices: dict[torch.Size, list[Tensor]] = {}
        for name, p in trained:
            if name in inner:
                matrices.setdefault(p.shape, []).append(p)
        self.matrices = list(matrices.values())
        self.momentum = [torch.zeros_like(torch.stack(list(group))) for group in self.matrices]
        rest = [p for n, p in trained if n not in inner]
        decayed, plain = [p for p in rest if p.ndim > 1], [p for p in rest if p.ndim < 2]
        groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": plain, "weight_decay": 0.0}]
        self.adam = torch.optim.AdamW(groups, betas=(0.9, 0.98))

    def step(self, rate: float) -> None:
        for group in self.adam.param_groups:
            group["lr"] = rate * self.ADAM_RATIO
        self.adam.step()
        with torch.no_grad():
            for group, momentum in zip(self.matrices, self.momentum):
                gradient = torch.stack([p.grad for p in group])
                momentum.mul_(MOMENTUM).add_(gradient)
                for p, update in zip(group, orthogonal(gradient.add(momentum, alpha=MOMENTUM))):
                    p.mul_(1 - rate * WEIGHT_DECAY).add_(update, alpha=-rate)

    def state(self) -> dict:
        return {"adam": self.adam.state_dict(), "momentum": self.momentum}

    def load(self, state: dict) -> None:
        self.adam.load_state_dict(state["adam"])
        for mine, stored in zip(self.momentum, state["momentum"]):
            mine.copy_(stored)


def orthogonal(gradient: Tensor) -> Tensor:
    """Nearest semi-orthogonal matrices (five Newton-Schulz steps in bfloat16), scaled to AdamW's usual update size."""
    a, b, c = NEWTON_SCHULZ
    tall = gradient.shape[1] > gradient.shape[2]
    x = gradient.transpose(1, 2).contiguous() if tall else gradient
    x = (x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)).bfloat16()
    for _ in range(5):
        square = torch.bmm(x, x.transpose(1, 2))
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    x = x.transpose(1, 2) if tall else x
    return x.float() * (0.2 * max(gradient.shape[1:]) ** 0.5)


class Average:
    """Exponential moving average of the weights: what is evaluated and shipped."""

    def __init__(self, model: Chronos2) -> None:
        self.weights = {n: p.detach().clone() for n, p in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: Chronos2, step: int) -> None:
        share = 1 - min(0.999, (1 + step) / (20 + step))
        torch._foreach_lerp_(list(self.weights.values()), [p.data for p in model.parameters()], share)
