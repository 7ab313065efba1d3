"""Results against float64: as exact as the types of a product allow."""

from __future__ import annotations

import torch

from bench.ops.suite import STOCK, Case, WrongResult


def check_product(case: Case, name: str, result: torch.Tensor, a: torch.Tensor, b: torch.Tensor):
    """`result` of contestant `name` against a x b; how many elements. Raises WrongResult."""
    a, b = a.double(), b.double()
    return check_result(case, name, result, a @ b, a.abs() @ b.abs(), a.size(-1))


def check_result(
    case: Case, name: str, result: torch.Tensor, exact: torch.Tensor, scale: torch.Tensor, k: int
) -> int:
    """`scale`: the sums of the magnitudes, of `k` products each."""
    allowed = _bound(case, name, k, scale, exact)
    worst = ((result.double() - exact).abs() / allowed).max().item()
    if not worst <= 1:
        text = " ".join(str(label) for label in case.labels.values())
        raise WrongResult(f"{text} by {name}: {worst:.2f} times the error bound")
    return exact.numel()


def _bound(case: Case, name: str, k: int, scale: torch.Tensor, exact: torch.Tensor):
    """fp32 sums err as sqrt(K) roundings; a rounding of operands or result adds its own."""
    bound = 4 * torch.finfo(torch.float32).eps * k**0.5 * scale + torch.finfo(torch.float32).tiny
    if case.multiply == "float32":
        return bound
    eps = torch.finfo(getattr(torch, case.multiply)).eps
    if case.mode != "tensors":  # each operand is rounded
        bound += eps * scale
    if case.mode != "bf16":  # so is the result
        bound += exact.abs() * eps
    # Stock's sums may be of the operands' type too.
    if name == STOCK and (case.multiply == "float16" or case.stock_rounds_sums):
        bound += eps * k**0.5 * scale
    return bound
