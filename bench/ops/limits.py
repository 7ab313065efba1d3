"""What one core can do at most: the best of several readings, taken between the measurements.

A disturbed reading is too low, never too high, so the best one is the truest; a mean would flatter
everything measured against it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import stoker
import torch
from torch.nn import functional as F

from bench.ops.timing import seconds_of

READINGS = 5  # at least, before anything is measured
COLUMNS = 4096  # of the matrix that is read
SIZE = 768  # of square products: all three matrices in L2 or L3


def l3_bytes() -> int:
    """Of the last-level cache of this core; 32 MiB where the system does not say."""
    try:
        text = Path("/sys/devices/system/cpu/cpu0/cache/index3/size").read_text().strip()
        return int(text.removesuffix("K")) << 10
    except (OSError, ValueError):
        return 32 << 20


def cold_bytes() -> int:
    """What a working set must exceed to be out of every cache."""
    return 4 * l3_bytes() + 1


class Limits:
    """Peak rates by dtype, and the bandwidth of memory.

    The peak is that of a large product by whoever computes it best, in fp32 or in the dtype itself:
    widening to fp32 is always possible, so no 16-bit peak is below the fp32 one.
    """

    def __init__(self, dtypes: list[str]):
        self.flops: dict[str, list[float]] = {name: [] for name in ["float32", *dtypes]}
        self.bandwidth: list[float] = []
        # Of torch's readers a matrix times a vector is the fastest.
        self._memory = torch.ones(cold_bytes() // (4 * COLUMNS) + 1, COLUMNS)
        self._products = {name: _products(getattr(torch, name)) for name in self.flops}
        for _ in range(READINGS):
            for name in self.flops:
                self.read(name)
        # What cannot set the peak need not be read again.
        for name, products in self._products.items():
            best = max(products, key=lambda product: max(product.rates))
            self._products[name] = [best]
            if max(best.rates) < max(self.flops["float32"]):
                self._products[name] = []

    def read(self, dtype: str) -> None:
        """One more reading of the dtype's peak, of fp32's and of the bandwidth."""
        for name in {"float32", dtype}:
            self.flops[name] += [product.read() for product in self._products[name]]
        stoker.disable()
        with torch.autocast("cpu", enabled=False):
            for matrix in (self._memory, self._memory.view(torch.float64)):
                vector = torch.ones(matrix.size(1), dtype=matrix.dtype)
                spent = seconds_of(lambda matrix=matrix, vector=vector: torch.mv(matrix, vector))
                self.bandwidth.append(matrix.nbytes / spent)

    def peak(self, dtype: str) -> float:
        return max(self.flops["float32"] + self.flops[dtype])

    def seconds(self, dtype: str, flops: float, memory: float) -> float:
        """The least that a call can take."""
        return max(flops / self.peak(dtype), memory / max(self.bandwidth))


class _Product:
    def __init__(self, call: Callable[[], object], ours: bool):
        self._call, self._ours, self.rates = call, ours, []

    def read(self) -> float:
        stoker.enable() if self._ours else stoker.disable()
        with torch.autocast("cpu", enabled=False):
            self.rates.append(2 * SIZE**3 / seconds_of(self._call))
        return self.rates[-1]


def _products(dtype: torch.dtype) -> list[_Product]:
    x, weight = torch.randn(SIZE, SIZE).to(dtype), torch.randn(SIZE, SIZE).to(dtype)
    found = [_Product(lambda: F.linear(x, weight), ours) for ours in (False, True)]
    onednn, _ = prepacked_onednn(weight)
    if onednn is not None:
        found.append(_Product(lambda: onednn(x), False))
    return found


def prepacked_onednn(weight: torch.Tensor) -> tuple[Callable | None, str]:
    """F.linear by torch's oneDNN with its own layout of `weight`; or none, and why."""
    try:
        packed = torch.ops.mkldnn._reorder_linear_weight(weight)
    except (RuntimeError, AttributeError) as error:
        return None, str(error).splitlines()[0]
    linear = torch.ops.mkldnn._linear_pointwise
    return lambda x: linear(x, packed, None, "none", [], None), ""
