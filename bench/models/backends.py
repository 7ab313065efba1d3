"""Ways to run a model, and their registry.

A peer is one more entry: `prepare` turns the module into whatever is called instead of it, and the
environment is that of the process it has to itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.models.workload import Model, State

if TYPE_CHECKING:
    import torch

STOCK = "stock"
BASELINE = (STOCK, "float32")  # what every row is compared with
WITHOUT = {"STOKER": "0"}
WAITING = "weight not seen often enough"  # a reason of packed_weights.cpp
MOST_WAITING = 0.05


class Unavailable(Exception):
    """A backend that cannot run here; its text says why."""


def _as_it_is(module: torch.nn.Module, inputs: State, dtype: str) -> Model:
    return module


@dataclass(frozen=True)
class Backend:
    name: str
    about: str
    dtypes: tuple[str, ...]  # float32, bfloat16: what products are multiplied in
    environment: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[torch.nn.Module, State, str], Model] = _as_it_is
    autocast: bool = False  # bfloat16 by torch.autocast around each call
    warm_seconds: float = 1.0  # at least, before results are compared again and timed
    settled: Callable[[], bool] = lambda: True  # after a call: is every next one like it?

    def around_call(self, dtype: str) -> AbstractContextManager:
        if not (self.autocast and dtype == "bfloat16"):
            return contextlib.nullcontext()
        import torch

        return torch.autocast("cpu", torch.bfloat16)


BACKENDS: dict[str, Backend] = {}


def register(backend: Backend) -> None:
    BACKENDS[backend.name] = backend


def _inductor(module: torch.nn.Module, inputs: State, dtype: str) -> Model:
    import torch
    import torch._inductor.config

    torch._inductor.config.freezing = True
    return torch.compile(module)


def _library(module: torch.nn.Module, inputs: State, dtype: str) -> Model:
    import stoker
    import torch

    if not stoker.status()["active"]:
        raise Unavailable(f"stoker is off: {stoker.status()['why']}")
    if dtype == "bfloat16":
        stoker.set_dtype(torch.bfloat16, force=True)  # what it costs without bf16, too
    return module


def _packed() -> bool:
    """Have nearly all calls since this was last asked found their weights packed, or need none?

    Decoding packs late: a weight must have met rows enough to pay for its pack. What waits for
    long in the other models is one small layer at their end.
    """
    import stoker

    operators = stoker.status()["operators"].values()
    calls = sum(operator["calls"] for operator in operators)
    waiting = sum(
        count
        for operator in operators
        for reason, count in operator["declined"].items()
        if reason.startswith(WAITING)
    )
    stoker.reset_counters()
    return waiting <= MOST_WAITING * calls


def _graphs(module: torch.nn.Module, inputs: State, dtype: str) -> Model:
    import stoker

    return stoker.optimize(_library(module, inputs, dtype))


BOTH = ("float32", "bfloat16")
register(Backend(STOCK, "torch's own kernels, eager", ("float32",), WITHOUT))
register(Backend("autocast", "stock in torch.autocast", ("bfloat16",), WITHOUT, autocast=True))
register(
    Backend(
        "inductor", "torch.compile with freezing", BOTH, WITHOUT, prepare=_inductor, autocast=True
    )
)
register(
    Backend(
        "library",
        "Stoker's operators",
        BOTH,
        {"STOKER_GRAPH": "0"},
        prepare=_library,
        settled=_packed,
    )
)
register(
    Backend(
        "stoker",
        "Stoker's operators and graphs",
        BOTH,
        prepare=_graphs,
        warm_seconds=4.0,  # a module is captured once it has spent seconds in eager
        settled=_packed,
    )
)
