"""F.conv2d without bias, on the windows of windows.py, in both layouts; M is the number of images.

Modes as in linear.py. Weights are cold, as in a model; images are what the layer before has just
written. oneDNN (torch's own, with weights packed ahead) always gives channels last: with the other
layout a copy of its result is still missing from its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch.nn import functional as F

from bench.ops.exact import check_result
from bench.ops.limits import cold_bytes
from bench.ops.suite import ONEDNN, STOCK, STOKER, Case, Contestant, Operator
from bench.ops.windows import Window

IMAGES = (1, 8)
LAYOUTS = {"last": torch.channels_last, "first": torch.contiguous_format}
MOST_COPIES = 64  # of the smallest weights: beyond, packing them takes longer than measuring


class ConvCase(Case):
    def __init__(self, window: Window, images: int, layout: str, dtype: str, mode: str):
        self.labels = {
            "shape": window.name, "M": images, "pixels": window.pixels, "N": window.outputs,
            "K": window.k, "channels": layout, "dtype": dtype,
        }  # fmt: skip
        self.window, self.mode = window, mode
        self.multiply = dtype if mode == "tensors" else "bfloat16"
        multiply = getattr(torch, self.multiply)
        self.flops = 2 * images * window.pixels * window.outputs * window.k
        self.bytes = window.outputs * window.k * multiply.itemsize
        self.counter = "autocast.conv2d" if mode == "autocast" else "_convolution"
        self.copies = min(MOST_COPIES, -(-cold_bytes() // self.bytes))
        self.absent: dict[str, str] = {}
        self.given = getattr(torch, dtype)
        shape = self._weight_shape()
        self.weights = [self._laid(torch.randn(shape), layout) for _ in range(self.copies)]
        images_shape = images, window.channels, window.size, window.size
        self.x = self._laid(torch.randn(images_shape), layout)
        self.packed = self._pack(multiply)

    def _laid(self, tensor: torch.Tensor, layout: str) -> torch.Tensor:
        return tensor.to(self.given).contiguous(memory_format=LAYOUTS[layout])

    def _weight_shape(self) -> tuple[int, ...]:
        window = self.window
        return window.outputs, window.channels // window.groups, window.kernel, window.kernel

    def _convolve(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        padding, stride, dilation, groups = self._arguments()
        return F.conv2d(x, weight, None, stride, padding, dilation, groups)

    def _arguments(self) -> tuple[list[int], list[int], list[int], int]:
        window = self.window
        return [window.padding] * 2, [window.stride] * 2, [1, 1], window.groups

    def _pack(self, multiply: torch.dtype) -> list[torch.Tensor]:
        reorder = torch.ops.mkldnn._reorder_convolution_weight
        try:
            run = self._onednn(multiply)
            packed = [
                reorder(w.to(multiply), *self._arguments(), list(self.x.shape))
                for w in self.weights
            ]
            run(packed[0])
        except RuntimeError as error:
            self.absent = {ONEDNN: str(error).splitlines()[0]}
            return []
        return packed

    def _onednn(self, multiply: torch.dtype) -> Callable[[torch.Tensor], torch.Tensor]:
        run = torch.ops.mkldnn._convolution_pointwise
        result = torch.float32 if self.mode == "bf16" else multiply

        def call(weight: torch.Tensor) -> torch.Tensor:
            x = self.x.to(multiply)
            return run(x, weight, None, *self._arguments(), "none", [], None).to(result)

        return call

    def contestants(self) -> dict[str, Contestant]:
        def call(i: int) -> torch.Tensor:
            return self._convolve(self.x, self.weights[i])

        found = {STOCK: Contestant(call, self.copies)}
        if self.packed:
            run = self._onednn(getattr(torch, self.multiply))
            found[ONEDNN] = Contestant(lambda i: run(self.packed[i]), self.copies)
        found[STOKER] = Contestant(call, self.copies, stoker=True)
        return found

    def check(self, name: str, contestant: Contestant) -> int:
        """Of one image and one weight."""
        x, w = self.x[:1].double(), self.weights[0].double()
        exact, scale = (self._convolve(a, b) for a, b in ((x, w), (x.abs(), w.abs())))
        return check_result(self, name, contestant.call(0)[:1], exact, scale, self.window.k)


class Conv(Operator):
    case = ConvCase

    def __init__(
        self, windows: list[Window], images: tuple[int, ...], dtypes: list[str], mode: str
    ):
        """`images`: numbers of them; empty: one and eight."""
        self.windows, self.images, self.dtypes, self.mode = windows, images, dtypes, mode

    def cases(self) -> Iterator[Case]:
        for dtype in self.dtypes:
            for window in self.windows:
                for images in self.images or IMAGES:
                    for layout in LAYOUTS:
                        yield self.case(window, images, layout, dtype, self.mode)
