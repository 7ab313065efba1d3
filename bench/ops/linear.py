"""F.linear without bias, on the shapes of bench/shapes/.

Modes: `tensors` of each dtype as they are; `autocast`: fp32 tensors inside torch.autocast bfloat16
on both sides; `bf16`: stock fp32 against Stoker's bf16 mode (`stoker run --dtype bfloat16`). In the
last two oneDNN is given weights that were rounded ahead, and rounds the activations itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch.nn import functional as F

from bench.ops.exact import check_product
from bench.ops.limits import cold_bytes, prepacked_onednn
from bench.ops.shapes import Shape
from bench.ops.suite import ONEDNN, STOCK, STOKER, Case, Contestant, Operator

MOST_COPIES = 8192  # of a tiny weight: beyond, packing them takes longer than measuring
CHECKED_ROWS = 64


class Weights:
    """Copies of one weight, and what oneDNN makes of them."""

    def __init__(self, shape: Shape, dtype: torch.dtype, multiply: torch.dtype):
        one = shape.n * shape.k * multiply.itemsize
        self.copies = min(MOST_COPIES, -(-cold_bytes() // one))
        self.tensors = [torch.randn(shape.n, shape.k).to(dtype) for _ in range(self.copies)]
        self.onednn: list[Callable] = []
        self.why_not = ""
        for weight in self.tensors:
            call, self.why_not = prepacked_onednn(weight.to(multiply))
            if call is None:
                break
            self.onednn.append(call)


class LinearCase(Case):
    def __init__(self, shape: Shape, m: int, dtype: str, mode: str, weights: Weights):
        self.labels = {"shape": shape.name, "M": m, "N": shape.n, "K": shape.k, "dtype": dtype}
        self.multiply = dtype if mode == "tensors" else "bfloat16"
        self.mode, self.weights = mode, weights
        itemsize = getattr(torch, self.multiply).itemsize
        self.flops = 2 * m * shape.n * shape.k
        # Tiny weights stay in the caches, whatever is done.
        self.bytes = shape.n * shape.k * itemsize if weights.copies < MOST_COPIES else 0
        self.counter = "autocast.linear" if mode == "autocast" else "linear"
        self.absent = {ONEDNN: weights.why_not} if weights.why_not else {}
        self.x = torch.randn(m, shape.k).to(getattr(torch, dtype))

    def contestants(self) -> dict[str, Contestant]:
        copies, x, tensors = self.weights.copies, self.x, self.weights.tensors
        found = {STOCK: Contestant(lambda i: F.linear(x, tensors[i]), copies)}
        if ONEDNN not in self.absent:
            found[ONEDNN] = Contestant(self._onednn(), copies)
        found[STOKER] = Contestant(lambda i: F.linear(x, tensors[i]), copies, stoker=True)
        return found

    def _onednn(self) -> Callable[[int], torch.Tensor]:
        calls, x = self.weights.onednn, self.x
        if self.mode == "tensors":
            return lambda i: calls[i](x)
        result = torch.bfloat16 if self.mode == "autocast" else torch.float32
        return lambda i: calls[i](x.to(torch.bfloat16)).to(result)

    def check(self, name: str, contestant: Contestant) -> int:
        """In at most 64 rows, of one weight."""
        result = contestant.call(0)
        picked = torch.linspace(0, len(self.x) - 1, min(len(self.x), CHECKED_ROWS)).long()
        return check_product(
            self, name, result[picked], self.x[picked], self.weights.tensors[0].t()
        )


class Linear(Operator):
    def __init__(self, shapes: list[Shape], rows: tuple[int, ...], dtypes: list[str], mode: str):
        """`rows`: M of every shape; empty: those of each shape."""
        self.shapes, self.rows, self.dtypes, self.mode = shapes, rows, dtypes, mode

    def cases(self) -> Iterator[Case]:
        for dtype in self.dtypes:
            multiply = dtype if self.mode == "tensors" else "bfloat16"
            for shape in self.shapes:
                weights = Weights(shape, getattr(torch, dtype), getattr(torch, multiply))
                for m in self.rows or shape.rows:
                    yield LinearCase(shape, m, dtype, self.mode, weights)
