"""F.conv_transpose2d without bias, on the transposed windows of windows.py; otherwise as conv.py.

pixels and K are those of the input: every pixel of it is multiplied with a whole window.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from bench.ops.conv import Conv, ConvCase


class TransposedCase(ConvCase):
    stock_rounds_sums = True  # of the taps, in bf16, where its plain loops run

    def _weight_shape(self) -> tuple[int, ...]:
        window = self.window
        return window.channels, window.outputs, window.kernel, window.kernel

    def _convolve(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        padding, stride, _, _ = self._arguments()
        return F.conv_transpose2d(x, weight, None, stride, padding)

    def _pack(self, multiply: torch.dtype) -> list[torch.Tensor]:
        return []


class ConvTransposed(Conv):
    case = TransposedCase
