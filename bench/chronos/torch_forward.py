"""Series per second of a plain torch forward pass of Chronos-Bolt or Chronos-2, for bench/chronos.

    python3 torch_forward.py FOLDER CONTEXT THREADS BATCH

The layers are those of the public library: no absorbed cross attention, group attention over the whole batch.
"""
import json
import sys
import time

import numpy
import torch
from torch.nn.functional import linear, relu

folder, (context, threads, batch) = sys.argv[1], map(int, sys.argv[2:5])
torch.set_num_threads(threads)
torch.set_grad_enabled(False)

config = json.load(open(f"{folder}/config.json"))
heads, head_width, layers = config["num_heads"], config["d_kv"], config["num_layers"]
is_bolt = "Bolt" in config["architectures"][0]


def read_weights(path):
    data = numpy.memmap(path, dtype=numpy.uint8, mode="r")
    length = int(data[:8].view(numpy.uint64)[0])
    header = json.loads(bytes(data[8 : 8 + length]))
    values = data[8 + length :]
    return {
        name: torch.from_numpy(numpy.array(values[begin:end]).view(numpy.float32).reshape(tensor["shape"]))
        for name, tensor in header.items()
        for begin, end in [tensor["data_offsets"]]
    }


weights = read_weights(f"{folder}/model.safetensors")


def norm(x, name):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * weights[f"{name}.weight"]


def residual(x, name):
    def part(x, layer):
        return linear(x, weights[f"{name}.{layer}.weight"], weights[f"{name}.{layer}.bias"])

    return part(relu(part(x, "hidden_layer")), "output_layer") + part(x, "residual_layer")


def feed_forward(x, name):
    return linear(relu(linear(x, weights[f"{name}.wi.weight"])), weights[f"{name}.wo.weight"])


def split(x):
    return x.view(x.shape[0], -1, heads, head_width).transpose(1, 2)


def attend(x, name, bias, states=None, rotate=lambda x: x):
    states = x if states is None else states
    query, key, value = (
        split(linear(source, weights[f"{name}.{part}.weight"])) for source, part in ((x, "q"), (states, "k"), (states, "v"))
    )
    mixed = torch.softmax(rotate(query) @ rotate(key).transpose(2, 3) + bias, -1) @ value
    return linear(mixed.transpose(1, 2).reshape(x.shape[0], -1, heads * head_width), weights[f"{name}.o.weight"])


def bolt(features):
    x = residual(features, "input_patch_embedding")
    x = torch.cat([x, weights["shared.weight"][1].expand(batch, 1, -1)], 1)
    bias = torch.zeros(1, heads, x.shape[1], x.shape[1])
    for i in range(layers):
        block = f"encoder.block.{i}.layer"
        x = x + attend(norm(x, f"{block}.0.layer_norm"), f"{block}.0.SelfAttention", bias)
        x = x + feed_forward(norm(x, f"{block}.1.layer_norm"), f"{block}.1.DenseReluDense")
    states = norm(x, "encoder.final_layer_norm")
    x = weights["shared.weight"][0].expand(batch, 1, -1)
    for i in range(config["num_decoder_layers"]):
        block = f"decoder.block.{i}.layer"
        own = norm(x, f"{block}.0.layer_norm")
        own = linear(own, weights[f"{block}.0.SelfAttention.v.weight"])
        x = x + linear(own, weights[f"{block}.0.SelfAttention.o.weight"])
        asking = norm(x, f"{block}.1.layer_norm")
        x = x + attend(asking, f"{block}.1.EncDecAttention", bias[:, :, :1], states)
        x = x + feed_forward(norm(x, f"{block}.2.layer_norm"), f"{block}.2.DenseReluDense")
    return residual(norm(x, "decoder.final_layer_norm"), "output_patch_embedding")


def chronos2(features):
    x = residual(features, "input_patch_embedding")
    x = torch.cat([x[:, :-4], weights["shared.weight"][1].expand(batch, 1, -1), x[:, -4:]], 1)
    angles = torch.arange(x.shape[1])[:, None] / 10_000 ** (torch.arange(0, head_width, 2) / head_width)
    cos, sin = (f(torch.cat([angles, angles], 1)) for f in (torch.cos, torch.sin))
    half = head_width // 2
    rotate = lambda x: x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin
    in_time = torch.zeros(batch, 1, 1, x.shape[1])
    alone = torch.full((batch, batch), -3.4e38).fill_diagonal_(0)
    for i in range(layers):
        block = f"encoder.block.{i}.layer"
        x = x + attend(norm(x, f"{block}.0.layer_norm"), f"{block}.0.self_attention", in_time, rotate=rotate)
        by_token = norm(x, f"{block}.1.layer_norm").transpose(0, 1)
        x = x + attend(by_token, f"{block}.1.self_attention", alone).transpose(0, 1)
        x = x + feed_forward(norm(x, f"{block}.2.layer_norm"), f"{block}.2.mlp")
    return residual(norm(x[:, -4:], "encoder.final_layer_norm"), "output_patch_embedding")


patches = (context + 15) // 16
features = torch.randn(batch, patches, 32) if is_bolt else torch.randn(batch, patches + 4, 48)
forward = bolt if is_bolt else chronos2
forward(features)
started, count = time.perf_counter(), 0
while count < 2 or time.perf_counter() - started < 2:
    forward(features)
    count += 1
print(count * batch / (time.perf_counter() - started))
