"""Attention written out in Python: found, left alone where it must be, and results stay."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from tests.support.graphs import check

SEED = 19
HEAD = 16
MIN = torch.finfo(torch.float32).min


def operands(queries=32, keys=32):
    def heads(rows):
        return torch.randn(2, rows, 4, HEAD).transpose(1, 2)

    return heads(queries), heads(keys), heads(keys)


def written(step=lambda scores: scores, scale=lambda scores: scores / math.sqrt(HEAD)):
    def attention(q, k, v):
        scores = step(scale(q @ k.transpose(-2, -1)))
        return torch.matmul(F.softmax(scores, dim=-1), v)

    return attention


def causal(queries=32, keys=32):
    return torch.tril(torch.ones(queries, keys))[None, None]


def with_a_masked_row(fill):
    mask = torch.randn(2, 1, 32, 32)
    mask[1, 0, 3] = fill
    return mask


def found(made) -> bool:
    return made.rewrites.get("attention", 0) == 1 and not made.calls("softmax")


@pytest.mark.parametrize(
    "scale",
    [
        lambda scores: scores,
        lambda scores: scores * (1.0 / math.sqrt(HEAD)),
        lambda scores: 0.3 * scores,
        lambda scores: scores / math.sqrt(HEAD),
    ],
)
def test_scales(scale):
    assert found(check(written(scale=scale), *operands()))
    assert found(check(written(scale=scale), *operands(queries=33, keys=7)))


@pytest.mark.parametrize("fill", [-math.inf, MIN, -1.0, math.nan])
def test_an_additive_mask_and_a_row_of_it(fill):
    mask = with_a_masked_row(fill)
    made = check(written(lambda scores: scores + mask), *operands())
    assert found(made)
    assert made.result.isnan().any() == (fill in (-math.inf,) or math.isnan(fill))


@pytest.mark.parametrize("fill", [-math.inf, MIN, -1e9])
def test_filled_scores_and_a_row_of_them(fill):
    for condition in (causal() == 0, with_a_masked_row(2.0) == 2.0):
        step = lambda scores, c=condition: scores.masked_fill(c, fill)  # noqa: E731
        made = check(written(step), *operands())
        assert found(made) and made.calls("filled")


def test_one_mask_of_several_layers_is_made_once():
    mask = with_a_masked_row(0.0)
    layer = written(lambda scores: scores + mask)
    made = check(lambda q, k, v: layer(layer(q, k, v), k, v), *operands())
    assert made.rewrites["attention"] == 2 and len(made.calls("usable")) == 1


def test_three_dimensions_and_bmm():
    mask = with_a_masked_row(-math.inf)[:, 0]
    q, k, v = (each[:, 0] for each in operands())

    def attention(q, k, v):
        return torch.bmm(torch.softmax(torch.bmm(q, k.transpose(1, 2)) + mask, -1), v)

    assert found(check(attention, q, k, v))


def test_the_layout_of_the_result_is_stocks():
    attention = written()
    for after in (
        lambda y: y.transpose(1, 2),
        lambda y: y.view(8, 32, HEAD),
        lambda y: y.transpose(1, 2).reshape(2, 32, -1),
        lambda y: y.transpose(1, 2).contiguous().view(2, 32, -1),
    ):
        made = check(lambda q, k, v, after=after: after(attention(q, k, v)), *operands())
        assert found(made)


def test_few_queries_stay_for_the_kernel_is_slower_with_them():
    for queries in (1, 31):
        assert "attention" not in check(written(), *operands(queries)).rewrites


def test_what_is_not_that_attention_stays():
    def weights_read(q, k, v):
        weights = F.softmax(q @ k.transpose(-2, -1), dim=-1)
        return weights @ v + weights.sum()

    def scores_read(q, k, v):
        scores = q @ k.transpose(-2, -1)
        return F.softmax(scores, dim=-1) @ v + scores.sum()

    mask = torch.randn(2, 1, 32, 32)
    other = {
        "weights": weights_read,
        "scores": scores_read,
        "dimension": lambda q, k, v: F.softmax(q @ k.transpose(-2, -1), dim=-2) @ v,
        "masked, then scaled": written(scale=lambda s: (s + mask) / 4.0),
        "filled with little": written(lambda s: s.masked_fill(mask > 0, -3.0)),
        "a mask of a query": written(lambda s: s + mask[..., :1]),
        "something between": lambda q, k, v: F.softmax(q @ k.transpose(-2, -1), -1).sin() @ v,
        "wider values": lambda q, k, v: F.softmax(q @ k.transpose(-2, -1), -1) @ v.repeat(1, 1, 1, 2),  # noqa: E501
    }  # fmt: skip
    for name, function in other.items():
        assert "attention" not in check(function, *operands()).rewrites, name
