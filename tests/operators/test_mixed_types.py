"""A bfloat16 input beside float32 weights, as graphs in bf16 mode have it: by row and by stock."""

from __future__ import annotations

import contextlib
import itertools

import pytest
import stoker
import torch
from torch.nn import functional as F

from tests.support.activations import ACTIVATIONS
from tests.support.environment import ends_silently

linear = torch.ops.stoker.linear.default
convolution = torch.ops.stoker.convolution.default

SEED = 61
BF16, F32 = torch.bfloat16, torch.float32
EPS = 1e-3
# channels, outputs, size of an image, kernel, stride, padding, groups
SHAPES = {
    "point": (16, 24, [7, 5], [1, 1], [1, 1], [0, 0], 1),
    "point_wide": (5, 7, [19, 18], [1, 1], [1, 1], [0, 0], 1),
    "point_strided": (16, 24, [9, 8], [1, 1], [2, 2], [0, 0], 1),
    "window": (8, 20, [9, 7], [3, 3], [1, 1], [1, 1], 1),
    "depthwise": (24, 24, [9, 9], [3, 3], [2, 2], [1, 1], 24),
    "line": (6, 10, [31], [5], [2], [2], 1),
    "volume": (4, 9, [5, 6, 4], [3, 2, 3], [1, 2, 1], [1, 0, 1], 1),
}


@contextlib.contextmanager
def bf16_mode():
    stoker.set_dtype(BF16, force=True)
    stoker._C.enter_eval()
    try:
        yield
    finally:
        stoker._C.leave_eval()
        stoker.set_dtype(F32)


@pytest.fixture(params=["row", "stock", "another mode"])
def mode(request):
    """A row in bf16 mode; Stoker disabled in it; and the mode switched off while a graph runs."""
    (stoker.disable if request.param == "stock" else stoker.enable)()
    with bf16_mode() if request.param != "another mode" else contextlib.nullcontext():
        yield request.param
    stoker.enable()


def taken(op: str) -> int:
    return stoker.status()["operators"][f"stoker.{op}"]["taken"]


def assert_close(y, exact, size, k, wanted, mode):
    """`size`: the same sums of absolute values, by which errors of operands are bounded."""
    wanted = wanted or BF16
    assert y.dtype == wanted and y.shape == exact.shape
    error = 4 * torch.finfo(F32).eps * k**0.5 * size
    if mode == "row":  # the weight is rounded, and oneDNN's result and bias may be
        error = error + 2 * torch.finfo(BF16).eps * size
    bound = 1.2 * error + 4 * torch.finfo(wanted).eps * (exact.abs() + size.clamp(max=1))
    assert ((y.double() - exact).abs() <= bound).all(), ((y.double() - exact).abs() / bound).max()


def epilogue(y, activation, combine, other):
    y = y + other if combine == 3 else y
    y = ACTIVATIONS[activation](y)
    return y + other if combine == 1 else y * other if combine == 2 else y


@pytest.mark.parametrize("x_type", [BF16, F32], ids=str)
@pytest.mark.parametrize("wanted", [None, F32, BF16], ids=str)
def test_linear(wanted, x_type, mode):
    torch.manual_seed(SEED)
    for (n, k), activation, combine in itertools.product(
        [((48,), 40), ((48, 7), 33)], (0, 2, 4), range(4)
    ):
        x = torch.randn(3, 5, k).to(x_type)
        weights, biases = [torch.randn(size, k) / k**0.5 for size in n], [torch.randn(s) for s in n]
        other = torch.randn(3, 5, sum(n)).to(BF16) if combine else None
        before = taken("linear")
        with torch.inference_mode():
            for _ in range(3):
                y = linear(
                    x, weights, biases, activation=activation, combine=combine, other=other,
                    dtype=wanted,
                )  # fmt: skip
        assert (taken("linear") - before == 3) or mode != "row", stoker.explain()
        w, b = torch.cat(weights).double(), torch.cat(biases).double()
        exact = epilogue(F.linear(x.double(), w, b), activation, combine, other)
        size = F.linear(x.double().abs(), w.abs(), b.abs())
        size = size if other is None else size * other.double().abs().clamp(min=1)
        assert_close(y, exact, size, k, wanted or x_type, mode)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("x_type", [BF16, F32], ids=str)
@pytest.mark.parametrize("wanted", [None, F32, BF16], ids=str)
def test_convolution(shape, wanted, x_type, mode):
    torch.manual_seed(SEED)
    channels, outputs, size, kernel, stride, padding, groups = SHAPES[shape]
    function = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[len(size)]
    rest = stride, padding, [1] * len(size), groups
    k = channels // groups * torch.Size(kernel).numel()
    layout = torch.channels_last if len(size) == 2 else torch.contiguous_format
    for last, normed, combine in itertools.product((True, False), (True, False), range(4)):
        x = torch.randn(2, channels, *size).to(x_type)
        x = x.contiguous(memory_format=layout if last else torch.contiguous_format)
        weight, bias = torch.randn(outputs, k // torch.Size(kernel).numel(), *kernel), None
        weight /= k**0.5
        norm = []
        if normed:
            norm = [torch.randn(outputs) for _ in range(3)] + [torch.rand(outputs) + 0.25]
        else:
            bias = torch.randn(outputs)
        double = [None if t is None else t.double() for t in (x, weight, bias)]
        exact = function(*double, *rest)
        bound = function(*[None if t is None else t.abs() for t in double], *rest)
        if normed:
            gamma, beta, mean, var = (t.double().view(-1, *[1] * len(size)) for t in norm)
            scale = gamma / (var + EPS).sqrt()
            exact = (exact - mean) * scale + beta
            bound = (bound + mean.abs()) * scale.abs() + beta.abs()
        other = torch.randn_like(exact).to(BF16) if combine else None
        before = taken("convolution")
        with torch.inference_mode():
            for _ in range(3):
                y = convolution(
                    x, weight, bias, *rest, norm=norm, eps=EPS, activation=1, combine=combine,
                    other=other, dtype=wanted,
                )  # fmt: skip
        assert (taken("convolution") - before == 3) or mode != "row", stoker.explain()
        exact = epilogue(exact, 1, combine, other)
        bound = bound if other is None else bound * other.double().abs().clamp(min=1)
        assert_close(y, exact, bound, k, wanted or x_type, mode)


def test_opcheck(mode):
    torch.manual_seed(SEED)
    bounds = {"rtol": 2e-2, "atol": 2e-2}
    x, weight = torch.randn(2, 3, 16).to(BF16), torch.randn(8, 16) / 4
    for wanted in (None, F32):
        torch.library.opcheck(linear, (x, [weight], []), {"dtype": wanted}, **bounds)
        image, window = torch.randn(2, 4, 6, 6).to(BF16), torch.randn(8, 4, 3, 3) / 6
        arguments = (image, window, None, [1, 1], [1, 1], [1, 1], 1)
        torch.library.opcheck(convolution, arguments, {"dtype": wanted}, **bounds)


def test_a_float32_input_beside_a_bfloat16_weight_is_still_an_error(mode):
    x, weight = torch.randn(2, 3, 16), torch.randn(8, 16).to(BF16)
    with torch.inference_mode(), pytest.raises(RuntimeError):
        linear(x, [weight], [])
    with torch.inference_mode(), pytest.raises(RuntimeError):
        convolution(x, weight[:, :3, None], None, [1], [0], [1], 1)


def test_a_product_of_bfloat16_tensors_is_offered_to_no_float32_row():
    """Rows are chosen as on a user's machine; of these sizes some have no row in bf16."""
    code = """
import stoker, torch
torch.manual_seed(1)
linear = torch.ops.stoker.linear.default
for mode in (False, True):
    if mode:
        stoker.set_dtype(torch.bfloat16, force=True)
        stoker._C.enter_eval()
    for weight_type in (torch.bfloat16, torch.float32) if mode else (torch.bfloat16,):
        for m in (1, 2, 30, 65, 100, 300, 600):
            x, w = torch.randn(m, 512).bfloat16(), (torch.randn(512, 512) / 20).to(weight_type)
            with torch.inference_mode():
                for _ in range(12):
                    y = linear(x, [w], [], dtype=torch.float32)
            exact = x.double() @ w.double().t()
            error = ((y - exact).norm() / exact.norm()).item()
            assert error < 1e-2, (mode, weight_type, m, error)
counts = stoker.status()["operators"]["stoker.linear"]
assert "no memory for a generated kernel" not in counts["declined"], counts
assert not any(row.endswith("jit_f32") for row in counts["rows"]), counts
"""
    ends_silently("-c", code)


def test_a_weight_that_rounding_makes_infinite_is_left_to_stock():
    """Its products with zeros, those around the image or in it, would be NaN."""
    weight = torch.zeros(16, 8, 3, 3)
    weight[0, 0, 0, 0] = torch.finfo(F32).max  # larger than what bfloat16 holds
    x = torch.zeros(1, 8, 9, 12, dtype=BF16).to(memory_format=torch.channels_last)
    args = x, weight, None, [1, 1], [1, 1], [1, 1], 1
    stoker.enable()
    before = taken("convolution")
    with bf16_mode(), torch.no_grad():
        results = [convolution(*args) for _ in range(4)]
    assert taken("convolution") == before
    assert all(torch.equal(y, torch.zeros_like(y)) for y in results)
