"""Seeded weights that behave like trained ones, the same in every process."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator

import torch
from torch import nn

from bench.models.workload import State, Workload

SEED = 11
IMAGES = 8  # for the statistics of batch norms


@contextlib.contextmanager
def stock_kernels() -> Iterator[None]:
    """Weights must not depend on the backend: what makes them is computed by stock kernels."""
    import stoker

    active = stoker.status()["active"]
    stoker.disable()
    try:
        yield
    finally:
        if active:
            stoker.enable()


def make(workload: Workload) -> tuple[nn.Module, State]:
    """The model in eval mode and its inputs."""
    with stock_kernels(), torch.no_grad():
        torch.manual_seed(SEED)
        model = workload.build().eval()
        if workload.seeded:
            _settle_norms(model, workload)
        torch.manual_seed(SEED + 1)
        return model, workload.inputs()


def _settle_norms(model: nn.Module, workload: Workload) -> None:
    """Fresh norms are the identity, and an untrained batch norm does not know its inputs: folding
    one would change nothing, and activations would vanish or overflow from layer to layer.

    Biases of batch norms are about 1, so that most units are active: in a random ReLU network with
    biases about 0 every block amplifies rounding, and ResNet-50 by stock fp32 was 1.8e-5 away from
    float64; so it is 5e-7.
    """
    norms = [
        module for module in model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)
    ]
    if norms:
        for parameter in model.parameters():
            if parameter.dim() == 4:
                nn.init.kaiming_normal_(parameter)
    for norm in norms:
        norm.reset_parameters()  # its statistics, too
        norm.bias.fill_(1)
    for parameter in model.parameters():
        if parameter.dim() == 1:
            parameter.add_(0.05 * torch.randn_like(parameter))
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = None  # averages instead of moving ones
        norm.train()
    if norms:  # channels differ from image to image, too
        many = [workload.inputs() for _ in range(IMAGES)]
        model(**{name: torch.cat([one[name] for one in many]) for name in many[0]})
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()


def fingerprint(model: nn.Module, inputs: State) -> int:
    """Of every weight and input: equal in processes that measure the same thing."""
    tensors = [*model.parameters(), *model.buffers(), *inputs.values()]
    check = 0
    for tensor in tensors:
        check = zlib.crc32(tensor.detach().contiguous().view(-1).view(torch.uint8).numpy(), check)
    return check
