"""torch.bmm on the products of attention: scores (Q x K^T) and values (P x V), B either way round.

Modes as in linear.py. Operands are what the operators before have just written: nothing is kept out
of the caches.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from bench.ops.exact import check_product
from bench.ops.shapes import Shape
from bench.ops.suite import ONEDNN, STOCK, STOKER, Case, Contestant, Operator

BATCHES = (12, 96)  # heads of BERT-base, of one sentence and of eight
CHECKED = 4  # entries of the batch


class BatchedCase(Case):
    def __init__(self, shape: Shape, m: int, batch: int, order: str, dtype: str, mode: str):
        self.labels = {
            "shape": shape.name, "batch": batch, "M": m, "N": shape.n, "K": shape.k,
            "B": f"along_{order}", "dtype": dtype,
        }  # fmt: skip
        self.multiply = dtype if mode == "tensors" else "bfloat16"
        self.mode = mode
        self.flops = 2 * batch * m * shape.n * shape.k
        self.bytes = 0
        self.counter = "autocast.bmm" if mode == "autocast" else "bmm"
        self.absent = {ONEDNN: "bmm has no packed weights"}
        self.a = torch.randn(batch, m, shape.k).to(getattr(torch, dtype))
        self.b = torch.randn(batch, shape.k, shape.n).to(getattr(torch, dtype))
        if order == "k":
            self.b = self.b.transpose(1, 2).contiguous().transpose(1, 2)

    def contestants(self) -> dict[str, Contestant]:
        def call(_: int) -> torch.Tensor:
            return torch.bmm(self.a, self.b)

        return {STOCK: Contestant(call, 1), STOKER: Contestant(call, 1, stoker=True)}

    def check(self, name: str, contestant: Contestant) -> int:
        """In at most four entries of the batch."""
        result = contestant.call(0)
        picked = torch.linspace(0, len(self.a) - 1, min(len(self.a), CHECKED)).long()
        return check_product(self, name, result[picked], self.a[picked], self.b[picked])


class Batched(Operator):
    def __init__(self, shapes: list[Shape], rows: tuple[int, ...], dtypes: list[str], mode: str):
        """`rows`: M of every shape; empty: those of each shape."""
        self.shapes, self.rows, self.dtypes, self.mode = shapes, rows, dtypes, mode

    def cases(self) -> Iterator[Case]:
        for dtype in self.dtypes:
            for shape in self.shapes:
                for m in self.rows or shape.rows:
                    for batch in BATCHES:
                        for order in ("k", "n"):
                            yield BatchedCase(shape, m, batch, order, dtype, self.mode)
