"""How far two recordings of the same script are apart."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Difference:
    """Of floating-point outputs: greatest errors and lowest cosine similarity; and what cannot be
    measured because it must simply be the same (`mismatches`, in words)."""

    absolute: float = 0.0
    relative: float = 0.0  # to the greatest magnitude of the tensor
    cosine: float = 1.0
    tensors: int = 0
    mismatches: list[str] = field(default_factory=list)

    def take(self, stock, ours, where: str) -> None:
        if stock.dtype != ours.dtype or stock.shape != ours.shape:
            self.mismatches.append(
                f"{where}: {stock.dtype} {list(stock.shape)} became {ours.dtype} {list(ours.shape)}"
            )
            return
        self.tensors += 1
        if stock.stride() != ours.stride():
            self.mismatches.append(f"{where}: strides {stock.stride()} became {ours.stride()}")
        if not stock.is_floating_point():
            if not stock.equal(ours):
                count = int((stock != ours).sum())
                self.mismatches.append(f"{where}: {count} of {stock.numel()} {stock.dtype} differ")
            return
        a, b = stock.double().flatten(), ours.double().flatten()
        finite = a.isfinite()
        if not finite.equal(b.isfinite()) or not a[~finite].nan_to_num().equal(
            b[~finite].nan_to_num()
        ):
            self.mismatches.append(f"{where}: NaN or infinity in other places")
            return
        a, b = a[finite], b[finite]
        if a.numel() == 0:
            return
        error = (a - b).abs().max().item()
        self.absolute = max(self.absolute, error)
        self.relative = max(self.relative, error / (a.abs().max().item() or 1.0))
        self.cosine = min(self.cosine, _cosine(a, b))


def _cosine(a, b) -> float:
    norms = a.norm().item() * b.norm().item()
    if norms == 0.0:
        return 1.0 if a.equal(b) else 0.0
    return min(1.0, (a @ b).item() / norms)


@dataclass
class ModuleResult:
    calls: int
    ratios: list[float]  # stock time / our time, one a round
    difference: Difference


def by_module(recording: dict) -> dict[str, list[dict]]:
    calls = defaultdict(list)
    for call in recording["calls"]:
        calls[call["module"]].append(call)
    return dict(calls)


def differences(stock: dict, ours: dict) -> dict[str, Difference]:
    """By module, of one pair of recordings."""
    mine, theirs = by_module(stock), by_module(ours)
    found = {name: Difference() for name in [*mine, *(set(theirs) - set(mine))]}
    for name, difference in found.items():
        a, b = mine.get(name, []), theirs.get(name, [])
        if len(a) != len(b):
            difference.mismatches.append(f"{len(a)} calls became {len(b)}")
        for i, (x, y) in enumerate(zip(a, b, strict=False)):
            if x["outputs"] is None or y["outputs"] is None:
                continue
            if len(x["outputs"]) != len(y["outputs"]):
                difference.mismatches.append(f"call {i + 1}: another number of tensors")
            for j, pair in enumerate(zip(x["outputs"], y["outputs"], strict=False)):
                difference.take(*pair, f"call {i + 1}, output {j + 1}")
    return found


def compare_rounds(pairs: list[tuple[dict, dict]]) -> dict[str, ModuleResult]:
    """`pairs`: (stock, ours) of every round. The worst difference and the ratio of each round."""
    results: dict[str, ModuleResult] = {}
    for stock, ours in pairs:
        a, b = by_module(stock), by_module(ours)
        for name, difference in differences(stock, ours).items():
            result = results.setdefault(name, ModuleResult(0, [], Difference()))
            result.calls = len(a.get(name, []))
            spent = [sum(call["seconds"] for call in side.get(name, [])) for side in (a, b)]
            if all(spent):
                result.ratios.append(spent[0] / spent[1])
            worst = result.difference
            worst.absolute = max(worst.absolute, difference.absolute)
            worst.relative = max(worst.relative, difference.relative)
            worst.cosine = min(worst.cosine, difference.cosine)
            worst.tensors += difference.tensors
            worst.mismatches += difference.mismatches
    return results


def total_ratio(pair: tuple[dict, dict]) -> float:
    spent = [sum(call["seconds"] for call in side["calls"]) for side in pair]
    return spent[0] / spent[1] if all(spent) else math.nan
