"""After every write of a weight or bias of a recurrent layer the next calls see it."""

from __future__ import annotations

import copy
from collections import Counter

import pytest
import stoker
import torch

from .events import EVENTS

SEED = 23
IN_PLACE = {name: write for name, write in EVENTS.items() if write.__name__ == "apply"}
LAYERS = {
    "lstm.input": lambda dtype: torch.nn.LSTM(16, 24, proj_size=9, dtype=dtype),
    "gru.input": lambda dtype: torch.nn.GRU(16, 24, dtype=dtype),
    "rnn_tanh.input": lambda dtype: torch.nn.RNN(16, 24, dtype=dtype),
}
PLACES = {
    "lstm.input": ["weight_ih_l0", "weight_hh_l0", "weight_hr_l0", "bias_hh_l0"],
    "gru.input": ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0"],
    "rnn_tanh.input": ["weight_ih_l0", "weight_hh_l0"],
}
CASES = [(op, place) for op, places in PLACES.items() for place in places]
# What only a matrix has.
OF_MATRICES = {"setitem", "data_setitem", "transposed_mul_", "init"}


def taken(op: str) -> int:
    return stoker.status()["operators"][op]["taken"]


def run(op: str, module, x) -> tuple[torch.Tensor, bool]:
    before = taken(op)
    result = module(x)[0]
    return result, taken(op) == before + 1


def from_scratch(op: str, module, x) -> torch.Tensor:
    """What weights of the same content give that nobody saw before."""
    result, row = run(op, copy.deepcopy(module), x)
    assert row, stoker.explain()
    return result


def stock(module, x) -> torch.Tensor:
    stoker.disable()
    try:
        return module(x)[0]
    finally:
        stoker.enable()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("op", "place"), CASES)
def test_next_call_sees_the_write(op, place, dtype):
    routes = Counter()
    x = torch.randn(5, 3, 16, generator=torch.Generator().manual_seed(SEED)).to(dtype)
    for name, write in IN_PLACE.items():
        if place.startswith("bias") and name in OF_MATRICES:
            continue
        torch.default_generator.manual_seed(SEED)  # the CPU's: 4 ms less
        module = LAYERS[op](dtype).eval()
        with torch.no_grad():
            old, row = run(op, module, x)
            assert row, stoker.explain()
            content = getattr(module, place).detach().clone()
            write(module, getattr(module, place))
            written = not getattr(module, place).equal(content)
            # torch 2.13's fused SGD leaves 16-bit weights as they were.
            assert written or (name == "sgd_fused" and dtype != torch.float32), name
            results = [run(op, module, x) for _ in range(3)]
            expected = {True: from_scratch(op, module, x), False: stock(module, x)}
        for i, (result, row) in enumerate(results):
            assert result.equal(expected[row]), f"{name}: call {i + 1}, packed row: {row}: stale"
            routes["packed" if row else "stock"] += 1
        assert not (written and results[0][0].equal(old)), f"{name}: nothing was tested"
    print(f"seed {SEED}: {routes.total()} calls compared: {dict(routes)}")


def test_dense_lstm_is_packed_between_calls_of_stock():
    """oneDNN's access to the weights counts as a write: afterwards they are packed again."""
    module, x = torch.nn.LSTM(16, 24).eval(), torch.randn(5, 3, 16)
    with torch.no_grad():
        wanted, row = run("lstm.input", module, x)
        assert row
        for _ in range(3):
            stock(module, x)
            result, row = run("lstm.input", module, x)
            assert result.equal(wanted) if row else torch.allclose(result, wanted, atol=1e-5)
