"""torch.nn.functional.embedding_bag: every kind of bag, on as many tables as no cache holds.

Each call is one table's; the tables take turns, as in a recommender of 26 of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.nn import functional as F

from bench.ops.limits import l3_bytes
from bench.ops.shapes import Shape
from bench.ops.suite import ONEDNN, STOCK, STOKER, Case, Contestant, Operator, WrongResult

TABLES = 26
MOST_SETS = 1000  # of indices, for each table
LENGTHS = (1, 20)  # indices a bag
KINDS = ("sum", "mean", "max", "padded", "scaled", "tracked")  # as in calibration files
CHECKED = 4  # tables


class BagCase(Case):
    flops, mode = 0, "tensors"

    def __init__(self, shape: Shape, bags: int, length: int, kind: str, tables: list[torch.Tensor]):
        dtype = str(tables[0].dtype).removeprefix("torch.")
        self.labels = {
            "shape": shape.name, "rows": shape.n, "width": shape.k, "M": bags, "length": length,
            "kind": kind, "dtype": dtype,
        }  # fmt: skip
        self.multiply, self.kind = dtype, kind
        tracked = kind == "tracked"  # as the tables of modules are
        self.counter = "_embedding_bag" if tracked else "_embedding_bag_forward_only"
        self.tables = [table.detach().requires_grad_(tracked) for table in tables]
        self.absent = {ONEDNN: "it has no embedding bags"}
        count = bags * length
        self.bytes = count * shape.k * tables[0].element_size()
        # As many rows as no cache holds.
        sets = min(MOST_SETS, 1 + 4 * l3_bytes() // (TABLES * int(self.bytes)))
        self.indices = [torch.randint(0, shape.n, (count,)) for _ in range(TABLES * sets)]
        self.offsets = torch.arange(0, count, length)
        self.scales = torch.rand(count).to(tables[0].dtype) if kind == "scaled" else None

    def call(self, i: int) -> torch.Tensor:
        return F.embedding_bag(
            self.indices[i],
            self.tables[i % TABLES],
            self.offsets,
            mode=self.kind if self.kind in ("mean", "max") else "sum",
            per_sample_weights=self.scales,
            padding_idx=0 if self.kind == "padded" else None,
        )

    def contestants(self) -> dict[str, Contestant]:
        copies = len(self.indices)
        return {
            STOCK: Contestant(self.call, copies),
            STOKER: Contestant(self.call, copies, stoker=True),
        }

    def check(self, name: str, contestant: Contestant) -> int:
        checked = 0
        for i in range(CHECKED):
            result, exact = contestant.call(i).double(), self.exact(i)
            eps = torch.finfo(self.tables[0].dtype).eps
            allowed = eps * self.labels["length"] * exact.abs().max()
            if not (result - exact).abs().max() <= allowed:
                text = " ".join(str(label) for label in self.labels.values())
                raise WrongResult(f"{text} by {name}: more than {allowed:.3g} wrong")
            checked += exact.numel()
        return checked

    def exact(self, i: int) -> torch.Tensor:
        rows = self.tables[i % TABLES][self.indices[i]].double()
        if self.kind == "padded":
            rows[self.indices[i] == 0] = 0
        if self.scales is not None:
            rows *= self.scales.double().unsqueeze(1)
        rows = rows.view(len(self.offsets), -1, rows.size(1))
        if self.kind == "max":
            return rows.amax(1)
        return rows.mean(1) if self.kind == "mean" else rows.sum(1)


class EmbeddingBag(Operator):
    def __init__(self, shapes: list[Shape], rows: tuple[int, ...], dtypes: list[str], mode: str):
        """`rows`: bags in a call of every shape; empty: those of each shape. Modes change nothing
        here: nothing is multiplied."""
        self.shapes, self.rows, self.dtypes = shapes, rows, dtypes

    def cases(self) -> Iterator[Case]:
        for dtype in self.dtypes:
            for shape in self.shapes:
                tables = [
                    torch.randn(shape.n, shape.k).to(getattr(torch, dtype)) for _ in range(TABLES)
                ]
                for bags in self.rows or shape.rows:
                    for length in LENGTHS:
                        for kind in KINDS:
                            yield BagCase(shape, bags, length, kind, tables)
