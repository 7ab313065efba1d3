"""A convolution, its batch norm in eval mode and a relu: stock's three calls against one.

stoker::convolution; in ResNet's last convolutions of a block (`expand`) with the residual between
norm and relu. Windows, layouts and modes as in conv.py.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from bench.ops.conv import Conv, ConvCase
from bench.ops.exact import check_result
from bench.ops.suite import STOCK, STOKER, Contestant
from bench.ops.windows import Window

EPS = 1e-5


class FusedCase(ConvCase):
    def __init__(self, window: Window, images: int, layout: str, dtype: str, mode: str):
        gamma, beta, mean = torch.randn(3, window.outputs)
        variance = torch.rand(window.outputs) + 0.5
        norm = [t.to(getattr(torch, dtype)) for t in (gamma, beta, mean, variance)]
        self.residual = window.name.endswith("expand")
        super().__init__(window, images, layout, dtype, mode)
        self.counter = "stoker.convolution"
        side = round(window.pixels**0.5)
        self.other = self._laid(torch.randn(images, window.outputs, side, side), layout)
        # One to a weight, as a pack of both is.
        self.norms = [[t.clone() for t in norm] for _ in range(self.copies)]

    def _pack(self, multiply: torch.dtype) -> list[torch.Tensor]:
        return []

    def contestants(self) -> dict[str, Contestant]:
        padding, stride, dilation, groups = self._arguments()
        combine, other = (3, self.other) if self.residual else (0, None)

        def calls(i: int) -> torch.Tensor:
            gamma, beta, mean, variance = self.norms[i]
            y = F.batch_norm(
                self._convolve(self.x, self.weights[i]), mean, variance, gamma, beta, eps=EPS
            )
            return F.relu_(y.add_(other) if self.residual else y)

        def call(i: int) -> torch.Tensor:
            return torch.ops.stoker.convolution.default(
                self.x, self.weights[i], None, stride, padding, dilation, groups,
                norm=self.norms[i], eps=EPS, activation=1, combine=combine, other=other,
            )  # fmt: skip

        found = {STOCK: Contestant(calls, self.copies)}
        found[STOKER] = Contestant(call, self.copies, stoker=True)
        return found

    def check(self, name: str, contestant: Contestant) -> int:
        """Of one image and one weight."""
        x, w = self.x[:1].double(), self.weights[0].double()
        exact, scale = (self._convolve(a, b) for a, b in ((x, w), (x.abs(), w.abs())))
        gamma, beta, mean, variance = (t.double() for t in self.norms[0])
        exact = F.batch_norm(exact, mean, variance, gamma, beta, eps=EPS)
        factor = (gamma.abs() * (variance + EPS).rsqrt()).view(1, -1, 1, 1)
        scale = (scale + mean.abs().view(1, -1, 1, 1)) * factor + beta.abs().view(1, -1, 1, 1)
        if self.residual:
            exact, scale = exact + self.other[:1], scale + self.other[:1].abs()
        if self.multiply != "float32":  # of which stock rounds every step, and so does the norm
            fine, coarse = (torch.finfo(getattr(torch, t)).eps for t in ("float32", self.multiply))
            scale = scale * (1 + coarse / fine / self.window.k**0.5)
        result = contestant.call(0)[:1]
        return check_result(self, name, result, exact.relu(), scale, self.window.k)


class ConvFused(Conv):
    case = FusedCase
