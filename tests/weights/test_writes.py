"""After every write event x loader x operator the next forwards use the new weight, bit for bit."""

from __future__ import annotations

import ctypes
from collections import Counter

import pytest
import stoker
import torch

from .events import EVENTS, NOT_ON_INFERENCE_TENSORS
from .loaders import FOREIGN, PACKABLE, K, N
from .operators import CASES, Operator

SEED = 20
# In inference mode torch does not record whose view `weight.t()` is: that stays stock.
VIEWS = ("addmm", "mm", "mm.out", "conv_point", "conv_window", "conv_transposed")
each_operator = pytest.mark.parametrize(
    ("name", "dtype"), CASES, ids=lambda value: str(value).removeprefix("torch.")
)


def packed_entries() -> int:
    return stoker.status()["packed"]["entries"]


def reasons(operator: Operator) -> dict[str, int]:
    return stoker.status()["operators"][operator.counter]["declined"]


def cases(loader):
    for name, write in EVENTS.items():
        if loader.__name__ != "inference_mode" or name not in NOT_ON_INFERENCE_TENSORS:
            yield name, write


@each_operator
@pytest.mark.parametrize("loader", PACKABLE, ids=lambda loader: loader.__name__)
def test_next_forward_sees_the_write(loader, name, dtype, tmp_path):
    operator, routes, found = Operator(name, dtype), Counter(), []
    in_inference = loader.__name__ == "inference_mode"
    packable = not (in_inference and name in VIEWS)
    for event, write in cases(loader):
        torch.default_generator.manual_seed(SEED)  # the CPU's: 4 ms less
        (tmp_path / event).mkdir()
        module, weight = loader(dtype, tmp_path / event)
        with torch.inference_mode() if in_inference else torch.no_grad():
            old, taken = operator(weight)
            assert taken == packable, f"{event}: {reasons(operator)}"
            assert not packable or packed_entries() > 0
            content = weight.detach().clone()
            weight = write(module, weight)
            # torch 2.13's fused SGD leaves 16-bit weights as they were.
            written = not weight.equal(content)
            assert written or (event == "sgd_fused" and dtype != torch.float32), event
            results = [operator(weight) for _ in range(3)]
            operator.check(weight, results)
            assert not (written and results[0][0].equal(old)), f"{event}: nothing was tested"
            routes.update("packed" if row else "stock" for _, row in results)
            found.append((weight.detach().clone(), results))
    fresh = operator.in_fresh_process([weight for weight, _ in found], tmp_path)
    for (_, results), expected in zip(found, fresh, strict=True):
        assert all(result.equal(expected[taken]) for result, taken in results)
    events = len(list(cases(loader)))
    print(f"seed {SEED}: {routes.total()} forwards compared after {events} events: {dict(routes)}")


@each_operator
@pytest.mark.parametrize("loader", FOREIGN, ids=lambda loader: loader.__name__)
def test_foreign_memory_is_never_packed(loader, name, dtype, tmp_path):
    _, weight = loader(dtype, tmp_path)
    operator = Operator(name, dtype)
    stoker.reset_counters()
    with torch.no_grad():
        for _ in range(5):
            weight.mul_(1.5)
            results = [operator(weight) for _ in range(3)]
            assert not any(taken for _, taken in results)
            operator.check(weight, results)
    assert any("not torch's own" in reason for reason in reasons(operator)), reasons(operator)
    print("15 forwards compared")


def as_array(tensor):
    # numpy has no bfloat16.
    return (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy()


ALIASES = {
    "numpy": lambda w: as_array(w),
    "numpy_of_detached": lambda w: as_array(w.detach()),
    "dlpack_of_detached": lambda w: torch.from_dlpack(w.detach()),
    "detached": lambda w: w.detach(),
    "view": lambda w: w.view(-1),
}
# A capsule taken from the weight itself before its first use leaves no trace: docs/operating.md.
ALIASES_AFTER_PACKING = ALIASES | {"dlpack": lambda w: torch.from_dlpack(w)}
ORDERS = [(False, kind) for kind in ALIASES] + [(True, kind) for kind in ALIASES_AFTER_PACKING]


@each_operator
@pytest.mark.parametrize(("packed_first", "kind"), ORDERS)
def test_an_alias_kept_over_forwards_may_write(packed_first, kind, name, dtype):
    operator, weight = Operator(name, dtype), torch.randn(N, K).to(dtype)
    compared = 0
    with torch.no_grad():
        if packed_first:
            assert operator(weight)[1]
        alias = ALIASES_AFTER_PACKING[kind](weight)
        for i in range(20):
            operator.check(weight, [operator(weight) for _ in range(3)])
            alias[:] = 3 + i
            operator.check(weight, [operator(weight) for _ in range(3)])
            compared += 6
        del alias
        operator.check(weight, [operator(weight)])
        assert operator(weight)[1], f"the alias is gone: {reasons(operator)}"
    print(f"{compared + 1} forwards compared")


@each_operator
def test_the_check_would_notice_a_stale_pack(name, dtype):
    operator, weight = Operator(name, dtype), torch.randn(N, K).to(dtype)
    address = weight.data_ptr()
    with torch.no_grad():
        assert operator(weight)[1]
        ctypes.memset(address, 64, weight.nbytes)  # the one writer that torch cannot see
        with pytest.raises(AssertionError, match="stale"):
            operator.check(weight, [operator(weight)])


@each_operator
def test_a_write_before_each_of_twenty_calls(name, dtype):
    operator, weight = Operator(name, dtype), torch.randn(N, K).to(dtype)
    with torch.no_grad():
        for i in range(20):
            weight.data.fill_(i)
            operator.check(weight, [operator(weight)])
    print("20 forwards compared")


@each_operator
def test_writes_through_the_mapped_parent_count(name, dtype, tmp_path):
    nbytes = N * K * dtype.itemsize
    path = tmp_path / "weights"
    path.write_bytes(bytes(2 * nbytes))
    parent = torch.UntypedStorage.from_file(str(path), shared=False, nbytes=2 * nbytes)
    whole = torch.empty(0, dtype=dtype).set_(parent)
    parts = [parent[:nbytes], parent[nbytes:]]
    first, second = (torch.empty(0, dtype=dtype).set_(part, 0, (N, K)) for part in parts)
    del parts
    operator = Operator(name, dtype)
    with torch.no_grad():
        for i in range(5):
            whole.copy_(torch.full_like(whole, i + 1))
            for weight in (first, second):
                results = [operator(weight) for _ in range(3)]
                operator.check(weight, results)
                assert all(taken for _, taken in results), reasons(operator)
    print("30 forwards compared")
