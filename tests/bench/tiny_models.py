"""Models and backends for the tests of `python -m bench.models`, given by its option --also.

Every call of the model is noted in the file that TINY_CALLS names: backend, begin, end.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from bench.models import backends, workload


def _build():
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(3, 8, 3, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(288, 10),
    )


def _inputs():
    import torch

    return {"input": torch.randn(4, 3, 8, 8)}


def _noted(model, state):
    begin = time.monotonic_ns()
    result = workload.forward(model, state)
    if "TINY_CALLS" in os.environ:
        with Path(os.environ["TINY_CALLS"]).open("a") as file:
            print(sys.argv[2], begin, time.monotonic_ns(), file=file)
    return result


def _late(module, inputs, dtype):
    """Right at first, wrong once it is warm: as a stale graph is."""
    calls = 0

    def call(**inputs):
        nonlocal calls
        calls += 1
        return module(**inputs) * (1 if calls < 4 else 1.001)

    return call


def _stale(module, inputs, dtype):
    """Right until it is timed: only after warm calls somebody asks whether it is settled."""

    def call(**inputs):
        _stale.calls += 1
        return module(**inputs) * (1 if _stale.calls < 3 else 1.001)

    return call


def _stale_settled():
    _stale.calls = 0
    return True


def _raising(module, inputs, dtype):
    raise TypeError("no such operator: tiny\nsecond line")


def _exiting(module, inputs, dtype):
    print("out of luck", file=sys.stderr, flush=True)
    os._exit(3)


def _printing(module, inputs, dtype):
    print("libraries print what they like")
    return module


def _register(name, prepare, **more):
    backends.register(backends.Backend(name, "", ("float32",), {"STOKER": "0"}, prepare, **more))


_stale.calls = 0
workload.register(workload.Workload("tiny", "4x3x8x8", _build, _inputs, _noted))
_register("printing", _printing)
_register("late", _late)
_register("stale", _stale, settled=_stale_settled)
_register("wrong", lambda module, inputs, dtype: lambda **given: module(**given) * 1.001)
_register("nan", lambda module, inputs, dtype: lambda **given: module(**given) * float("nan"))
_register("raising", _raising)
_register("exiting", _exiting)
