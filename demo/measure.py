"""Runs a script unchanged and notes the time spent inside outermost nn.Module calls.

Usage: measure.py REPORT.json SCRIPT ARGS... The time is taken the same way whether Stoker is active
or not: by wrapping nn.Module.__call__ in this process.
"""

from __future__ import annotations

import json
import runpy
import sys
import time
from pathlib import Path

import stoker
import torch

seconds = 0.0
depth = 0
original = torch.nn.Module.__call__


def timed(module, *args, **kwargs):
    global seconds, depth
    if depth:
        return original(module, *args, **kwargs)
    depth += 1
    start = time.perf_counter()
    try:
        return original(module, *args, **kwargs)
    finally:
        seconds += time.perf_counter() - start
        depth -= 1


if __name__ == "__main__":
    report, script = sys.argv[1:3]
    sys.argv = sys.argv[2:]
    sys.path[0] = str(Path(script).parent)
    torch.nn.Module.__call__ = timed
    runpy.run_path(script, run_name="__main__")
    Path(report).write_text(json.dumps({"model_seconds": seconds, "stoker": stoker.status()}))
