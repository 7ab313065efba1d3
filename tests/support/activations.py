"""The activations of stoker::linear and stoker::convolution, by their numbers."""

from __future__ import annotations

import torch
from torch.nn import functional as F

ACTIVATIONS = [
    lambda x: x,
    torch.relu,
    F.gelu,
    lambda x: F.gelu(x, approximate="tanh"),
    F.silu,
    torch.sigmoid,
    torch.tanh,
    F.hardswish,
    F.relu6,
    F.hardsigmoid,
]
