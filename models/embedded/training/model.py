"""Chronos-2 as a torch module: tensor names and layout of the official checkpoints, univariate (solo) forward pass."""
from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PATCH = 16
TIME_SCALE = 2048  # steps to one unit of the time feature: the longest context
QUANTILES = [0.01, *[round(0.05 * i, 2) for i in range(1, 20)], 0.99]


@dataclass(frozen=True)
class Shape:
    """Sizes of the network; the defaults are the shipped model (1.95 M parameters)."""

    d_model: int = 128
    d_ff: int = 512
    num_layers: int = 6
    num_heads: int = 8
    d_kv: int = 16
    rope_theta: float = 100.0
    context_length: int = 2048
    max_output_patches: int = 64


class Norm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * self.weight


class ResidualBlock(nn.Module):
    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.hidden_layer = nn.Linear(inputs, hidden)
        self.output_layer = nn.Linear(hidden, outputs)
        self.residual_layer = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.output_layer(F.relu(self.hidden_layer(x))) + self.residual_layer(x)


class Attention(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(width, inner, bias=False) for _ in range(3))
        self.o = nn.Linear(inner, width, bias=False)


class AttentionLayer(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.self_attention = Attention(width, inner)
        self.layer_norm = Norm(width)


class Mlp(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.wi = nn.Linear(width, hidden, bias=False)
        self.wo = nn.Linear(hidden, width, bias=False)


class MlpLayer(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.mlp = Mlp(width, hidden)
        self.layer_norm = Norm(width)


class Block(nn.Module):
    """Time attention, group attention, feed-forward."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, inner = shape.d_model, shape.num_heads * shape.d_kv
        self.layer = nn.ModuleList([AttentionLayer(width, inner), AttentionLayer(width, inner), MlpLayer(width, shape.d_ff)])


class Encoder(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.block = nn.ModuleList(Block(shape) for _ in range(shape.num_layers))
        self.final_layer_norm = Norm(shape.d_model)


class Chronos2(nn.Module):
    def __init__(self, shape: Shape = Shape()) -> None:
        super().__init__()
        self.shape = shape
        self.shared = nn.Embedding(2, shape.d_model)  # row 1 is the register token
        self.input_patch_embedding = ResidualBlock(3 * PATCH, shape.d_ff, shape.d_model)
        self.encoder = Encoder(shape)
        self.output_patch_embedding = ResidualBlock(shape.d_model, shape.d_ff, len(QUANTILES) * PATCH)
        initialise(self)

    def embed(self, context: Tensor, future: Tensor) -> Tensor:
        """Tokens (batch, N + 1 + M, width) of context patches, register token and future patches."""
        batch = len(context)
        register = self.shared.weight[1].expand(batch, 1, -1)
        tokens = [self.input_patch_embedding(context), register, self.input_patch_embedding(future).expand(batch, -1, -1)]
        return torch.cat([t.to(tokens[0].dtype) for t in tokens], 1)

    def forward(self, context: Tensor, future: Tensor, observed: Tensor) -> Tensor:
        """Quantiles on the arcsinh scale, (batch, M, levels, 16). observed: context patches with a finite value."""
        batch, future_patches, shape = len(context), future.shape[1], self.shape
        h = self.embed(context, future)
        cos, sin = rotation(h.shape[1], shape.d_kv, shape.rope_theta, h.device)
        mask = F.pad(observed, (0, 1 + future_patches), value=True)[:, None, None, :]
        for index, block in enumerate(self.encoder.block):
            time, group, mlp = block.layer
            x, a = time.layer_norm(h), time.self_attention
            q, k, v = (p(x).view(batch, -1, shape.num_heads, shape.d_kv).transpose(1, 2) for p in (a.q, a.k, a.v))
            q, k = rotate(q, cos, sin), rotate(k, cos, sin)
            if index == shape.num_layers - 1:  # only the future tokens are read from here on
                q, h = q[:, :, -future_patches:], h[:, -future_patches:]
            scores = (q @ k.transpose(2, 3)).float().masked_fill(~mask, -1e30)
            attended = torch.softmax(scores, -1).to(v.dtype) @ v
            h = h + a.o(attended.transpose(1, 2).flatten(2))
            h = h + group.self_attention.o(group.self_attention.v(group.layer_norm(h)))  # a group of one attends to itself
            h = h + mlp.mlp.wo(F.relu(mlp.mlp.wi(mlp.layer_norm(h))))
        out = self.output_patch_embedding(self.encoder.final_layer_norm(h))
        return out.view(batch, future_patches, len(QUANTILES), PATCH)


def rotation(tokens: int, width: int, theta: float, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """Cosine and sine of the rotary angles, (tokens, width / 2)."""
    speed = theta ** (-torch.arange(0, width, 2, device=device).float() / width)
    angle = torch.arange(tokens, device=device).float()[:, None] * speed
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1).to(x.dtype)


@torch.no_grad()
def initialise(model: Chronos2) -> None:
    """Linear layers N(0, 1 / fan-in), branches small, and a head that starts as a calibrated Gaussian."""
    shape = model.shape
    for name, p in model.named_parameters():
        if p.ndim < 2:
            p.fill_(1.0 if "layer_norm" in name else 0.0)
            continue
        spread = 0.5 if name == "shared.weight" else p.shape[1] ** -0.5
        if name.endswith(".q.weight"):
            spread *= shape.d_kv**-0.5
        if name.endswith((".o.weight", ".wo.weight")):
            spread *= (3 * shape.num_layers) ** -0.5
        if name.startswith(("output_patch_embedding.output", "output_patch_embedding.residual")):
            spread *= 0.3
        p.normal_(0.0, spread)
    normal = torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(QUANTILES)).asinh()
    model.output_patch_embedding.output_layer.bias.copy_(normal.repeat_interleave(PATCH))
    for block in model.encoder.block:  # never used by a group of one: a real group would attend uniformly
        for projection in (block.layer[1].self_attention.q, block.layer[1].self_attention.k):
            projection.weight.zero_()
            projection.weight.requires_grad_(False)

