"""torch.ops.stoker.convolution: against what it means, with and without a row."""

from __future__ import annotations

import itertools

import pytest
import stoker
import torch
from torch import nn
from torch.nn import functional as F

from tests.support.activations import ACTIVATIONS
from tests.support.graphs import stock

convolution = torch.ops.stoker.convolution.default

DTYPES = [torch.float32, torch.bfloat16, torch.float16]
LAST = {1: torch.contiguous_format, 2: torch.channels_last, 3: torch.channels_last_3d}
SEED = 53
EPS = 1e-3

# channels, outputs, size of an image, kernel, stride, padding, dilation, groups
SHAPES = {
    "point": (16, 24, [7, 5], [1, 1], [1, 1], [0, 0], [1, 1], 1),
    "point_wide": (5, 7, [19, 18], [1, 1], [1, 1], [0, 0], [1, 1], 1),
    "point_strided": (16, 24, [9, 8], [1, 1], [2, 2], [0, 0], [1, 1], 1),
    "one_pixel": (16, 24, [1, 1], [1, 1], [1, 1], [0, 0], [1, 1], 1),
    "window": (8, 20, [9, 7], [3, 3], [1, 1], [1, 1], [1, 1], 1),
    "stem": (3, 16, [21, 20], [7, 7], [2, 2], [3, 3], [1, 1], 1),
    "dilated": (6, 10, [11, 9], [3, 3], [1, 1], [2, 2], [2, 2], 1),
    "depthwise": (24, 24, [9, 9], [3, 3], [2, 2], [1, 1], [1, 1], 24),
    "grouped": (8, 12, [8, 8], [3, 3], [1, 1], [1, 1], [1, 1], 4),
    "line_point": (9, 14, [23], [1], [1], [0], [1], 1),
    "line": (6, 10, [31], [5], [2], [2], [1], 1),
    "volume": (4, 9, [5, 6, 4], [3, 2, 3], [1, 2, 1], [1, 0, 1], [1, 1, 1], 1),
    "volume_point": (4, 9, [5, 6, 4], [1, 1, 1], [1, 1, 1], [0, 0, 0], [1, 1, 1], 1),
}


class Problem:
    """Operands of one convolution, of which `norm` has none, two or four tensors."""

    def __init__(self, shape: str, dtype=torch.float32, last=True, bias=True, norm=4):
        torch.manual_seed(SEED)
        channels, self.outputs, size, kernel, *self.arguments = SHAPES[shape]
        self.groups = self.arguments[-1]
        self.dimensions, self.dtype = len(size), dtype
        self.k = channels // self.groups * torch.Size(kernel).numel()
        layout = LAST[self.dimensions] if last else torch.contiguous_format

        def laid(*sizes: int) -> torch.Tensor:
            return torch.randn(sizes).to(dtype).contiguous(memory_format=layout)

        self.x = laid(2, channels, *size)
        self.weight = (laid(self.outputs, channels // self.groups, *kernel) / self.k**0.5).to(dtype)
        self.bias = torch.randn(self.outputs).to(dtype) if bias else None
        gamma, beta, mean = (torch.randn(self.outputs).to(dtype) for _ in range(3))
        variance = (torch.rand(self.outputs) + 0.25).to(dtype)
        self.norm = [gamma, beta, mean, variance][4 - norm :]
        result = self.convolve(self.x, self.weight, None)
        self.other = torch.randn_like(result)

    def convolve(self, x, weight, bias):
        function = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[self.dimensions]
        return function(x, weight, bias, *self.arguments)

    def __call__(self, activation=0, combine=0, **changed):
        given = changed.pop("other", self.other)
        other = given if combine else None
        return convolution(
            self.x, self.weight, self.bias, *self.arguments, norm=self.norm, eps=EPS,
            activation=activation, combine=combine, other=other, **changed,
        )  # fmt: skip

    def meaning(self, activation=0, combine=0, multiply=None):
        """In float64 of the operands (rounded to `multiply`), and the error that is allowed."""
        x, weight, other = self.x.double(), self.weight.double(), self.other.double()
        if multiply:
            x, weight = x.to(multiply).double(), weight.to(multiply).double()
        bias = None if self.bias is None else self.bias.double()
        y = self.convolve(x, weight, bias)
        size = self.convolve(x.abs(), weight.abs(), None if bias is None else bias.abs())
        per_output = [-1] + [1] * self.dimensions
        if self.norm:
            mean, variance = (t.double().view(per_output) for t in self.norm[-2:])
            scale = (variance + EPS).rsqrt()
            beta = torch.zeros_like(mean)
            if len(self.norm) == 4:
                gamma, beta = (t.double().view(per_output) for t in self.norm[:2])
                scale = scale * gamma
            y = (y - mean) * scale + beta
            size = (size + mean.abs()) * scale.abs() + beta.abs()
        # Sums of K products; folded weights and bias are rounded, and stock's steps are.
        error = 4 * torch.finfo(torch.float32).eps * self.k**0.5 * size
        coarse = torch.finfo(self.dtype).eps
        if multiply or self.dtype != torch.float32:
            error = error + 2 * max(coarse, torch.finfo(multiply or self.dtype).eps) * size
        y = y + other if combine == 3 else y
        error = error + coarse * y.abs()
        y = ACTIVATIONS[activation](y)
        error = 1.2 * error + 8 * coarse * (y.abs() + torch.finfo(torch.float32).eps)
        if combine == 1:
            y = y + other
        if combine == 2:
            y, error = y * other, error * other.abs()
        # oneDNN's hardswish errs by half an eps of three near its bend.
        return y, error + 2 * coarse * (y.abs() + other.abs()) + 3 * torch.finfo(torch.float32).eps

    def check(self, y, *arguments, **rounded) -> int:
        exact, allowed = self.meaning(*arguments, **rounded)
        worst = ((y.double() - exact).abs() / allowed).max().item()
        assert worst <= 1, f"{worst} times the error bound"
        assert y.dtype == self.dtype
        return y.numel()


def counts() -> dict:
    return stoker.status()["operators"]["stoker.convolution"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_epilogue(shape, dtype, row):
    compared = 0
    for last, norm, bias in itertools.product((True, False), (0, 2, 4), (True, False)):
        problem = Problem(shape, dtype, last, bias, norm)
        for activation, combine in itertools.product(range(10), range(4)):
            before = counts()["taken"]
            with torch.inference_mode():
                y = problem(activation, combine)
            compared += problem.check(y, activation, combine)
            assert (counts()["taken"] > before) == row, stoker.explain()
    print(f"{compared} elements compared of {dtype}, seed {SEED}")


@pytest.mark.parametrize("shape", SHAPES)
def test_bf16_mode_rounds_the_operands(shape):
    for last, norm in itertools.product((True, False), (0, 4)):
        problem = Problem(shape, last=last, norm=norm)
        stoker.set_dtype(torch.bfloat16, force=True)
        stoker._C.enter_eval()
        try:
            with torch.inference_mode():
                y = problem(1, 3)
        finally:
            stoker._C.leave_eval()
            stoker.set_dtype(torch.float32)
        problem.check(y, 1, 3, multiply=torch.bfloat16)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_result_lies_as_its_operands_suggest(shape):
    for last_x, last_w in itertools.product((True, False), repeat=2):
        problem = Problem(shape, last=last_x)
        problem.weight = Problem(shape, last=last_w).weight
        for activation, combine in ((0, 0), (1, 0), (1, 3), (4, 1)):
            with torch.inference_mode():
                ours = problem(activation, combine)
            if last_x or not last_w:  # a weight with sides of one suggests nothing
                layout = LAST[problem.dimensions] if last_x else torch.contiguous_format
                assert ours.is_contiguous(memory_format=layout)
            # Whatever the layout of the other operand.
            with torch.inference_mode():
                other = problem.other.transpose(0, 1).contiguous().transpose(0, 1)
                problem.check(problem(activation, combine, other=other), activation, combine)


def test_special_values_pass_as_in_torch():
    for shape, activation in itertools.product(("point", "window", "depthwise"), range(10)):
        problem = Problem(shape)
        problem.x[0, 1] = float("nan")
        with torch.inference_mode():
            ours, expected = problem(activation), stock(lambda p=problem, a=activation: p(a))
        assert ours.isnan().equal(expected.isnan()), (shape, activation)
        torch.testing.assert_close(ours, expected, equal_nan=True, rtol=1e-4, atol=1e-5)


def test_what_does_not_fold_is_stock():
    def declined(problem, reason):
        before = counts()["taken"]
        with torch.inference_mode():
            ours, expected = problem(1), stock(lambda: problem(1))
        assert counts()["taken"] == before and reason in counts()["declined"], counts()
        torch.testing.assert_close(ours, expected, equal_nan=True, rtol=0, atol=0)

    infinite = Problem("window")
    infinite.norm[0][3] = float("inf")
    declined(infinite, "the folded bias is not finite")
    infinite.norm[0][3] = 1
    infinite.weight[3, 1] = float("inf")
    declined(infinite, "weight is not finite")
    point = Problem("point")
    point.weight[3, 1] = float("nan")
    declined(point, "weight is not finite")
    declined(Problem("point", torch.float16), "norms are not folded into float16 weights")
    wide = Problem("point")
    wide.norm[2] = torch.randn(wide.outputs, 2)[:, 0]
    declined(wide, "a tensor of the norm is not a vector of the size of what it normalizes")
    double = Problem("point", torch.float64)
    declined(double, "dtype is not float32, bfloat16 or float16")
    shared = Problem("window")
    array = shared.norm[3].numpy()
    declined(shared, "weight memory has other holders (kept state_dict, view or array)")
    array[:] = 4
    declined(shared, "weight memory has other holders (kept state_dict, view or array)")


class Block(nn.Module):
    def __init__(self, shape: str):
        super().__init__()
        problem = Problem(shape)
        self.weight = nn.Parameter(problem.weight.clone(), requires_grad=False)
        names = ("bias", "gamma", "beta", "mean", "var")
        for name, tensor in zip(names, (problem.bias, *problem.norm), strict=True):
            self.register_buffer(name, tensor.clone())
        self.problem = problem

    def forward(self, reference: bool = False) -> torch.Tensor:
        p = self.problem
        p.weight, p.bias = self.weight, self.bias
        p.norm = [self.gamma, self.beta, self.mean, self.var]
        return p.meaning(1) if reference else p(1)


def _other(tensor: torch.Tensor) -> torch.Tensor:
    """Other values; positive, as a variance is."""
    return tensor.detach().abs() * 3 + 0.125


def _replace_data(block, name):
    getattr(block, name).data = _other(getattr(block, name))


def _set_attribute(block, name):
    old = getattr(block, name)
    new = _other(old)
    setattr(block, name, nn.Parameter(new, False) if name == "weight" else new)


def _through_numpy(block, name):
    getattr(block, name).numpy()[...] = _other(getattr(block, name)).numpy()


WRITES = {
    "in_place": lambda block, name: getattr(block, name).copy_(_other(getattr(block, name))),
    "mul": lambda block, name: getattr(block, name).abs_().mul_(3).add_(0.125),
    "data_copy": lambda b, name: getattr(b, name).data.copy_(_other(getattr(b, name))),
    "data": _replace_data,
    "attribute": _set_attribute,
    "numpy": _through_numpy,
    "load_state_dict": lambda block, name: block.load_state_dict(
        {name: _other(getattr(block, name))}, strict=False
    ),
    "assign": lambda block, name: block.load_state_dict(
        {name: _other(getattr(block, name))}, strict=False, assign=True
    ),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("name", ["weight", "bias", "gamma", "beta", "mean", "var"])
@pytest.mark.parametrize("shape", ["point", "window", "depthwise"])
def test_next_call_sees_a_write(shape, name, write):
    block = Block(shape)
    with torch.no_grad():
        for _ in range(3):
            before = counts()["taken"]
            old = block()
            assert counts()["taken"] == before + 1, stoker.explain()
        WRITES[write](block, name)
        for _ in range(4):
            y = block()
            exact, allowed = block(reference=True)
            assert ((y.double() - exact).abs() <= allowed).all()
        assert not torch.allclose(y, old), "nothing was tested"
        # Packed again, and that pack is noticed too.
        before = counts()["taken"]
        block()
        assert counts()["taken"] == before + 1, counts()
        WRITES[write](block, name)
        exact, allowed = block(reference=True)
        assert ((block().double() - exact).abs() <= allowed).all()


def test_norms_of_one_weight_have_packs_of_their_own():
    problem = Problem("window")
    norms = problem.norm, [t * 2 + 0.5 for t in problem.norm], problem.norm[2:], []
    with torch.inference_mode():
        for _ in range(3):
            for norm in norms:
                problem.norm = list(norm)
                problem.check(problem(4), 4)


@torch.no_grad()
def test_a_folded_pack_takes_the_place_of_the_weights_own():
    """Before a module is a graph its convolutions run alone."""
    case = Problem("window")
    stoker.unregister()
    stoker.enable()
    alone = [case.convolve(case.x, case.weight, None) for _ in range(3)]
    assert stoker.status()["packed"]["entries"] == 1
    case.check(case())
    case.check(case())
    assert stoker.status()["packed"]["entries"] == 2  # the folded bias is the other
    again = [case.convolve(case.x, case.weight, None) for _ in range(3)]
    assert all(y.equal(alone[-1]) for y in again)


def test_gradients_are_those_of_its_meaning():
    torch.manual_seed(SEED)
    double = {"dtype": torch.float64, "requires_grad": True}
    x, w, b = torch.randn(2, 2, 4, 4, **double), torch.randn(3, 2, 3, 3, **double), None
    gamma, beta = torch.randn(2, 3, dtype=torch.float64)
    other = torch.randn(2, 3, 4, 4, **double)
    mean, var = torch.randn(3, dtype=torch.float64), torch.rand(3, dtype=torch.float64) + 0.5

    def function(x, w, gamma, beta, other):
        norm = [gamma, beta, mean, var]
        return convolution(
            x, w, b, [1, 1], [1, 1], [1, 1], 1, norm=norm, eps=EPS, activation=4, combine=1,
            other=other,
        )  # fmt: skip

    inputs = x, w, gamma.requires_grad_(), beta.requires_grad_(), other
    assert torch.autograd.gradcheck(function, inputs)


@pytest.mark.parametrize("shape", SHAPES)
def test_opcheck(shape):
    """Types, layouts, norms and combinations take turns."""
    turn = list(SHAPES).index(shape)
    dtype, norm = DTYPES[turn % 3], (0, 2, 4)[turn // 3 % 3]
    problem = Problem(shape, dtype, last=turn % 2 == 0, bias=turn // 2 % 2 == 0, norm=norm)
    # Traced it is torch's own operators, which round between them.
    bounds = {"rtol": 8 * torch.finfo(dtype).eps, "atol": 64 * torch.finfo(dtype).eps}
    named = {"norm": problem.norm, "eps": EPS, "activation": turn % 10, "combine": turn % 4}
    named["other"] = problem.other if turn % 4 else None
    named["dtype"] = (None, torch.float32)[turn // 4 % 2]
    given = problem.x, problem.weight, problem.bias, *problem.arguments
    torch.library.opcheck(convolution, given, named, **bounds)


def test_export_and_compile_see_through_it():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(8, 4, 3, 3))
            self.register_buffer("mean", torch.randn(8))
            self.register_buffer("var", torch.rand(8) + 0.5)

        def forward(self, x):
            return convolution(
                x, self.weight, None, [1, 1], [1, 1], [1, 1], 1, norm=[self.mean, self.var],
                eps=EPS, activation=8,
            )  # fmt: skip

    model, x = Model().eval(), torch.randn(2, 4, 6, 6)
    with torch.no_grad():
        y = F.conv2d(x, model.weight, None, 1, 1)
        expected = F.relu6(F.batch_norm(y, model.mean, model.var, eps=EPS))
        torch.testing.assert_close(torch.export.export(model, (x,)).module()(x), expected)
        torch.testing.assert_close(torch.compile(model, backend="aot_eager")(x), expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"activation": 10}, "activation is 10, expected 0 to 9"),
        ({"combine": 4}, "combine is 4"),
        ({"combine": 1}, "combine and other go together"),
        ({"norm": [torch.ones(24)]}, "got 1 tensors"),
    ],
)
def test_wrong_arguments_say_what_is_expected(arguments, message, row):
    problem = Problem("point")
    positional = problem.x, problem.weight, problem.bias, *problem.arguments
    with torch.inference_mode(), pytest.raises(RuntimeError, match=message):
        convolution(*positional, **arguments)
