"""The operators of torch.ops.stoker: against what they mean, with and without a row."""

from __future__ import annotations

import itertools

import pytest
import stoker
import torch
from torch.nn import functional as F

from tests.support.activations import ACTIVATIONS
from tests.support.environment import ends_silently

linear = torch.ops.stoker.linear.default

DTYPES = [torch.float32, torch.bfloat16, torch.float16]
SEED = 41


def meaning(x, weights, biases, activation=0, combine=0, other=None, dtype=None):
    """In float64, rounded once."""
    x64, other64 = x.double(), None if other is None else other.double()
    parts = [x64 @ w.double().t() for w in weights]
    if biases:
        parts = [part + bias.double() for part, bias in zip(parts, biases, strict=True)]
    y = torch.cat(parts, -1)
    y = y + other64 if combine == 3 else y
    y = ACTIVATIONS[activation](y)
    if combine == 1:
        y = y + other64
    if combine == 2:
        y = y * other64
    return y


def operands(dtype, n=(48,), k=40, rows=(3, 5), other_dtype=None):
    torch.manual_seed(SEED)
    x = torch.randn(*rows, k).to(dtype)
    weights = [(torch.randn(size, k) / k**0.5).to(dtype) for size in n]
    biases = [torch.randn(size).to(dtype) for size in n]
    other = torch.randn(*rows, sum(n)).to(other_dtype or dtype)
    return x, weights, biases, other


def taken() -> int:
    return stoker.status()["operators"]["stoker.linear"]["taken"]


def assert_close(y, exact, dtype):
    eps = torch.finfo(dtype).eps
    # Sums of 40 products of about 1/6, then functions that steepen by less than 1.2; stock rounds
    # up to three times.
    bound = 4 * eps * exact.abs() + 16 * eps
    assert ((y.double() - exact).abs() <= bound).all(), (y.double() - exact).abs().max()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_epilogue(dtype, row):
    compared = 0
    for activation, combine in itertools.product(range(10), range(4)):
        for other_dtype in DTYPES:
            x, weights, biases, other = operands(dtype, other_dtype=other_dtype)
            arguments = {"activation": activation, "combine": combine}
            if combine:
                arguments["other"] = other
            before = taken()
            with torch.inference_mode():
                for _ in range(3):  # a weight is packed at the second sight
                    y = linear(x, weights, biases, **arguments)
            assert y.dtype == dtype and y.shape == (3, 5, 48) and y.is_contiguous()
            assert_close(y, meaning(x, weights, biases, **arguments), dtype)
            assert (taken() > before) == row
            compared += y.numel()
    print(f"{compared} elements compared of {dtype}, seed {SEED}")


def test_weights_that_share_an_input_lie_side_by_side(row):
    for biased in (False, True):
        x, weights, biases, _ = operands(torch.float32, n=(48, 16, 7))
        before = taken()
        with torch.inference_mode():
            for _ in range(3):
                y = linear(x, weights, biases if biased else [], activation=2)
        assert_close(y, meaning(x, weights, biases if biased else [], 2), torch.float32)
        assert (taken() > before) == row


def test_a_written_weight_among_several_is_noticed():
    x, weights, biases, _ = operands(torch.float32, n=(48, 16, 7))
    with torch.inference_mode():
        for _ in range(3):
            linear(x, weights, biases)
    for written in range(3):
        with torch.no_grad():
            weights[written].mul_(-2)
        with torch.inference_mode():
            for _ in range(40):
                assert_close(linear(x, weights, biases), meaning(x, weights, biases), torch.float32)


def test_the_result_type_can_be_chosen(row):
    for dtype, wanted in itertools.product(DTYPES, DTYPES):
        x, weights, biases, _ = operands(dtype)
        with torch.inference_mode():
            for _ in range(3):
                y = linear(x, weights, biases, activation=4, dtype=wanted)
        assert y.dtype == wanted
        coarse = max(dtype, wanted, key=lambda d: torch.finfo(d).eps)
        assert_close(y, meaning(x, weights, biases, 4), coarse)


def normalised(x, weights, biases, norm, eps, activation=0):
    *affine, mean, var = (each.double() for each in norm)
    gamma, beta = affine or (torch.ones_like(mean), torch.zeros_like(mean))
    y = (meaning(x, weights, biases) - mean) * (var + eps).rsqrt() * gamma + beta
    return ACTIVATIONS[activation](y)


@pytest.mark.parametrize("count", [2, 4])
def test_a_batch_norm_is_folded_and_its_writes_are_noticed(count, row):
    x, weights, biases, _ = operands(torch.float32)
    norm = [torch.rand(48) + 0.5 for _ in range(count)]
    with torch.inference_mode():
        for written in (*range(count), None):
            for biased in (biases, []):
                before = taken()
                for _ in range(40):
                    y = linear(x, weights, biased, activation=2, norm=norm, eps=1e-3)
                    # Scaled by less than three.
                    exact = normalised(x, weights, biased, norm, 1e-3, 2)
                    assert ((y - exact).abs() <= 64 * 2**-23 * (1 + exact.abs())).all()
                assert (taken() > before) == row
            if written is not None:
                with torch.inference_mode(False):
                    norm[written].mul_(1.5)


def test_a_norm_of_several_weights_is_stock():
    x, weights, biases, _ = operands(torch.float32, n=(48, 16))
    norm = [torch.rand(64) + 0.5 for _ in range(4)]
    before = taken()
    with torch.inference_mode():
        y = linear(x, weights, biases, norm=norm, eps=1e-3)
    exact = normalised(x, weights, biases, norm, 1e-3)
    assert ((y - exact).abs() <= 64 * 2**-23 * (1 + exact.abs())).all() and taken() == before


def test_gradients_are_those_of_its_meaning():
    x, weights, biases, other = operands(torch.float64, n=(4, 3), k=5, rows=(2, 2))
    inputs = [t.requires_grad_() for t in (x, *weights, *biases, other)]

    def function(x, w0, w1, b0, b1, other):
        return linear(x, [w0, w1], [b0, b1], activation=2, combine=1, other=other)

    assert torch.autograd.gradcheck(function, inputs)


@pytest.mark.parametrize("combine", range(4))
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_opcheck(dtype, combine):
    # Traced it is torch's own operators, which round between them.
    bounds = {"rtol": 8 * torch.finfo(dtype).eps, "atol": 16 * torch.finfo(dtype).eps}
    wider = DTYPES[(DTYPES.index(dtype) + 1) % len(DTYPES)]
    for n, biased, normed, wanted in (
        ((8,), True, combine % 2 > 0, None),
        ((8, 5, 3), False, combine % 2 == 0, wider),
    ):
        x, weights, biases, other = operands(dtype, n, other_dtype=wider)
        named = {"activation": 2 + combine, "combine": combine, "dtype": wanted}
        named["other"] = other if combine else None
        named["norm"] = [torch.rand(sum(n)).to(dtype) + 0.5 for _ in range(4)] if normed else []
        given = x.requires_grad_(biased), weights, biases if biased else []
        torch.library.opcheck(linear, given, named, **bounds)


def test_export_and_compile_see_through_it():
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.randn(8, 8))

        def forward(self, x):
            return linear(x, [self.weight], [], activation=4)

    model, x = Model().eval(), torch.randn(3, 8)
    with torch.no_grad():
        expected = F.silu(F.linear(x, model.weight))
        torch.testing.assert_close(torch.export.export(model, (x,)).module()(x), expected)
        torch.testing.assert_close(torch.compile(model, backend="aot_eager")(x), expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"activation": 10}, "activation is 10, expected 0 to 9"),
        ({"combine": -1}, "combine is -1"),
        ({"combine": 1}, "combine and other go together"),
        ({"weights": []}, "at least one weight"),
        ({"biases": [torch.zeros(48)] * 2}, "got 2 for 1 weights"),
    ],
)
def test_wrong_arguments_say_what_is_expected(arguments, message, row):
    x, weights, biases, _ = operands(torch.float32)
    given = {"weights": weights, "biases": biases} | arguments
    with torch.inference_mode(), pytest.raises(RuntimeError, match=message):
        linear(x, given.pop("weights"), given.pop("biases"), **given)


def test_stays_after_unregister():
    program = (
        "import torch, stoker; linear = torch.ops.stoker.linear.default; stoker.unregister();"
        "given = torch.ones(2, 3), [torch.ones(4, 3)], []; linear(*given); stoker.enable();"
        "assert linear(*given).equal(torch.ops.stoker.linear(*given))"
    )
    ends_silently("-c", program)
