"""What a model of this benchmark is, and their registry; zoo.py fills it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

Model = Callable[..., Any]
State = dict[str, Any]


def forward(model: Model, state: State) -> torch.Tensor:
    """One call; of several outputs the first one."""
    output = model(**state)
    return output if hasattr(output, "dtype") else output[0]


def _as_they_are(model: Model, inputs: State) -> State:
    return inputs


@dataclass(frozen=True)
class Workload:
    """A model and what is asked of it; its functions import torch, in the processes that run it.

    `build` and `inputs` draw from torch's default generator, which is seeded before each. `begin`
    runs once, before the first `call`, and makes of the inputs what every call is given; it
    is run as the calls are: by the same backend, gradients off.
    """

    name: str
    about: str
    build: Callable[[], torch.nn.Module]
    inputs: Callable[[], State]
    call: Callable[[Model, State], torch.Tensor] = forward
    begin: Callable[[Model, State], State] = _as_they_are
    steps: int = 1  # in one call; times are of one step
    seeded: bool = True  # False: real weights, left as they are


WORKLOADS: dict[str, Workload] = {}


def register(workload: Workload) -> None:
    WORKLOADS[workload.name] = workload
