"""Fixed synthetic windows that follow a run: cheap, the same for every checkpoint, never trained on."""
from __future__ import annotations

import torch

from .batch import Batch, pinball, prepare
from .generator.draw import draw
from .model import PATCH, Chronos2

# name -> family (none: the whole mix), context patches, future patches, rows
SETS: dict[str, tuple[str | None, int, int, int]] = {
    "mix 512/64": (None, 32, 4, 300),
    "mix 2048/256": (None, 128, 16, 100),
    "mix 64/64": (None, 4, 4, 200),
    "tile 512/64": ("tile", 32, 4, 150),
    "clean 512/64": ("clean", 32, 4, 150),
    "clean 96/64": ("clean", 6, 4, 150),
    "ramp 512/64": ("ramp", 32, 4, 100),
    "level 512/64": ("level", 32, 4, 100),
}


def windows() -> dict[str, Batch]:
    return {
        name: prepare(draw([9_999, index], rows, context * PATCH, future * PATCH, family=family), context)
        for index, (name, (family, context, future, rows)) in enumerate(SETS.items())
    }


@torch.no_grad()
def validate(model: Chronos2, sets: dict[str, Batch]) -> dict[str, float]:
    """Mean pinball loss on the arcsinh scale per set."""
    device = next(model.parameters()).device
    losses = {}
    for name, batch in sets.items():
        batch = Batch(*(t.to(device) for t in batch))
        loss = pinball(model(batch.context, batch.future, batch.observed), batch.target, batch.mask)
        losses[name] = round(((loss * batch.keep).sum() / batch.keep.sum()).item(), 4)
    return losses
