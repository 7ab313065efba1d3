"""Batch norms before convolutions and linear layers: folded, or left where they must not be."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.graph.test_passes import norm
from tests.support.graphs import assert_alike, captured, check, rewrite, served, stock

SEED = 19
NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


def names(made) -> list[str]:
    return [name for name in made.targets if "contiguous" not in name]


CHOICES = list(itertools.product((True, False), repeat=3))  # bias, affine, another norm after it


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_before_a_convolution(dimensions):
    windows = itertools.product((1, 3), (1, 2, 6))
    for (window, groups), (bias, affine, after) in zip(
        windows, CHOICES[dimensions - 1 :][:6], strict=True
    ):
        kind = NORMS[dimensions]
        options = {"stride": 2, "groups": groups, "bias": bias}
        layers = [
            norm(6, kind, affine=affine, eps=0.01),
            CONVOLUTIONS[dimensions](6, 12, window, **options),
            *([norm(12, kind, affine=not affine)] if after else []),
            nn.ReLU(),
        ]
        made = check(nn.Sequential(*layers).eval(), torch.randn(2, 6, *[7] * dimensions))
        assert made.rewrites["input_norms"] == 1 and names(made) == ["stoker.convolution.default"]


def test_before_a_linear_layer():
    for bias, affine, after in CHOICES[::2] + CHOICES[1:2]:
        layers = [
            norm(256, nn.BatchNorm1d, affine=affine, eps=0.01),
            nn.Linear(256, 260, bias=bias),
            *([norm(260, nn.BatchNorm1d)] if after else []),
        ]
        made = check(nn.Sequential(*layers).eval(), torch.randn(5, 256))
        assert made.rewrites["input_norms"] == 1 and names(made) == ["stoker.linear.default"]


def test_between_two_layers_it_belongs_to_the_first_if_it_can():
    x = torch.randn(2, 4, 6, 6)
    first, second, between = nn.Conv2d(4, 6, 3, padding=1), nn.Conv2d(6, 5, 3), norm(6)
    made = check(nn.Sequential(first, between, second).eval(), x)
    assert made.rewrites["convolutions"] == 1 and "input_norms" not in made.rewrites
    made = check(nn.Sequential(first, nn.ReLU(), between, second).eval(), x)
    assert made.rewrites["input_norms"] == 1 and "convolutions" not in made.rewrites
    assert names(made) == ["stoker.convolution.default"] * 2


def test_it_stays_before_zeros_around_an_image():
    before, convolution = norm(4), nn.Conv2d(4, 4, 3, padding=(0, 1))
    made = check(nn.Sequential(before, convolution), torch.randn(2, 4, 5, 5))
    assert made.calls("batch_norm") and "input_norms" not in made.rewrites
    bare = nn.Conv2d(4, 4, 3)
    made = check(lambda x: bare(F.pad(before(x), (1, 1, 1, 1))), torch.randn(2, 4, 5, 5))
    assert made.calls("batch_norm") and "input_norms" not in made.rewrites


def test_it_stays_where_something_else_reads_it():
    before, convolution, linear = norm(4), nn.Conv2d(4, 4, 1), nn.Linear(256, 256)
    rows = norm(256, nn.BatchNorm1d)
    for function, x in (
        (lambda x: convolution(y := before(x)) + y, torch.randn(2, 4, 5, 5)),
        (lambda x: (convolution(y := before(x)), y), torch.randn(2, 4, 5, 5)),
        (lambda x: convolution(y := before(x)) * convolution(y), torch.randn(2, 4, 5, 5)),
        (lambda x: linear(y := rows(x)) + y, torch.randn(3, 256)),
        (lambda x: F.linear(y := rows(x), y), torch.randn(256, 256)),
    ):
        made = rewrite(function, x)
        assert_alike(made.result, stock(torch.no_grad()(function), x))
        assert made.calls("batch_norm") and "input_norms" not in made.rewrites


def test_it_stays_where_a_pack_would_not():
    before, convolution = norm(4), nn.Conv2d(4, 4, 1)
    weight = torch.randn(4, 4, 1, 1)
    for function in (
        lambda x: F.conv2d(before(x), weight * 2),
        lambda x: convolution(F.batch_norm(x, before.running_mean * 2, before.running_var)),
    ):
        made = check(function, torch.randn(2, 4, 5, 5))
        assert made.calls("batch_norm") and "input_norms" not in made.rewrites


def test_other_norms_stay():
    linear, convolution = nn.Linear(256, 256), nn.Conv2d(4, 4, 1)
    # Of three dimensions it normalises the second.
    made = check(nn.Sequential(norm(16, nn.BatchNorm1d), linear), torch.randn(5, 16, 256))
    assert made.calls("batch_norm") and "input_norms" not in made.rewrites
    small = nn.Sequential(norm(255, nn.BatchNorm1d), nn.Linear(255, 256))
    assert "input_norms" not in check(small, torch.randn(5, 255)).rewrites
    training = nn.BatchNorm2d(4)
    made = rewrite(nn.Sequential(training, convolution), torch.randn(2, 4, 5, 5))
    assert all("input_norms" not in graph.rewrites for graph in made.graphs)
    model = nn.Sequential(norm(4), convolution).double()
    made = check(model, torch.randn(2, 4, 5, 5).double())
    assert "input_norms" not in made.rewrites


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.before, self.convolution, self.after = norm(6), nn.Conv2d(6, 256, 3), norm(256)
        self.rows, self.linear = norm(256, nn.BatchNorm1d), nn.Linear(256, 256)

    def forward(self, x):
        y = F.relu(self.after(self.convolution(self.before(x))))
        return self.linear(self.rows(y.mean((2, 3))))


def _load(model):
    model.load_state_dict({name: t * 1.25 + 1 for name, t in model.state_dict().items()})


def _assign(model):
    state = {name: t * 1.25 + 1 for name, t in model.state_dict().items()}
    model.load_state_dict(state, assign=True)


@torch.no_grad()
def _train_a_step(model):
    model.before.train()(torch.randn(2, 6, 9, 9) + 3)
    model.before.eval()


CHANGES = {
    "mean": lambda model: model.before.running_mean.add_(1),
    "variance": lambda model: model.rows.running_var.mul_(3),
    "bias": lambda model: setattr(model.rows, "bias", nn.Parameter(torch.randn(256), False)),
    "convolution": lambda model: model.convolution.weight.data.mul_(-2),
    "load_state_dict": _load,
    "assign": _assign,
    "statistics": _train_a_step,
    "eps": lambda model: setattr(model.before, "eps", 0.5),
}


@torch.no_grad()
@pytest.mark.parametrize("change", CHANGES)
def test_the_next_call_sees_a_change(change):
    model, x = Model().eval().requires_grad_(False), torch.randn(4, 6, 9, 9)
    old = captured(model, x)
    for _ in range(3):
        assert_alike(model(x), old)
    CHANGES[change](model)
    before = served(model)
    for _ in range(12):
        new = model(x)
        assert_alike(new, stock(model, x))
    assert not torch.allclose(new, old), "nothing was tested"
    assert served(model) > before or change == "eps"  # another graph, not yet captured


def test_special_values_pass_as_in_torch():
    before = norm(4)
    before.weight.data[2] = 0
    model = nn.Sequential(before, nn.Conv2d(4, 4, 1), nn.ReLU()).eval()
    x = torch.randn(4, 4, 5, 5)
    x[0, 1], x[1, 2], x[2, 2] = float("nan"), float("inf"), float("-inf")
    assert check(model, x).rewrites["input_norms"] == 1
