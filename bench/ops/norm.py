"""Layer and RMS normalization of a residual sum: stoker's operators against torch's own calls.

M is the number of rows, `width` of their columns. Operands are warm: the step before has just
written them. Stock are the calls that a model makes: `x + y` and `layer_norm`, or those of Hugging
Face's Llama.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.nn import functional as F

from bench.ops.suite import ONEDNN, STOCK, STOKER, Case, Contestant, Operator, WrongResult

WIDTHS = (384, 768, 1024, 4096)
ROWS = (1, 8, 128, 512)
KINDS = ("add_layer", "layer", "add_rms", "rms")  # as in calibration files
EPS = 1e-5


def llama_norm(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """transformers/models/llama/modeling_llama.py, LlamaRMSNorm.forward."""
    wide = x.to(torch.float32)
    wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + EPS)
    return weight * wide.to(x.dtype)


class NormCase(Case):
    flops, bytes, mode = 0, 0, "tensors"

    def __init__(self, kind: str, rows: int, width: int, dtype: str):
        self.labels = {"kind": kind, "M": rows, "width": width, "dtype": dtype}
        self.multiply, self.rms = dtype, kind.endswith("rms")
        self.counter = "stoker.rms_norm" if self.rms else "stoker.add_layer_norm"
        self.absent = {ONEDNN: "torch does not call it for these"}
        x, other = (torch.randn(rows, width).to(getattr(torch, dtype)) for _ in range(2))
        self.x, self.other = x, other if kind.startswith("add") else None
        self.weight, self.bias = (torch.randn(width).to(x.dtype) for _ in range(2))

    def stock(self, _: int) -> tuple[torch.Tensor, torch.Tensor]:
        total = self.x if self.other is None else self.x + self.other
        if self.rms:
            return total, llama_norm(total, self.weight)
        return total, F.layer_norm(total, self.weight.shape, self.weight, self.bias, EPS)

    def ours(self, _: int) -> tuple[torch.Tensor, torch.Tensor]:
        if self.rms:
            return torch.ops.stoker.rms_norm.default(self.x, self.other, self.weight, EPS)
        shape = self.weight.shape
        return torch.ops.stoker.add_layer_norm.default(
            self.x, self.other, shape, self.weight, self.bias, EPS
        )

    def contestants(self) -> dict[str, Contestant]:
        return {STOCK: Contestant(self.stock, 1), STOKER: Contestant(self.ours, 1, stoker=True)}

    def check(self, name: str, contestant: Contestant) -> int:
        total, result = contestant.call(0)
        exact = total.double()
        if not self.rms:
            exact = exact - exact.mean(-1, keepdim=True)
        exact = exact * torch.rsqrt(exact.square().mean(-1, keepdim=True) + EPS)
        size = exact.abs() * self.weight.double().abs()
        exact = exact * self.weight.double() + (0 if self.rms else self.bias.double())
        # Two roundings of the result; sums of up to 4096 values of about 1 in fp32.
        eps, sums = torch.finfo(result.dtype).eps, 4096**0.5 * torch.finfo(torch.float32).eps
        if not ((result - exact).abs() <= eps * (size + exact.abs()) + sums * (size + 1)).all():
            text = " ".join(str(label) for label in self.labels.values())
            raise WrongResult(f"{text} by {name}: {(result - exact).abs().max():.2g} wrong")
        return result.numel()


class Norm(Operator):
    def __init__(self, rows: tuple[int, ...], dtypes: list[str]):
        """`rows`: empty for ROWS."""
        self.rows, self.dtypes = rows or ROWS, dtypes

    def cases(self) -> Iterator[Case]:
        for dtype in self.dtypes:
            for kind in KINDS:
                for rows in self.rows:
                    for width in WIDTHS:
                        yield NormCase(kind, rows, width, dtype)
