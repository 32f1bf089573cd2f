"""Command line: python3 -m training train|... in models/embedded."""
from __future__ import annotations

import os

os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "20000")  # one compiled product per window shape

from .cli import main

main()
