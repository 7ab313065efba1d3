"""Convolutions of the differential runs: a fuzz over everything a convolution is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch.nn import functional as F

SEED = 20261126
FUNCTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
LAST = {2: torch.channels_last, 3: torch.channels_last_3d}
MOST_SIZE = {1: 40, 2: 15, 3: 7}


class Draw:
    """One random convolution: operands in float32 and the arguments."""

    def __init__(self, generator: torch.Generator):
        def number(least: int, most: int) -> int:
            return int(torch.randint(least, most + 1, (), generator=generator))

        self.dimensions = d = number(1, 3)
        self.point = number(0, 1) == 1  # half of them have a window of one pixel
        self.groups = 1 if self.point or number(0, 1) else number(2, 4)
        channels = number(1, 8) if self.groups > 1 else number(1, 70 if self.point else 20)
        if self.groups > 1 and number(0, 2) == 0:
            channels = 1  # depthwise
        self.channels = channels * self.groups
        self.outputs = number(1, 9 if self.groups > 1 else 80) * self.groups
        self.kernel = [1 if self.point else number(1, 3) for _ in range(d)]
        self.stride = [number(1, 3) if number(0, 1) else 1 for _ in range(d)]
        self.padding = [0 if self.point else number(0, 2) for _ in range(d)]
        self.dilation = [1 if number(0, 2) else 2 for _ in range(d)]
        self.sizes = [number(1, MOST_SIZE[d]) for _ in range(d)]
        self.images = number(1, 5)
        self.layouts = number(0, 1), number(0, 1)  # channels last: input, weight
        shape = self.outputs, channels, *self.kernel
        self.x = torch.randn(self.images, self.channels, *self.sizes, generator=generator)
        self.w = torch.randn(*shape, generator=generator)
        self.b = torch.randn(self.outputs, generator=generator) if number(0, 1) else None

    @property
    def arguments(self) -> tuple:
        return self.stride, self.padding, self.dilation, self.groups

    def laid(self, tensor: torch.Tensor, last: int) -> torch.Tensor:
        if last and self.dimensions > 1:
            return tensor.contiguous(memory_format=LAST[self.dimensions])
        if last:  # [images, length, channels], as transformers have it
            return tensor.transpose(1, 2).contiguous().transpose(1, 2)
        return tensor

    def operands(self, dtype: torch.dtype) -> tuple:
        x, w = self.x.to(dtype), self.w.to(dtype)
        x, w = self.laid(x, self.layouts[0]), self.laid(w, self.layouts[1])
        return x, w, self.b if self.b is None else self.b.to(dtype)


def calls(draw: Draw, dtype: torch.dtype) -> dict[str, Callable]:
    """Ways to write it, by name."""
    x, w, b = draw.operands(dtype)
    function, arguments = FUNCTIONS[draw.dimensions], draw.arguments
    return {
        "conv": lambda: function(x, w, b, *arguments),
        "unbatched": lambda: function(x[0], w, b, *arguments),
        "some_channels": lambda: function(torch.cat([x, x], 1)[:, : x.size(1)], w, b, *arguments),
        "same": lambda: function(x, w, b, 1, "same", draw.dilation, draw.groups),
        "wrong_channels": lambda: function(x[:, 1:], w, b, *arguments),
        "old": lambda: torch.ops.aten._convolution.deprecated(
            x, w, b, *arguments[:3], False, [0], draw.groups, False, False, True
        ),
    }


def cases(number: int) -> Iterator[tuple[str, Draw, torch.dtype, Callable]]:
    """Name, what was drawn, and the call: to be run in some mode."""
    generator = torch.Generator().manual_seed(SEED)
    for i in range(number):
        draw = Draw(generator)
        for dtype in (torch.float32, torch.bfloat16, torch.float16, torch.float64):
            ways = calls(draw, dtype)
            for name, call in ways.items():
                yield f"{name}{draw.dimensions}d/{dtype}/{i}", draw, dtype, call
