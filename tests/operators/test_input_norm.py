"""Batch norms before a convolution or a linear layer: against what they mean."""

from __future__ import annotations

import itertools
import random

import pytest
import stoker
import torch
from torch.nn import functional as F

from tests.support import graphs

convolution = torch.ops.stoker.convolution.default
linear = torch.ops.stoker.linear.default

SEED = 71
EPS = 1e-3
LAST = {1: torch.contiguous_format, 2: torch.channels_last, 3: torch.channels_last_3d}
# channels, outputs, size of an image, kernel, stride, dilation, groups
SHAPES = {
    "point": (16, 24, [7, 5], [1, 1], [1, 1], [1, 1], 1),
    "point_wide": (16, 24, [19, 18], [1, 1], [1, 1], [1, 1], 1),
    "point_strided": (16, 24, [9, 8], [1, 1], [2, 2], [1, 1], 1),
    "point_grouped": (12, 18, [7, 5], [1, 1], [1, 1], [1, 1], 3),
    "window": (8, 20, [9, 7], [3, 2], [1, 1], [1, 1], 1),
    "dilated": (6, 10, [11, 9], [3, 3], [2, 1], [2, 2], 1),
    "grouped": (8, 12, [8, 8], [3, 3], [1, 1], [1, 1], 4),
    "depthwise": (24, 24, [9, 9], [3, 3], [2, 2], [1, 1], 24),
    "line": (6, 10, [31], [5], [2], [1], 1),
    "volume": (4, 9, [5, 6, 4], [3, 2, 3], [1, 2, 1], [1, 1, 1], 1),
}


def norm_of(channels: int, count: int) -> list[torch.Tensor]:
    gamma, beta, mean = torch.randn(3, channels).unbind()
    tensors = [t.clone() for t in (gamma, beta, mean, torch.rand(channels) + 0.25)]
    return tensors[4 - count :]


def scale_and_shift(norm, channels: int, dimensions: int):
    """x s + t, in float64; ones and zeros where there is no norm."""
    if not norm:
        s, t = torch.ones(channels).double(), torch.zeros(channels).double()
    else:
        *affine, mean, var = (each.double() for each in norm)
        gamma, beta = affine or (torch.ones_like(mean), torch.zeros_like(mean))
        s = gamma * (var + EPS).rsqrt()
        t = beta - mean * s
    per_channel = [-1] + [1] * dimensions
    return s.view(per_channel), t.view(per_channel)


class Problem:
    def __init__(self, shape: str, last=True, bias=True, before=4, after=0):
        torch.manual_seed(SEED)
        self.channels, self.outputs, size, kernel, *rest = SHAPES[shape]
        self.dimensions = len(size)
        stride, dilation, self.groups = rest
        self.arguments = [stride, [0] * self.dimensions, dilation, self.groups]
        self.k = self.channels // self.groups * torch.Size(kernel).numel()
        layout = LAST[self.dimensions] if last else torch.contiguous_format

        def laid(*sizes: int) -> torch.Tensor:
            return torch.randn(sizes).contiguous(memory_format=layout)

        self.x = laid(2, self.channels, *size)
        self.weight = laid(self.outputs, self.channels // self.groups, *kernel) / self.k**0.5
        self.bias = torch.randn(self.outputs) if bias else None
        self.before = norm_of(self.channels, before)
        self.after = norm_of(self.outputs, after)
        self.other = torch.randn_like(self.convolve(self.x, self.weight, None))

    def convolve(self, x, weight, bias):
        function = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[self.dimensions]
        return function(x, weight, bias, *self.arguments)

    def __call__(self, combine=0):
        return convolution(
            self.x, self.weight, self.bias, *self.arguments, norm=self.after, eps=EPS,
            activation=1, combine=combine, other=self.other if combine else None,
            input_norm=self.before, input_eps=EPS,
        )  # fmt: skip

    def meaning(self, combine=0):
        """In float64, and the error that is allowed."""
        s, t = scale_and_shift(self.before, self.channels, self.dimensions)
        x, weight = self.x.double(), self.weight.double()
        y = self.convolve(x * s + t, weight, None)
        size = self.convolve((x * s).abs() + t.abs(), weight.abs(), None)
        if self.bias is not None:
            bias = self.bias.double().view([-1] + [1] * self.dimensions)
            y, size = y + bias, size + bias.abs()
        s, t = scale_and_shift(self.after, self.outputs, self.dimensions)
        y, size = y * s + t, size * s.abs() + t.abs()
        y = y + self.other if combine == 3 else y
        error = 4 * torch.finfo(torch.float32).eps * (self.k**0.5 * size + y.abs())
        return y.relu(), error

    def check(self, y, combine=0):
        exact, allowed = self.meaning(combine)
        worst = ((y.double() - exact).abs() / allowed).max().item()
        assert worst <= 1, f"{worst} times the error bound"


def taken(operator="stoker.convolution") -> int:
    return stoker.status()["operators"][operator]["taken"]


def apart(call) -> bool:
    """Is the norm before it computed by itself?"""
    with torch.inference_mode(), torch.profiler.profile() as profile:
        call()
    return any(event.name == "aten::batch_norm" for event in profile.events())


def stock(call):
    with torch.inference_mode():
        return graphs.stock(call)


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_folded(shape, row):
    choices = list(itertools.product((True, False), (True, False), (2, 4), (0, 2, 4), (0, 3)))
    drawn = random.Random(SEED + list(SHAPES).index(shape)).sample(choices, 6)
    for last, bias, before, after, combine in drawn:
        problem, already = Problem(shape, last, bias, before, after), taken()
        with torch.inference_mode():
            problem.check(problem(combine), combine)
        assert (taken() > already) == row, stoker.explain()
    assert apart(problem) != row


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("shape", ["window", "grouped", "volume"])
def test_channels_are_found_whatever_the_layout_of_the_weight(shape, last):
    problem = Problem(shape, last=True)
    layout = LAST[problem.dimensions] if last else torch.contiguous_format
    problem.weight = problem.weight.contiguous(memory_format=layout)
    with torch.inference_mode():
        problem.check(problem())
    assert not apart(problem)


def test_zeros_around_an_image_are_not_normalised(row):
    for shape in ("point", "window", "depthwise", "line"):
        problem, already = Problem(shape, after=4), taken()
        problem.arguments[1] = [1] * problem.dimensions
        with torch.inference_mode():
            problem.check(problem())
        assert (taken() > already) == row and apart(problem)


@pytest.mark.parametrize("shape", ["point", "window", "depthwise"])
def test_the_next_call_sees_a_write(shape):
    problem = Problem(shape, after=4)
    with torch.no_grad():
        for written in (problem.weight, problem.bias, *problem.before, *problem.after):
            old = problem()
            assert not apart(problem), "nothing was tested"
            written.abs_().mul_(1.5).add_(0.125)
            for _ in range(2):
                y = problem()
                problem.check(y)
            assert not torch.allclose(y, old), "nothing was tested"


def test_packs_of_one_weight_are_told_apart_by_their_norms():
    problem = Problem("point", bias=False)
    square = torch.randn(16, 16, 1, 1)
    problem.weight, problem.outputs = square, 16
    a, b = norm_of(16, 4), norm_of(16, 4)
    choices = [(a, []), ([], a), (b, a), (a, b), (a[2:], b), (b, a[2:]), (a[2:], []), ([], [])]
    with torch.inference_mode():
        for _ in range(3):
            for problem.before, problem.after in choices:
                problem.check(problem())


def test_special_values_pass_as_in_torch():
    for shape, value in itertools.product(SHAPES, ("nan", "inf", "-inf")):
        problem = Problem(shape)
        problem.before[0][1] = 0  # a channel that the norm makes a constant
        problem.weight[2] = 0
        problem.x[0, 1] = problem.x[1, 0] = float(value)
        with torch.inference_mode():
            ours = problem()
        assert not apart(problem)
        expected = stock(problem)
        torch.testing.assert_close(ours, expected, equal_nan=True, rtol=1e-4, atol=1e-5)


def test_what_cannot_be_folded_is_computed_apart():
    def check(problem, why):
        with torch.inference_mode():
            ours = problem()
        torch.testing.assert_close(ours, stock(problem), equal_nan=True, rtol=1e-4, atol=1e-4)
        assert apart(problem) and why in stoker.explain()

    stoker.unregister()
    stoker.enable()
    for index, value in ((0, "inf"), (1, "nan"), (2, "inf"), (3, "-1"), (3, "nan")):
        problem = Problem("window", after=4)
        problem.before[index][3] = float(value)
        check(problem, "the folded bias is not finite")
    overflows = Problem("point")
    overflows.before[0][3], overflows.before[1][3], overflows.before[2][3] = 1e30, 0, 0
    overflows.weight[:, 3], overflows.x[:, 3] = 1e15, 1e-38
    check(overflows, "weight is not finite")
    distant = Problem("window")
    distant.before[2] += 1000
    distant.x += 1000
    check(distant, "a norm takes away most of its input")


def test_bf16_mode_rounds_what_the_norm_gives():
    problem = Problem("window")
    problem.before[2] += 1
    problem.x += 1
    stoker.set_dtype(torch.bfloat16, force=True)
    stoker._C.enter_eval()
    try:
        with torch.inference_mode():
            y = problem()
        assert apart(problem)
    finally:
        stoker._C.leave_eval()
        stoker.set_dtype(torch.float32)
    s, t = scale_and_shift(problem.before, problem.channels, 2)
    normalised = problem.x.double() * s + t
    exact = problem.convolve(normalised, problem.weight.double(), problem.bias.double()).relu()
    size = problem.convolve(normalised.abs(), problem.weight.double().abs(), None)
    assert ((y - exact).abs() <= 2 * torch.finfo(torch.bfloat16).eps * (size + 1)).all()


def linear_meaning(x, weights, biases, before, after):
    s, t = scale_and_shift(before, x.size(-1), 0)
    y = torch.cat([(x.double() * s + t) @ w.double().t() for w in weights], -1)
    y = y + torch.cat(biases).double() if biases else y
    s, t = scale_and_shift(after, y.size(-1), 0)
    return (y * s + t).relu()


@pytest.mark.parametrize("case", ["one", "rows", "several", "transposed"])
def test_linear_layers(case, row):
    torch.manual_seed(SEED)
    x = torch.randn(3, 5, 40) if case == "rows" else torch.randn(15, 40)
    weights = [torch.randn(n, 40) / 40**0.5 for n in ((48, 16) if case == "several" else (48,))]
    if case == "transposed":
        weights = [weights[0].t().contiguous().t()]
    n = sum(len(w) for w in weights)
    afters = (0,) if case in ("several", "transposed") else (0, 2, 4)
    for before, after, biased in zip((2, 4, 4), itertools.cycle(afters), (True, False, True)):
        biases = [torch.randn(len(w)) for w in weights] if biased else []
        norms, already = (norm_of(40, before), norm_of(n, after)), taken("stoker.linear")

        def call(norms=norms, biases=biases):
            return linear(
                x, weights, biases, activation=1, norm=norms[1], eps=EPS, input_norm=norms[0],
                input_eps=EPS,
            )  # fmt: skip

        for written in (None, *norms[0]):
            if written is not None:
                written.mul_(1.25)
            with torch.inference_mode():
                for _ in range(2):
                    y = call()
            exact = linear_meaning(x, weights, biases, *norms)
            # Scaled by less than three.
            assert ((y - exact).abs() <= 128 * 2**-23 * (1 + exact.abs())).all()
        assert (taken("stoker.linear") > already) == row
        assert apart(call) is not (row and case in ("one", "rows"))


@pytest.mark.parametrize(
    ("shape", "dtype", "before", "after"),
    [("point", torch.float32, 4, 0), ("window", torch.bfloat16, 2, 4), ("line", torch.half, 4, 2)],
)
def test_opcheck(shape, dtype, before, after):
    problem, eps = Problem(shape, before=before, after=after), torch.finfo(dtype).eps
    bounds = {"rtol": 16 * eps, "atol": 128 * eps}
    x, w, b = (t.to(dtype) for t in (problem.x, problem.weight, problem.bias))
    before, after = ([t.to(dtype) for t in norm] for norm in (problem.before, problem.after))
    named = {"norm": after, "eps": EPS, "input_norm": before, "input_eps": EPS}
    torch.library.opcheck(convolution, (x, w, b, *problem.arguments), named, **bounds)
    rows, w = x.transpose(1, -1).reshape(-1, problem.channels), w.reshape(-1, problem.channels)
    named = {"input_norm": before, "input_eps": EPS}
    torch.library.opcheck(linear, (rows, [w], []), named, **bounds)


def test_gradients_are_those_of_its_meaning():
    torch.manual_seed(SEED)
    gamma, beta, mean, var = norm_of(3, 4)
    inputs = [t.requires_grad_() for t in (torch.randn(2, 3, 4, 4), torch.randn(2, 3, 3, 3))]
    inputs += [gamma.requires_grad_(), beta.requires_grad_()]

    def ours(x, w, gamma, beta):
        norm = [gamma, beta, mean, var]
        arguments = [1, 1], [0, 0], [1, 1], 1
        return convolution(x, w, None, *arguments, activation=4, input_norm=norm, input_eps=EPS)

    def expected(x, w, gamma, beta):
        return F.silu(F.conv2d(F.batch_norm(x, mean, var, gamma, beta, eps=EPS), w))

    found = (torch.autograd.grad(each(*inputs).square().sum(), inputs) for each in (ours, expected))
    for a, b in zip(*found, strict=True):
        assert a.equal(b)


def test_wrong_arguments_say_what_is_expected(row):
    problem = Problem("point")
    problem.before = problem.before[:3]
    with torch.inference_mode(), pytest.raises(RuntimeError, match="got 3 tensors"):
        problem()
    problem.before = norm_of(15, 4)
    with torch.inference_mode(), pytest.raises(RuntimeError, match="15"):
        problem()
