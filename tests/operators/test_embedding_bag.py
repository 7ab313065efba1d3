"""embedding_bag against stock in one process: four results, errors, gradients."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
import stoker
import torch
from torch.nn import functional as F

SEED = 53
DTYPES = [torch.float32, torch.bfloat16, torch.float16]
OPERATORS = [torch.ops.aten._embedding_bag, torch.ops.aten._embedding_bag_forward_only]


@pytest.fixture(autouse=True)
def seeded():
    print(f"seed {SEED}")
    torch.manual_seed(SEED)


def taken() -> int:
    operators = stoker.status()["operators"]
    names = ("_embedding_bag", "_embedding_bag_forward_only")
    return sum(operators[name]["taken"] for name in names)


def declined() -> Counter:
    operators = stoker.status()["operators"]
    return Counter(operators["_embedding_bag"]["declined"]) + Counter(
        operators["_embedding_bag_forward_only"]["declined"]
    )


def outcome(call):
    try:
        return call()
    except (RuntimeError, IndexError, ValueError) as error:
        return type(error), str(error).split("\n")[0]


def both(call):
    """What Stoker gives and what stock gives."""
    ours = outcome(call)
    stoker.disable()
    try:
        return ours, outcome(call)
    finally:
        stoker.enable()


def assert_same(ours, stock, longest=100):
    """Integers exactly; sums in another order of the same roundings; the same layout."""
    assert isinstance(stock[0], torch.Tensor), stock
    for a, b in zip(ours, stock, strict=True):
        assert (a.dtype, a.shape, a.stride()) == (b.dtype, b.shape, b.stride())
        assert not a.requires_grad
        if not a.is_floating_point():
            assert torch.equal(a, b)
            continue
        eps, scale = torch.finfo(a.dtype).eps, float(b.double().abs().max()) if b.numel() else 0
        bound = eps * scale * (2 if a.dtype != torch.float32 else longest**0.5)
        torch.testing.assert_close(a, b, rtol=0, atol=bound, equal_nan=True)


def bags(lengths, index_dtype=torch.int64, rows=50):
    ends = torch.tensor([0, *itertools.accumulate(lengths)])
    indices = torch.randint(0, rows, (int(ends[-1]),)).to(index_dtype)
    return indices, ends[:-1].to(index_dtype), ends.to(index_dtype)


LENGTHS = [[3, 0, 1, 7, 20, 0], [0, 0], [1], [100], [1] * 40, [2000, 1, 0, 500]]


@torch.no_grad()
@pytest.mark.parametrize("operator", OPERATORS, ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_all_four_results_are_those_of_stock(operator, dtype):
    before, calls = taken(), 0
    for mode, index_dtype, columns, lengths, padding, last in itertools.product(
        (0, 1, 2), (torch.int64, torch.int32), (1, 5, 37, 130), LENGTHS, (-1, 3), (0, 1)
    ):
        weight = torch.randn(50, columns).to(dtype)
        indices, starts, ends = bags(lengths, index_dtype)
        offsets = ends if last else starts
        scales = torch.randn(len(indices)).to(dtype) if mode == 0 and columns == 37 else None
        ours, stock = both(
            lambda w=weight, i=indices, o=offsets, m=mode, s=scales, last=last, p=padding: operator(
                w, i, o, False, m, False, s, bool(last), p
            )
        )
        assert_same(ours, stock, max(lengths))
        calls += 1
    print(f"{calls} calls compared")
    assert taken() - before == calls


@torch.no_grad()
def test_modules_and_two_dimensional_input():
    for mode, padding in itertools.product(("sum", "mean", "max"), (None, 0, -1)):
        module = torch.nn.EmbeddingBag(30, 24, mode=mode, padding_idx=padding)
        indices = torch.randint(0, 30, (6, 9))
        before = taken()
        ours, stock = both(lambda m=module, i=indices: (m(i),))
        assert_same(ours, stock)
        assert taken() > before


def test_unusual_tables():
    wide = torch.randn(40, 64)
    indices, starts, _ = bags([3, 4], rows=40)
    with torch.no_grad():
        for weight in (wide[:, :20], wide[:, 10:11], wide[::2].repeat(2, 1), wide.t().contiguous()):
            before = taken()
            ours, stock = both(lambda w=weight: (F.embedding_bag(indices % len(w), w, starts),))
            assert_same(ours, stock)
            assert taken() > before
        for weight in (wide.t(), wide[:, ::2], wide.double()):  # stock's alone
            before = taken()
            ours, stock = both(lambda w=weight: (F.embedding_bag(indices % len(w), w, starts),))
            assert torch.equal(ours[0], stock[0])
            assert taken() == before


@torch.no_grad()
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("bad", [-1, 50, 2**31 - 1])
def test_indices_outside_the_table_raise_stocks_error(bad, threads):
    before, usual = declined(), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for mode, dtype, place, padding in itertools.product(
            ("sum", "mean", "max"), (torch.int64, torch.int32), (0, 700, 1999), (None, 2)
        ):
            indices, starts, _ = bags([1000, 0, 1000], dtype)
            indices[place] = bad
            ours, stock = both(
                lambda i=indices, o=starts, m=mode, p=padding: F.embedding_bag(
                    i, torch.randn(50, 64), o, mode=m, padding_idx=p
                )
            )
            assert ours == stock
            assert stock[0] is RuntimeError
    finally:
        torch.set_num_threads(usual)
    assert (declined() - before)["an index is outside the table or offsets do not ascend"] == 36


@torch.no_grad()
def test_wrong_arguments_raise_stocks_error():
    weight = torch.randn(50, 8)
    indices, starts, ends = bags([3, 4])
    e_bag = torch.ops.aten._embedding_bag
    for arguments in (
        (weight, indices, starts + 1),
        (weight, indices, ends + 1),
        (weight[0], indices, starts),
        (weight, indices.float(), starts),
        (weight, indices, starts.view(2, 1)),
        (weight, indices, starts, False, 1, False, torch.randn(7)),
        (weight, indices, starts, False, 0, False, torch.randn(6)),
        (weight, indices, starts, False, 0, False, torch.randn(7).half()),
    ):
        ours, stock = both(lambda a=arguments: e_bag(*a))
        assert ours == stock
        assert stock[0] is RuntimeError


@torch.no_grad()
def test_mixed_index_types_and_odd_offsets_are_stocks():
    weight = torch.randn(50, 8)
    indices, starts, ends = bags([3, 4, 5])
    ends[-1] = 10  # fewer than there are: up to the mode what it means
    for mode in (0, 1, 2):
        for i, o, last in ((indices, starts.int(), False), (indices, ends, True)):
            before = taken()
            ours, stock = both(
                lambda i=i, o=o, m=mode, last=last: torch.ops.aten._embedding_bag(
                    weight, i, o, False, m, False, None, last
                )
            )
            assert taken() == before
            if isinstance(stock[0], torch.Tensor):
                assert_same(ours, stock)
            else:
                assert ours == stock


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_recorded_calls_are_stock_and_unrecorded_ones_serve_a_later_backward(mode):
    weight = torch.nn.Parameter(torch.randn(50, 16))
    indices, starts, _ = bags([3, 0, 9])
    before = taken()
    ours, stock = both(lambda: (F.embedding_bag(indices, weight, starts, mode=mode),))
    assert taken() == before
    assert torch.equal(ours[0], stock[0])
    number = ["sum", "mean", "max"].index(mode)
    with torch.no_grad():
        forward = both(
            lambda: torch.ops.aten._embedding_bag(weight, indices, starts, False, number)
        )
    assert taken() == before + 1
    gradients = [
        torch.ops.aten._embedding_bag_backward(
            torch.ones(3, 16), indices, starts, *results[1:], 50, False, number, False, None
        )
        for results in forward
    ]
    assert torch.equal(*gradients)


@torch.no_grad()
def test_a_written_table_is_read_anew():
    weight = torch.nn.Parameter(torch.randn(50, 16))
    indices, starts, _ = bags([3, 2])
    first = F.embedding_bag(indices, weight, starts, mode="sum")
    weight.data.mul_(2)
    assert torch.equal(F.embedding_bag(indices, weight, starts, mode="sum"), 2 * first)


def several(dtype, index_dtype=torch.int64, bag_count=9):
    widths = [16, 5, 64, 33] * 8  # more tables than a row of linear takes weights
    weights = [torch.randn(50, width).to(dtype) for width in widths]
    given = [bags([(i * j) % 7 for j in range(bag_count)], index_dtype) for i in range(len(widths))]
    return weights, [indices for indices, _, _ in given], [starts for _, starts, _ in given]


@torch.no_grad()
@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("threads", [1, 2])
def test_bags_of_several_tables_lie_side_by_side(mode, threads):
    number, usual = ["sum", "mean", "max"].index(mode), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for dtype, index_dtype in itertools.product(DTYPES, (torch.int64, torch.int32)):
            weights, indices, offsets = several(dtype, index_dtype)
            parts = [
                F.embedding_bag(i, w, o, mode=mode)
                for w, i, o in zip(weights, indices, offsets, strict=True)
            ]
            before = stoker.status()["operators"]["stoker.embedding_bags"]["taken"]
            together = torch.ops.stoker.embedding_bags(weights, indices, offsets, mode=number)
            assert torch.equal(together, torch.cat(parts, 1))
            after = stoker.status()["operators"]["stoker.embedding_bags"]["taken"]
            assert after == before + 1
    finally:
        torch.set_num_threads(usual)


def test_several_tables_under_autograd_export_and_wrong_arguments():
    bags_of = torch.ops.stoker.embedding_bags
    weights, indices, offsets = several(torch.float32)
    for weight in weights:
        weight.requires_grad_()
    bags_of(weights, indices, offsets, mode=1).sum().backward()
    assert all(weight.grad is not None for weight in weights)
    for arguments, message in (
        (([], [], []), "at least one weight"),
        ((weights, indices[1:], offsets), "got 31 and 32 for 32 weights"),
        ((weights, indices, offsets, 3), "mode is 3"),
    ):
        with pytest.raises(RuntimeError, match=message):
            bags_of(*arguments[:3], mode=arguments[3] if len(arguments) > 3 else 0)
    with torch.no_grad(), pytest.raises(RuntimeError):
        bags_of(weights, [torch.full_like(i, 50) for i in indices], offsets)


@pytest.mark.parametrize("mode", range(3))
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_opcheck_of_several_tables(dtype, mode):
    for index_type, last, recorded in (torch.int64, False, True), (torch.int32, True, False):
        weights = [torch.randn(50, width).to(dtype) for width in (16, 5)]
        given = [bags([3, 0, 7], index_type) for _ in weights]
        arguments = (
            [weight.requires_grad_(recorded) for weight in weights],
            [indices for indices, _, _ in given],
            [ends if last else starts for _, starts, ends in given],
        )
        named = {"mode": mode, "include_last_offset": last}
        torch.library.opcheck(torch.ops.stoker.embedding_bags.default, arguments, named)
