"""Subclasses, modes, transforms and captures behave as with stock."""

from __future__ import annotations

import re

import stoker
import torch
from torch import nn
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn import functional as F
from torch.testing._internal.two_tensor import TwoTensor
from torch.utils._python_dispatch import TorchDispatchMode

X, W, B = torch.randn(24, 80), torch.randn(96, 80), torch.randn(96)


def both(call):
    stoker.disable()
    expected = call()
    stoker.enable()
    return expected, call()


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(80, 96), nn.ReLU(), nn.Linear(96, 8)).eval()


def test_fake_tensors_keep_their_shapes():
    from torch._subclasses import FakeTensorMode

    with FakeTensorMode() as mode:
        y = F.linear(mode.from_tensor(X), mode.from_tensor(W), mode.from_tensor(B))
    assert type(y).__name__ == "FakeTensor" and y.shape == (24, 96)


def test_subclasses_reach_their_own_dispatch():
    with torch.no_grad():
        y = F.linear(TwoTensor(X, 2 * X), W, B)
    assert isinstance(y, TwoTensor)
    torch.testing.assert_close(y.b, F.linear(2 * X, W, B))


def test_dispatch_modes_see_what_stock_shows_them():
    class Log(TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.names = []

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            self.names.append(str(function))
            return function(*args, **(kwargs or {}))

    def names():
        with torch.no_grad(), Log() as log:
            model()(X)
        return [name for name in log.names if "linear" in name or "addmm" in name]

    expected, actual = both(names)
    assert expected == actual and len(actual) > 0


def test_vmap_jvp_and_double_backward_are_stock():
    calls = {
        "vmap": lambda: torch.vmap(lambda x: F.linear(x, W, B))(X),
        "jvp": lambda: torch.func.jvp(lambda x: F.linear(x, W, B), (X,), (X,))[1],
        "jacrev": lambda: torch.func.jacrev(lambda x: F.linear(x, W[:4, :8]))(X[:2, :8]),
        "hessian": lambda: torch.func.hessian(lambda x: F.linear(x, W[:4, :8]).pow(3).sum())(
            X[0, :8]
        ),
    }
    for name, call in calls.items():
        expected, actual = both(call)
        torch.testing.assert_close(actual, expected, msg=lambda m, name=name: f"{name}: {m}")


def test_captured_graphs_are_the_same_text():
    m = model()
    captures = {
        "make_fx": lambda: make_fx(lambda x: m(x))(X).code,
        "export": lambda: str(torch.export.export(m, (X,)).graph),
        "trace": lambda: re.sub(r"___torch_mangle_\d+\.", "", str(torch.jit.trace(m, X).graph)),
    }
    for name, capture in captures.items():
        expected, actual = both(capture)
        assert expected == actual, name


def test_compiled_and_frozen_models_agree():
    m = model()
    with torch.no_grad():
        stoker.disable()
        expected = m(X)
        stoker.enable()
        frozen = torch.jit.freeze(torch.jit.trace(m, X))
        compiled = torch.compile(m, backend="aot_eager")
        for call in (frozen, compiled, m):
            for _ in range(3):
                torch.testing.assert_close(call(X), expected)


def test_deterministic_and_precision_settings_are_honoured():
    before = stoker.status()["operators"]["linear"]["taken"]
    torch.use_deterministic_algorithms(True)
    try:
        with torch.no_grad():
            F.linear(X, W, B)
    finally:
        torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.no_grad():
            F.linear(X, W, B)
    finally:
        torch.set_float32_matmul_precision("highest")
    status = stoker.status()["operators"]["linear"]
    assert status["taken"] == before
    assert "deterministic algorithms were asked for" in status["declined"]
    assert "fp32_precision is not ieee" in status["declined"]
    with torch.no_grad():
        F.linear(X, W, B)
    assert stoker.status()["operators"]["linear"]["taken"] == before + 1


def test_the_profiler_names_the_row():
    with torch.profiler.profile() as profile, torch.no_grad():
        F.linear(X, W, B)
    assert "jit_f32" in {event.key for event in profile.key_averages()}


def test_unregister_gives_torch_its_kernels_back():
    stoker.unregister()
    table = torch._C._dispatch_dump_table("aten::linear")
    assert "CPU: registered at /__w/pytorch" in table
    assert stoker.status()["packed"]["bytes"] == 0
    stoker.enable()
    before = stoker.status()["operators"]["linear"]["taken"]
    with torch.no_grad():
        torch.testing.assert_close(F.linear(X, W, B), X @ W.t() + B)
    assert stoker.status()["operators"]["linear"]["taken"] == before + 1
