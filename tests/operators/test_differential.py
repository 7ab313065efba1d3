"""Stock and Stoker in two processes over torch's own samples and a shape fuzz."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("differential")
    saved = {}
    for name, setting in {"stock": {"STOKER": "0"}, "stoker": {"STOKER_SELECT": "always"}}.items():
        out = folder / f"{name}.pt"
        command = [sys.executable, "-m", "tests.support.differential", out]
        subprocess.run(command, cwd=ROOT, env=os.environ | setting, check=True)
        saved[name] = torch.load(out, weights_only=False)
    print(f"seed {saved['stock']['seed']}, {len(saved['stock']['results'])} samples")
    return saved["stock"], saved["stoker"]


def differing(kind: str, stock: dict, ours: dict) -> list[str]:
    """Names of the cases whose `kind` of outcome is not the same on both sides."""
    return [name for name in stock if KINDS[kind](name, stock[name], ours[name])]


def errors_differ(name, stock, ours):
    return stock.get("error") != ours.get("error")


def warnings_differ(name, stock, ours):
    return stock["warnings"] != ours["warnings"]


def forms_differ(name, stock, ours):
    def form(outcome):
        return [(t.dtype, t.shape, *rest) for t, *rest in outcome.get("value", [])]

    return form(stock) != form(ours)


def values_differ(name, stock, ours):
    exact = name.endswith("/grad") or not any(f"torch.{t}" in name or t in name for t in ROUNDED)
    pairs = zip(stock.get("value", []), ours.get("value", []), strict=True)
    return any(not same(a[0], b[0], exact) for a, b in pairs)


# What Stoker may compute: everything else must be the stock kernel's bits.
ROUNDED = ("float32", "bfloat16", "autocast", "fuzz")
LONGEST = 512  # K of the longest product among the samples


def same(a: torch.Tensor, b: torch.Tensor, exact: bool) -> bool:
    if exact or not a.is_floating_point():
        return torch.equal(a.nan_to_num(7), b.nan_to_num(7))
    # Another order of summation: a few eps * sqrt(K) of the largest result; bf16 rounds once more.
    finite = a.double()[a.isfinite()]
    scale = float(finite.abs().max()) if finite.numel() else 0.0
    eps = 2**-8 if a.dtype in (torch.bfloat16, torch.float16) else torch.finfo(a.dtype).eps
    factor = 2 if a.dtype in (torch.bfloat16, torch.float16) else 4 * LONGEST**0.5
    return torch.allclose(a.double(), b.double(), rtol=0, atol=factor * eps * scale, equal_nan=True)


KINDS = {
    "errors": errors_differ,
    "warnings": warnings_differ,
    "forms": forms_differ,
    "values": values_differ,
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_difference(kind, sides):
    stock, ours = (side["results"] for side in sides)
    assert stock.keys() == ours.keys()
    wrong = differing(kind, stock, ours)
    tally = Counter(name.split("/")[0] for name in stock)
    print(f"{kind}: {len(stock)} samples compared: {dict(tally)}")
    assert len(stock) > 4000
    assert not wrong, f"{len(wrong)} of {len(stock)} differ in {kind}: {wrong[:12]}"


def test_stoker_took_part(sides):
    status = sides[1]["status"]
    taken = {name: op["taken"] for name, op in status["operators"].items()}
    print(taken)
    assert status["active"]
    assert min(taken[name] for name in ("linear", "addmm", "mm")) > 400
    assert min(taken[name] for name in ("mm.out", "addmm.out")) > 100


def test_the_comparison_can_fail():
    a = torch.randn(8, 8)
    good, bad = {"value": [(a, (8, 1), False)]}, {"value": [(a + 1, (8, 1), False)]}
    assert values_differ("x/float32/no_grad", good, bad)
    assert not values_differ("x/float32/no_grad", good, good)
    assert forms_differ("x", good, {"value": [(a, (1, 8), False)]})
    assert values_differ("x/float32/grad", good, {"value": [(a * (1 + 1e-6), (8, 1), False)]})
