"""Training forward pass on a CPU: the model of model.py in bfloat16, with the kernels of fused.c between the matrix products."""
from __future__ import annotations

import ctypes
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from .model import PATCH, QUANTILES, Chronos2, ResidualBlock, rotation

BF16 = torch.bfloat16
LEVELS = torch.tensor(QUANTILES)


@lru_cache(maxsize=1)
def kernels() -> ctypes.CDLL:
    source = Path(__file__).with_name("fused.c")
    library = Path(tempfile.mkdtemp()) / "fused.so"
    flags = ["-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-shared", "-fPIC"]
    subprocess.check_call(["gcc", *flags, str(source), "-o", str(library), "-lm"])
    return ctypes.CDLL(str(library))


def call(kernel: str, *arguments: Tensor | int | None) -> None:
    def plain(a: Tensor | int | None) -> ctypes.c_void_p | ctypes.c_int64:
        return ctypes.c_int64(a) if isinstance(a, int) else ctypes.c_void_p(0 if a is None else a.data_ptr())

    getattr(kernels(), kernel)(*map(plain, arguments))


class AddNorm(torch.autograd.Function):
    """(h, y, weight) -> (h + y in float32, its RMS norm in bfloat16)."""

    @staticmethod
    def forward(ctx, h, y, weight):
        width = h.shape[-1]
        tokens, h, y = h.numel() // width, h.contiguous(), None if y is None else y.contiguous()
        total, normed, inverse = torch.empty_like(h), torch.empty(h.shape, dtype=BF16), torch.empty(tokens)
        call("add_rms_forward", h, y, weight, total, normed, inverse, tokens, width)
        ctx.save_for_backward(total, weight, inverse)
        ctx.added = y is not None
        return total, normed

    @staticmethod
    def backward(ctx, grad_total, grad_normed):
        total, weight, inverse = ctx.saved_tensors
        width = total.shape[-1]
        grad_total = None if grad_total is None else grad_total.contiguous()
        grad_normed = grad_normed.contiguous()
        grad_h, grad_weight = torch.empty_like(total), torch.zeros(width)
        grad_y = torch.empty(total.shape, dtype=BF16) if ctx.added else None
        call("add_rms_backward", grad_total, grad_normed, total, weight, inverse, grad_h, grad_y, grad_weight, total.numel() // width, width)
        return grad_h, grad_y, grad_weight


class Rope(torch.autograd.Function):
    """Joint projection (batch, tokens, 3 * inner) -> q and k rotated, v, each (batch, heads, tokens, width)."""

    @staticmethod
    def forward(ctx, x, cos, sin, heads):
        batch, tokens, width = x.shape
        x, size = x.contiguous(), (batch, heads, tokens, width // (3 * heads))
        q, k, v = (torch.empty(size, dtype=BF16) for _ in range(3))
        call("rope", x, cos, sin, q, k, v, batch, tokens, heads, size[3], 1)
        ctx.saved = (cos, sin, size)
        return q, k, v

    @staticmethod
    def backward(ctx, *grads):
        cos, sin, (batch, heads, tokens, width) = ctx.saved
        grad = torch.empty(batch, tokens, 3 * heads * width, dtype=BF16)
        q, k, v = (g.contiguous() for g in grads)
        call("rope", grad, cos, sin, q, k, v, batch, tokens, heads, width, -1)
        return grad, None, None, None


class Softmax(torch.autograd.Function):
    """In place over the keys of scores (batch, heads, queries, keys); bias is (batch, keys)."""

    @staticmethod
    def forward(ctx, scores, bias):
        batch, heads, queries, keys = scores.shape
        ctx.mark_dirty(scores)
        call("softmax_forward", scores, bias, batch, heads * queries, keys)
        ctx.save_for_backward(scores)
        return scores

    @staticmethod
    def backward(ctx, grad):
        (share,) = ctx.saved_tensors
        out, keys = torch.empty_like(share), share.shape[-1]
        call("softmax_backward", grad.contiguous(), share, out, share.numel() // keys, keys)
        return out, None


class Relu(torch.autograd.Function):
    """In place."""

    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x.relu_())
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        out = torch.empty_like(y)
        call("relu_backward", grad.contiguous(), y, out, y.numel())
        return out


class Pinball(torch.autograd.Function):
    """Twice the pinball loss per row, mean over observed steps and levels."""

    @staticmethod
    def forward(ctx, prediction, target, mask):
        batch, patches, levels, _ = prediction.shape
        prediction, loss = prediction.contiguous(), torch.empty(batch)
        grad = torch.empty_like(prediction)
        call("pinball", prediction, target.contiguous(), mask.float().contiguous(), LEVELS, loss, grad, batch, patches, levels)
        ctx.save_for_backward(grad)
        return loss

    @staticmethod
    def backward(ctx, grad_loss):
        (grad,) = ctx.saved_tensors
        return grad * grad_loss[:, None, None, None], None, None


rotations = lru_cache(maxsize=None)(rotation)


def residual_block(block: ResidualBlock, x: Tensor) -> Tensor:
    return block.output_layer(Relu.apply(block.hidden_layer(x))) + block.residual_layer(x)


def head(block: ResidualBlock, x: Tensor) -> Tensor:
    """The last layer in float32: bfloat16 would round predictions to 0.4 %, more than the noise of a clean series."""
    hidden = Relu.apply(block.hidden_layer(x)).float()
    with torch.autocast("cpu", enabled=False):
        return block.output_layer(hidden) + block.residual_layer(x.float())


def fused_forward(model: Chronos2, context: Tensor, future: Tensor, observed: Tensor) -> Tensor:
    """Same function as model(context, future, observed), rounded to bfloat16 inside."""
    shape, batch, future_patches = model.shape, len(context), future.shape[1]
    with torch.autocast("cpu", BF16):
        embed = model.input_patch_embedding
        register = model.shared.weight[1].to(BF16).expand(batch, 1, -1)
        h = torch.cat([residual_block(embed, context), register, residual_block(embed, future).expand(batch, -1, -1)], 1).float()
        cos, sin = rotations(h.shape[1], shape.d_kv, shape.rope_theta)
        bias = F.pad(observed.float().sub(1).mul(1e30), (0, 1 + future_patches))
        y = None
        for index, block in enumerate(model.encoder.block):
            time, group, mlp = block.layer
            a, g = time.self_attention, group.self_attention
            h, x = AddNorm.apply(h, y, time.layer_norm.weight)
            q, k, v = Rope.apply(F.linear(x, torch.cat([a.q.weight, a.k.weight, a.v.weight])), cos, sin, shape.num_heads)
            if index == shape.num_layers - 1:
                q, h = q[:, :, -future_patches:].contiguous(), h[:, -future_patches:]
            attended = Softmax.apply(q @ k.transpose(2, 3), bias) @ v
            h, x = AddNorm.apply(h, a.o(attended.transpose(1, 2).flatten(2)), group.layer_norm.weight)
            h, x = AddNorm.apply(h, F.linear(x, g.o.weight @ g.v.weight), mlp.layer_norm.weight)
            y = mlp.mlp.wo(Relu.apply(mlp.mlp.wi(x)))
        _, x = AddNorm.apply(h, y, model.encoder.final_layer_norm.weight)
        return head(model.output_patch_embedding, x).view(batch, future_patches, len(QUANTILES), PATCH)
