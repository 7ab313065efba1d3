"""Stock and Stoker in two processes over torch's own samples and a shape fuzz."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import stoker
import torch

ROOT = Path(__file__).resolve().parents[2]


SIDES = {
    "stock": {"STOKER": "0"},
    "float32": {"STOKER_SELECT": "always"},
    "avx2": {"STOKER_SELECT": "always", "STOKER_MAX_ISA": "avx2"},
    "bfloat16": {
        "STOKER_SELECT": "always",
        "STOKER_RUN": "1",
        "STOKER_DTYPE": "bfloat16",
        "STOKER_FORCE": "1",
    },
}


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("differential")
    # Where AVX2 is all there is, the side that may use all of the CPU is that of AVX2.
    twice = stoker.status()["isa"] == "avx2"
    running = {
        name: subprocess.Popen(  # one thread each
            [sys.executable, "-m", "tests.support.differential", folder / f"{name}.pt"],
            cwd=ROOT,
            env=os.environ | setting,
        )
        for name, setting in SIDES.items()
        if not (twice and name == "avx2")
    }
    status = {name: process.wait() for name, process in running.items()}
    assert not any(status.values()), status
    saved = {name: torch.load(folder / f"{name}.pt", weights_only=False) for name in running}
    saved.setdefault("avx2", saved["float32"])
    print(f"seed {saved['stock']['seed']}, {len(saved['stock']['results'])} samples")
    return saved


def differing(kind: str, stock: dict, ours: dict, bf16: bool) -> list[str]:
    """Names of the cases whose `kind` of outcome is not the same on both sides."""
    return [name for name in stock if KINDS[kind](name, stock[name], ours[name], bf16)]


def errors_differ(name, stock, ours, bf16=False):
    return stock.get("error") != ours.get("error")


def warnings_differ(name, stock, ours, bf16=False):
    return stock["warnings"] != ours["warnings"]


def forms_differ(name, stock, ours, bf16=False):
    def form(outcome):
        return [(t.dtype, t.shape, *rest) for t, *rest in outcome.get("value", [])]

    return form(stock) != form(ours)


def values_differ(name, stock, ours, bf16=False):
    exact = name.endswith("/grad") or not any(f"torch.{t}" in name or t in name for t in ROUNDED)
    pairs = zip(stock.get("value", []), ours.get("value", []), strict=True)
    # In bf16 mode modules in eval mode multiply in bf16, and nothing else does; under autocast they
    # do so by themselves, whatever the type of the result.
    rounded = name[0].isupper() and "/False/" in name and (bf16 or "autocast" in name)
    # Stock's loop rounds gates, c and sums to bf16 in every step, ours h alone; test_rnn.py
    # compares ours with float64.
    rounded = rounded or (name.startswith(RECURRENT) and "torch.bfloat16" in name)
    # torch makes a complex convolution of three real ones, which are ours.
    if "conv" in name and "torch.complex64" in name:
        exact = name.endswith("/grad")
    return any(not same(real(a[0]), real(b[0]), exact, rounded) for a, b in pairs)


def real(t: torch.Tensor) -> torch.Tensor:
    return torch.view_as_real(t) if t.is_complex() else t


# What Stoker may compute: everything else must be the stock kernel's bits.
ROUNDED = ("float32", "bfloat16", "float16", "autocast", "fuzz")
RECURRENT = ("LSTM", "GRU", "RNN")
LONGEST = 512  # K of the longest product among the samples


def same(a: torch.Tensor, b: torch.Tensor, exact: bool, rounded: bool = False) -> bool:
    if exact or not a.is_floating_point():
        return torch.equal(a.nan_to_num(7), b.nan_to_num(7))
    if torch.equal(a, b):
        return True
    # Another order of summation: a few eps * sqrt(K) of the largest result; bf16 rounds once more.
    # A module rounds the operands of several products in a row, an LSTM at every step.
    finite = a.double()[a.isfinite()]
    scale = float(finite.abs().max()) if finite.numel() else 0.0
    coarse = rounded or a.dtype in (torch.bfloat16, torch.float16)
    eps = 2**-8 if coarse else torch.finfo(a.dtype).eps
    factor = 32 if rounded else 2 if coarse else 4 * LONGEST**0.5
    return torch.allclose(a.double(), b.double(), rtol=0, atol=factor * eps * scale, equal_nan=True)


KINDS = {
    "errors": errors_differ,
    "warnings": warnings_differ,
    "forms": forms_differ,
    "values": values_differ,
}


@pytest.mark.parametrize("side", ["float32", "avx2", "bfloat16"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_difference(kind, side, sides):
    stock, ours = sides["stock"]["results"], sides[side]["results"]
    assert stock.keys() == ours.keys()
    wrong = differing(kind, stock, ours, side == "bfloat16")
    tally = Counter(name.split("/")[0] for name in stock)
    print(f"{side}, {kind}: {len(stock)} samples compared: {dict(tally)}")
    assert len(stock) > 4000
    assert not wrong, f"{len(wrong)} of {len(stock)} differ in {kind}: {wrong[:12]}"


@pytest.mark.parametrize("side", ["float32", "avx2"])
def test_stoker_took_part(side, sides):
    status = sides[side]["status"]
    assert side == "float32" or status["isa"] == "avx2"
    taken = {name: op["taken"] for name, op in status["operators"].items()}
    print(taken)
    assert status["active"]
    assert min(taken[name] for name in ("linear", "addmm", "mm", "bmm", "baddbmm")) > 200
    assert min(taken[name] for name in ("mm.out", "addmm.out", "bmm.out", "baddbmm.out")) > 50
    assert (
        min(taken[f"autocast.{name}"] for name in ("linear", "addmm", "matmul", "bmm", "baddbmm"))
        > 100
    )
    assert taken["autocast.mm"] > 20
    assert min(taken[f"autocast.conv{d}d"] for d in (1, 2, 3)) > 20
    layers = ("lstm.input", "gru.input", "rnn_tanh.input", "rnn_relu.input")
    assert min(taken[name] for name in (*layers, "lstm_cell", "gru_cell", "rnn_tanh_cell")) > 1
    rows = status["operators"]["linear"]["rows"]
    assert rows["jit_f16"] > 100, rows
    rows = status["operators"]["_convolution"]["rows"]
    print(rows)
    assert min(rows["jit_conv_f32"], rows["jit_conv_f16"]) > 20
    assert sum(n for row, n in rows.items() if re.fullmatch("jit_conv_bf16_(wide|dot)", row)) > 20
    assert min(rows[f"jit_spatial_{name}"] for name in ("f32", "bf16_wide", "f16")) > 20
    assert rows["onednn_conv_f32"] > 50
    assert rows.get("onednn_conv_bf16", 0) + rows.get("onednn_conv_bf16_wide", 0) > 50


def test_bf16_mode_took_part(sides):
    rows = sides["bfloat16"]["status"]["operators"]["linear"]["rows"]
    print(rows)
    assert sum(count for row, count in rows.items() if re.match("jit_bf16_.*_f32", row)) > 50
    assert rows["jit_f32"] > 100  # outside modules


def test_the_comparison_can_fail():
    a = torch.randn(8, 8)
    good, bad = {"value": [(a, (8, 1), False)]}, {"value": [(a + 1, (8, 1), False)]}
    assert values_differ("x/float32/no_grad", good, bad)
    assert not values_differ("x/float32/no_grad", good, good)
    assert forms_differ("x", good, {"value": [(a, (1, 8), False)]})
    assert values_differ("x/float32/grad", good, {"value": [(a * (1 + 1e-6), (8, 1), False)]})
