"""Embedding bags: one call where a cat puts those of several tables side by side."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bench.models.dlrm import DLRM
from tests.support.graphs import assert_alike, captured, rewrite, served, stock

SEED = 61
ROWS = 30
WIDTHS = (16, 5, 8, 1, 7, 8, 3, 33)  # as many tables as are worth a call


def tables(**options) -> list[nn.EmbeddingBag]:
    return [nn.EmbeddingBag(ROWS, width, **options) for width in WIDTHS]


def drawn(lengths=(3, 2), dtype=torch.int64, last=False):
    """Indices and offsets of one table."""
    ends = torch.tensor([0, *lengths]).cumsum(0).to(dtype)
    return torch.randint(ROWS, (sum(lengths),)).to(dtype), ends if last else ends[:-1]


def exactly(function, *args):
    """rewrite(), and its result equal to what the calls give one by one."""
    with torch.no_grad():
        expected = function(*args)
    made = rewrite(function, *args)
    assert made.graphs[0].kept is None
    assert_alike(made.result, expected)
    assert torch.equal(made.result, expected)
    return made


def together(modules, inputs):
    return torch.cat([table(*given) for table, given in zip(modules, inputs, strict=True)], 1)


class Tables(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.tables = nn.ModuleList(tables(mode="sum", **options))

    def forward(self, *inputs):
        return together(self.tables, inputs)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_side_by_side_are_one_call(mode, last):
    modules = tables(mode=mode, include_last_offset=last)
    types = (torch.int64, torch.int32) * 4
    inputs = [drawn((i, 9 * i % 5), dtype, last) for i, dtype in enumerate(types)]
    made = exactly(lambda *inputs: together(modules, inputs), *inputs)
    assert made.targets == ["stoker.embedding_bags.default"]
    assert made.rewrites["embedding_bags"] == len(WIDTHS)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_between_other_parts(dtype):
    modules, (apart, *_) = tables(mode="sum", dtype=dtype), tables(mode="sum", dtype=dtype)
    (indices, offsets), x = drawn(), torch.randn(2, 4).to(dtype)

    def function(x, i, o):
        return torch.cat((x, *(table(i, o) for table in modules), x + 1, apart(i, o)), dim=-1)

    made = exactly(function, x, indices, offsets)
    assert made.rewrites["embedding_bags"] == 8 and len(made.calls("stoker.embedding_bags")) == 1
    assert len(made.calls("cat")[0].args[0]) == 4 and len(made.calls("embedding_bag")) == 2


def test_indices_that_depend_on_another_bag():
    first, modules = tables(mode="sum")[0], tables(mode="sum")

    def function(indices, offsets):
        begun = modules[0](indices, offsets)
        following = (indices + first(indices, offsets).argmax()) % ROWS
        return torch.cat([begun, *(table(following, offsets) for table in modules[1:])], 1)

    assert exactly(function, *drawn()).rewrites["embedding_bags"] == len(WIDTHS)


def test_another_size_is_captured_with_its_own(without_grad):
    model = Tables()
    for lengths in ((3, 2), (4,), (1, 2, 3)):
        inputs = [drawn(lengths) for _ in WIDTHS]
        assert_alike(rewrite(model, *inputs).result, stock(model, *inputs))


def merge(*tables_or_functions, dim=1):
    """Each given the same bags, and put side by side."""
    indices, offsets = drawn()

    def function(indices, offsets):
        return torch.cat([each(indices, offsets) for each in tables_or_functions], dim)

    return exactly(function, indices, offsets)


@pytest.mark.parametrize("options", [{"padding_idx": 2}, {"padding_idx": -1}], ids=str)
def test_what_the_operator_has_no_argument_for_stays(options):
    made = merge(*tables(mode="sum", **options))
    assert "embedding_bags" not in made.rewrites and not made.calls("stoker")


def test_scaled_rows_stay():
    scales = torch.rand(5)

    def scaled(i, o, w):
        return F.embedding_bag(i, w, o, mode="sum", per_sample_weights=scales)

    weights = [table.weight for table in tables()]
    made = merge(*[lambda i, o, w=w: scaled(i, o, w) for w in weights])
    assert "embedding_bags" not in made.rewrites


def test_kinds_are_not_mixed():
    kinds = (
        {"mode": "sum"}, {"mode": "mean"}, {"mode": "max"},
        {"mode": "sum", "dtype": torch.bfloat16}, {"mode": "sum", "include_last_offset": True},
    )  # fmt: skip
    indices, offsets = drawn()
    ends = torch.cat([offsets, torch.tensor([len(indices)])])

    def put(*modules):
        def function(i, o, e):
            return torch.cat([each(i, e if each.include_last_offset else o) for each in modules], 1)

        return exactly(function, indices, offsets, ends)

    for one, other in itertools.combinations(kinds, 2):
        halves = tables(**one)[:4], tables(**other)[:4]
        assert "embedding_bags" not in put(*halves[0], *halves[1]).rewrites
    made = put(*(table for kind in kinds for table in tables(**kind)))
    assert made.rewrites["embedding_bags"] == len(kinds) * len(WIDTHS)
    merged = {(n.kwargs["mode"], n.kwargs["include_last_offset"]) for n in made.calls("stoker")}
    assert merged == {(0, False), (1, False), (2, False), (0, True)}


def test_few_tables_and_large_results_stay():
    assert "embedding_bags" not in merge(*tables(mode="sum")[:7]).rewrites
    for columns, merged in ((2048, True), (2056, False)):  # 32 KB each, and more
        modules = [nn.EmbeddingBag(4, columns, mode="sum") for _ in WIDTHS]
        made = exactly(
            lambda i, o, modules=modules: torch.cat([each(i, o) for each in modules], 1),
            torch.tensor([0, 3, 2, 1]), torch.arange(4),
        )  # fmt: skip
        assert ("embedding_bags" in made.rewrites) is merged


def test_bags_that_are_read_elsewhere_or_below_each_other_stay():
    modules = [nn.EmbeddingBag(ROWS, 8, mode="sum") for _ in WIDTHS]
    assert "embedding_bags" not in merge(*modules, dim=0).rewrites

    def read_twice(i, o):
        parts = [table(i, o) for table in modules]
        return torch.cat(parts, 1) + parts[3].sum()

    def put_twice(i, o):
        parts = [table(i, o) for table in modules]
        return torch.cat([*parts, parts[3]], 1)

    def apart(i, o):
        return sum(table(i, o) for table in modules)

    for function in (read_twice, put_twice, apart):
        assert "embedding_bags" not in exactly(function, *drawn()).rewrites


def test_tables_that_a_call_renormalises_keep_the_graph():
    limited = nn.EmbeddingBag(ROWS, 8, mode="sum", max_norm=0.5)
    modules = tables(mode="sum")
    indices, offsets = drawn()

    def function(i, o):
        before = F.embedding_bag(i, limited.weight, o, mode="sum")
        return torch.cat([before, *(each(i, o) for each in modules), limited(i, o)], 1)

    start = limited.weight.detach().clone()
    with torch.no_grad():
        expected = function(indices, offsets)
        limited.weight.copy_(start)
        made = rewrite(function, indices, offsets)
    assert made.graphs[0].kept.startswith("it writes in place") and not made.calls("stoker")
    assert torch.equal(made.result, expected)


def test_indices_outside_a_table_raise_stocks_error(without_grad):
    model, inputs = Tables(), [drawn() for _ in WIDTHS]
    inputs[1][0][0] = ROWS
    with pytest.raises(RuntimeError) as expected:
        stock(model, *inputs)
    with pytest.raises(RuntimeError) as raised:
        rewrite(model, *inputs)
    assert str(raised.value) == str(expected.value)


def test_a_recommender(without_grad):
    model, bag = DLRM(rows=ROWS).eval(), 4
    for batch in (1, 3):
        dense, offsets = torch.randn(batch, 13), torch.arange(0, batch * bag, bag).expand(26, batch)
        indices = torch.randint(ROWS, (26, batch * bag))
        made = rewrite(model, dense, indices, offsets)
        assert made.rewrites["embedding_bags"] == 26
        assert len(made.calls("stoker.embedding_bags")) == 1
        assert_alike(made.result, stock(model, dense, indices, offsets))


def test_a_table_written_in_place_is_used(without_grad):
    model = Tables().eval()
    inputs = [drawn() for _ in WIDTHS]
    captured(model, *inputs)
    model.tables[1].weight.mul_(3)
    assert torch.equal(model(*inputs), stock(model, *inputs))
    assert served(model) == 2
