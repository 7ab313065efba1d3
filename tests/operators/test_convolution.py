"""Convolutions in the programs people have: eager, captured and recorded ones."""

from __future__ import annotations

import warnings

import pytest
import stoker
import torch
from torch import nn
from torch.nn import functional as F

from tests.support.graphs import stock


def counts() -> dict:
    return stoker.status()["operators"]["_convolution"]


def block() -> nn.Module:
    """As in ResNet, without what is not a convolution."""
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(16, 8, 1, bias=False),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.Conv2d(8, 24, 1, stride=2),
    ).eval()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("capture", ["eager", "traced", "scripted", "frozen", "optimized"])
def test_every_way_to_run_a_model_is_ours(capture, layout):
    model = block().to(memory_format=layout)
    x = torch.randn(2, 16, 14, 14).contiguous(memory_format=layout)
    if capture != "eager":
        traced = torch.jit.trace(model, x) if capture != "scripted" else torch.jit.script(model)
        frozen = torch.jit.freeze(traced) if capture in ("frozen", "optimized") else traced
        model = torch.jit.optimize_for_inference(frozen) if capture == "optimized" else frozen
        del traced, frozen
    results = []
    with torch.no_grad():
        expected = stock(lambda: model(x))
        for _ in range(4):
            before = counts()["taken"]
            results.append(model(x))
            # What optimize_for_inference makes of its convolutions does not come by here.
            assert counts()["taken"] - before == (3 if capture != "optimized" else 0), counts()
    for result in results:
        assert result.stride() == expected.stride()
        torch.testing.assert_close(result, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_recorded_is_stock_bit_for_bit(dtype):
    model, x = block().to(dtype), torch.randn(2, 16, 14, 14).to(dtype)
    with torch.no_grad():
        model(x)  # packed

    def train():
        given = x.clone().requires_grad_()
        result = model(given)
        result.float().square().sum().backward()
        gradients = [p.grad for p in model.parameters()] + [given.grad]
        model.zero_grad()
        return [result.detach(), *gradients]

    before = counts()["taken"]
    ours, expected = train(), stock(train)
    assert counts()["taken"] == before
    assert all(a.equal(b) for a, b in zip(ours, expected, strict=True))

    def direct(trained: torch.Tensor):
        """The door itself, as a traced graph calls it."""
        weight = trained.clone().requires_grad_()
        return torch.ops.aten._convolution(
            x, weight, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, False, False, True, True
        )

    weight = model[0].weight.detach()
    assert direct(weight).detach().equal(stock(lambda: direct(weight).detach()))
    assert counts()["taken"] == before


def test_second_derivatives_are_stock():
    x = torch.randn(1, 3, 6, 6, dtype=torch.double, requires_grad=True)
    w = torch.randn(4, 3, 1, 1, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda a, b: F.conv2d(a, b), (x, w))

    def hessian():
        function = torch.func.hessian(lambda v: F.conv2d(v, w.float().detach()).pow(3).sum())
        return function(x.float().detach()[:, :, :2, :2])

    before = counts()["taken"]
    ours = hessian()
    assert counts()["taken"] == before
    assert ours.equal(stock(hessian))


def test_the_users_precision_is_honoured():
    x, w = torch.randn(1, 8, 9, 9), torch.randn(8, 8, 3, 3)
    was = torch.backends.mkldnn.conv.fp32_precision
    torch.backends.mkldnn.conv.fp32_precision = "bf16"
    try:
        before = counts()["taken"]
        with torch.no_grad():
            F.conv2d(x, w)
        assert counts()["taken"] == before
        assert "fp32_precision is not ieee" in counts()["declined"]
    finally:
        torch.backends.mkldnn.conv.fp32_precision = was
    with torch.no_grad():
        F.conv2d(x, w)
    assert counts()["taken"] == before + 1


def test_one_packing_serves_images_of_any_size():
    conv = nn.Conv2d(8, 16, 3, padding=1).eval()
    with torch.no_grad():
        conv(torch.randn(1, 8, 20, 20))
        packs = stoker.status()["packed"]["packs"]
        for size in range(5, 30, 3):
            x = torch.randn(2, 8, size, size + 2)
            torch.testing.assert_close(conv(x), stock(lambda x=x: conv(x)))
    assert stoker.status()["packed"]["packs"] == packs


def test_one_weight_in_two_convolutions_has_two_packings():
    w, x = torch.randn(16, 8, 3, 3), torch.randn(1, 8, 20, 20)
    wide, groups = torch.randn(1, 16, 20, 20), 2
    with torch.no_grad():
        for _ in range(3):
            for call in (
                lambda: F.conv2d(x, w),
                lambda: F.conv2d(x, w, stride=2, padding=1),
                lambda: F.conv2d(x, w.view(16, 8, 9, 1)),
                lambda: F.conv2d(wide, w, groups=groups),
            ):
                torch.testing.assert_close(call(), stock(call))


def test_autocast_packs_the_float32_parameter_once():
    conv = nn.Conv2d(16, 32, 1).eval()
    x = torch.randn(2, 16, 20, 20).contiguous(memory_format=torch.channels_last)

    def run():
        with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
            return conv(x)

    def taken() -> int:
        return stoker.status()["operators"]["autocast.conv2d"]["taken"]

    before, packs = taken(), stoker.status()["packed"]["packs"]
    results = [run() for _ in range(3)]
    assert taken() == before + 3
    assert stoker.status()["packed"]["packs"] == packs + 1
    expected = stock(run)
    for result in results:
        assert result.dtype == torch.bfloat16 and result.stride() == expected.stride()
        torch.testing.assert_close(result, expected, rtol=2**-7, atol=2**-7)


def test_bf16_mode_multiplies_in_bf16_below_modules_in_eval_mode():
    conv = nn.Conv2d(16, 32, 1).eval()
    x = torch.randn(2, 16, 20, 20)
    with torch.no_grad():
        exact = conv(x)
        stoker.set_dtype(torch.bfloat16, force=True)
        stoker._C.enter_eval()
        try:
            rounded = conv(x)
        finally:
            stoker._C.leave_eval()
            stoker.set_dtype(torch.float32)
        wanted = F.conv2d(x.bfloat16().float(), conv.weight.bfloat16().float(), conv.bias)
    assert not rounded.equal(exact) and rounded.dtype == torch.float32
    torch.testing.assert_close(rounded, wanted)


def test_captured_graphs_are_the_same_text():
    model, x = block(), torch.randn(1, 16, 8, 8)
    from torch.fx.experimental.proxy_tensor import make_fx

    for capture in (
        lambda: make_fx(lambda v: model(v))(x).code,
        lambda: str(torch.export.export(model, (x,)).graph),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert capture() == stock(capture)


TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
LAST = {2: torch.channels_last, 3: torch.channels_last_3d}


def transposed_operands(generator: torch.Generator, dtype: torch.dtype) -> tuple:
    """Operands and arguments of one random transposed convolution."""

    def number(least: int, most: int) -> int:
        return int(torch.randint(least, most + 1, (), generator=generator))

    d, groups = number(1, 3), number(1, 3)
    stride = [number(1, 3) for _ in range(d)]
    dilation = [number(1, 2) for _ in range(d)]
    kernel = [number(1, 4) for _ in range(d)]
    padding = [number(0, (k - 1) // 2) for k in kernel]
    output_padding = [number(0, max(s, n) - 1) for s, n in zip(stride, dilation, strict=True)]
    channels, outputs = number(1, 9) * groups, number(1, 9)
    x = torch.randn(number(1, 3), channels, *(number(2, 6) for _ in kernel), generator=generator)
    w = torch.randn(channels, outputs, *kernel, generator=generator)
    b = torch.randn(outputs * groups, generator=generator) if number(0, 1) else None
    x, w, b = (None if t is None else t.to(dtype) for t in (x, w, b))
    if d > 1 and number(0, 1):
        x = x.contiguous(memory_format=LAST[d])
    if d > 1 and number(0, 1):
        w = w.contiguous(memory_format=LAST[d])
    return TRANSPOSED[d], (x, w, b, stride, padding, output_padding, groups, dilation)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_transposed_convolutions_are_stocks(dtype):
    generator, eps = torch.Generator().manual_seed(61), torch.finfo(torch.float32).eps
    stoker.reset_counters()
    before, compared, written = counts()["taken"], 0, 0
    with torch.no_grad():
        for _ in range(150):
            function, arguments = transposed_operands(generator, dtype)
            for _ in range(2):
                taken = counts()["taken"]
                y, expected = function(*arguments), stock(lambda f=function, a=arguments: f(*a))
                assert y.stride() == expected.stride() and y.dtype == expected.dtype
                if counts()["taken"] == taken:
                    assert y.equal(expected)
                    continue
                x, w, b, *rest = arguments
                bias = None if b is None else b.double()
                exact = function(x.double(), w.double(), bias, *rest)
                size = function(
                    x.double().abs(), w.double().abs(), None if b is None else bias.abs(), *rest
                )
                bound = 4 * eps * w[:, 0].numel() ** 0.5 * (size + 1)
                if dtype != torch.float32:
                    bound = bound + torch.finfo(dtype).eps * exact.abs()
                assert ((y.double() - exact).abs() <= bound).all(), arguments[3:]
                compared += y.numel()
                w.mul_(-2)  # the pack is dropped
                written += 1
    assert "the row raised an error" not in counts()["declined"]
    taken = counts()["taken"] - before
    assert taken > (200 if dtype == torch.float32 else 60), counts()
    print(f"{compared} elements compared of {taken} transposed convolutions, {written} written")
