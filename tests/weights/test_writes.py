"""After every write event x loader x operator the next forwards use the new weight, bit for bit."""

from __future__ import annotations

import pytest
import stoker
import torch
from torch.nn import functional as F

from .events import EVENTS, NOT_ON_INFERENCE_TENSORS
from .loaders import FOREIGN, PACKABLE, K, M, N

DTYPES = [torch.float32, torch.bfloat16]
BIAS = {dtype: torch.linspace(-1, 1, N).to(dtype) for dtype in DTYPES}
INPUT = {dtype: torch.randn(M, K, generator=torch.Generator().manual_seed(1)).to(dtype) for dtype in DTYPES}


def mm_out(x, w):
    return torch.mm(x, w.t(), out=torch.empty(M, N, dtype=x.dtype))


OPERATORS = {
    "linear": lambda x, w: F.linear(x, w, BIAS[x.dtype]),
    "addmm": lambda x, w: torch.addmm(BIAS[x.dtype], x, w.t()),
    "mm": lambda x, w: x @ w.t(),
    "mm.out": mm_out,
}


def taken(operator: str) -> int:
    return stoker.status()["operators"][operator]["taken"]


def from_scratch(operator: str, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """What a new weight of the same content gives, through the same row."""
    copy = torch.empty(N, K, dtype=weight.dtype)
    copy.view(torch.uint8).copy_(weight.detach().contiguous().view(torch.uint8))
    before = taken(operator)
    result = OPERATORS[operator](x, copy)
    assert taken(operator) == before + 1
    return result


def close_to_stock(operator, x, weight, result):
    stoker.disable()
    try:
        expected = OPERATORS[operator](x, weight)
    finally:
        stoker.enable()
    # |error| <= few eps * sqrt(K) * |x|·|w| row by row; bf16 rounds the result once more.
    eps = torch.finfo(torch.float32).eps
    bound = 4 * eps * K**0.5 * (x.double().abs() @ weight.double().abs().t())
    if x.dtype == torch.bfloat16:
        bound = bound + expected.double().abs() * torch.finfo(torch.bfloat16).eps
    assert bool(((result.double() - expected.double()).abs() <= bound + 1e-30).all())


def cases(loader):
    for name, write in EVENTS.items():
        if loader.__name__ != "inference_mode" or name not in NOT_ON_INFERENCE_TENSORS:
            yield name, write


@pytest.mark.parametrize("dtype", DTYPES, ids=["float32", "bfloat16"])
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("loader", PACKABLE, ids=lambda loader: loader.__name__)
def test_next_forward_sees_the_write(loader, operator, dtype, tmp_path):
    x, compared = INPUT[dtype], 0
    for name, write in cases(loader):
        (tmp_path / name).mkdir()
        mode = torch.inference_mode if loader.__name__ == "inference_mode" else torch.no_grad
        module, weight = loader(dtype, tmp_path / name)
        with mode():
            before = taken(operator)
            old = OPERATORS[operator](x, weight)
            expected_taken = not (mode is torch.inference_mode and operator != "linear")
            assert taken(operator) == before + expected_taken, f"{name}: the weight was not packed"
            module.weight = weight if loader.__name__ != "inference_mode" else module.weight
            content = weight.detach().clone()
            weight = write(module, weight)
            # torch 2.13's fused SGD leaves bfloat16 weights as they were.
            written = not weight.equal(content)
            assert written or (name, dtype) == ("sgd_fused", torch.bfloat16)
            results = [OPERATORS[operator](x, weight) for _ in range(3)]
            for result in results:
                assert not (written and result.equal(old)), f"{name}: stale"
                close_to_stock(operator, x, weight, result)
                compared += 1
            if taken(operator) == before + expected_taken + 3:
                fresh = from_scratch(operator, x, weight)
                assert all(result.equal(fresh) for result in results), f"{name}: not the same bits"
    print(f"{loader.__name__} {operator} {dtype}: {compared} forwards compared")


@pytest.mark.parametrize("loader", FOREIGN, ids=lambda loader: loader.__name__)
def test_foreign_memory_is_never_packed(loader, tmp_path):
    _, weight = loader(torch.float32, tmp_path)
    x = INPUT[torch.float32]
    stoker.reset_counters()
    with torch.no_grad():
        for _ in range(5):
            weight.mul_(1.5)
            close_to_stock("linear", x, weight, OPERATORS["linear"](x, weight))
    declined = stoker.status()["operators"]["linear"]["declined"]
    assert any("not torch's own" in reason for reason in declined), declined


def test_an_array_taken_before_keeps_the_weight_from_being_packed():
    weight = torch.randn(N, K)
    array = weight.numpy()
    x = INPUT[torch.float32]
    with torch.no_grad():
        for i in range(5):
            array[:] = i
            assert F.linear(x, weight).equal(F.linear(x, torch.full((N, K), float(i))))


def test_writes_through_the_mapped_parent_count(tmp_path):
    from safetensors.torch import load_file, save_file

    save_file({"a": torch.randn(N, K), "b": torch.randn(N, K)}, tmp_path / "w.safetensors")
    state = load_file(tmp_path / "w.safetensors")
    with torch.no_grad():
        for _ in range(2):
            F.linear(INPUT[torch.float32], state["a"])
            F.linear(INPUT[torch.float32], state["b"])
        assert stoker.status()["packed"]["entries"] >= 2
        state["a"].zero_()
        assert not F.linear(INPUT[torch.float32], state["a"]).any()
        assert F.linear(INPUT[torch.float32], state["b"]).any()
