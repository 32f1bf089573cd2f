"""Official file layout (config.json, model.safetensors) written and read without a library, and files replaced atomically."""
from __future__ import annotations

import hashlib
import json
import os
import struct
from pathlib import Path
from typing import Callable

import numpy as np
import torch
from torch import Tensor

from .model import PATCH, QUANTILES, TIME_SCALE, Chronos2, Shape

TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def replace(path: Path, write: Callable[[Path], object]) -> None:
    """Writes beside `path` and renames, so that a reader or a crash never meets half a file."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    write(beside)
    os.replace(beside, path)


def export(folder: Path, weights: dict[str, Tensor], shape: Shape, kind: str = "F32") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / "config.json", lambda path: path.write_text(json.dumps(config(shape, kind), indent=2) + "\n"))
    replace(folder / "model.safetensors", lambda path: path.write_bytes(encode(weights, kind)))


def load(folder: Path) -> Chronos2:
    settings = json.loads((folder / "config.json").read_text())
    sizes = {field: settings[field] for field in Shape.__dataclass_fields__ if field in settings}
    forecasting = settings["chronos_config"]
    model = Chronos2(Shape(**sizes, context_length=forecasting["context_length"], max_output_patches=forecasting["max_output_patches"]))
    model.load_state_dict(decode((folder / "model.safetensors").read_bytes()))
    return model


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def encode(weights: dict[str, Tensor], kind: str) -> bytes:
    header, blobs, offset = {}, [], 0
    for name in sorted(weights):
        stored = weights[name].detach().cpu().to(TYPES[kind]).contiguous()
        blob = stored.view(torch.int32 if kind == "F32" else torch.int16).numpy().tobytes()
        header[name] = {"dtype": kind, "shape": list(stored.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(blobs)


def decode(content: bytes) -> dict[str, Tensor]:
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    weights = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        first, last = (8 + length + offset for offset in entry["data_offsets"])
        stored = np.frombuffer(content[first:last], np.int32 if entry["dtype"] == "F32" else np.int16)
        weights[name] = torch.from_numpy(stored.copy()).view(TYPES[entry["dtype"]]).view(entry["shape"]).float()
    return weights


def config(shape: Shape, kind: str) -> dict:
    return {
        "architectures": ["Chronos2Model"],
        "model_type": "t5",
        "d_model": shape.d_model,
        "d_ff": shape.d_ff,
        "d_kv": shape.d_kv,
        "num_layers": shape.num_layers,
        "num_heads": shape.num_heads,
        "rope_theta": shape.rope_theta,
        "layer_norm_epsilon": 1e-6,
        "dropout_rate": 0.0,
        "dense_act_fn": "relu",
        "feed_forward_proj": "relu",
        "is_gated_act": False,
        "initializer_factor": 1.0,
        "pad_token_id": 0,
        "reg_token_id": 1,
        # the product's own: the group attention is untrained
        "at_covariates": False,
        "vocab_size": 2,
        "dtype": {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}[kind],
        "chronos_config": {
            "context_length": shape.context_length,
            "input_patch_size": PATCH,
            "input_patch_stride": PATCH,
            "output_patch_size": PATCH,
            "max_output_patches": shape.max_output_patches,
            "quantiles": QUANTILES,
            "time_encoding_scale": TIME_SCALE,
            "use_arcsinh": True,
            "use_reg_token": True,
        },
    }
