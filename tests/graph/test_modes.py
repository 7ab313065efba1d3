"""Captured modules under gradients, modes, transformations, other compilers, threads, processes."""

from __future__ import annotations

import threading

import pytest
import stoker
import torch
from stoker.graph import roots
from torch import nn
from torch.func import functional_call

from tests.support.environment import ends_silently
from tests.support.graphs import assert_alike, captured, root, served, stock

SEED = 9
pytestmark = pytest.mark.usefixtures("without_grad")


class Net(nn.Sequential):
    def forward(self, x):  # torch.compile leaves alone what is torch's own code
        return super().forward(x)


def net() -> Net:
    return Net(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 4)).eval()


def x(*sizes) -> torch.Tensor:
    return torch.randn(*sizes, 3, 8)


class Counting:
    """A backend of the program's own."""

    def __init__(self):
        self.graphs = self.calls = 0

    def __call__(self, module, inputs):
        self.graphs += 1

        def run(*values):
            self.calls += 1
            return module.forward(*values)

        return run


def gradients(model, given):
    given = given.clone().requires_grad_()
    model.zero_grad()
    with torch.enable_grad():
        y = model(given)
        y.square().sum().backward()
    return y, given.grad, [each.grad for each in model.parameters()]


def test_gradients_are_stocks():
    model, given = net(), x()
    captured(model, given)
    for frozen in (False, True):
        model[0].weight.requires_grad_(not frozen)
        assert_alike(gradients(model, given)[2][1:], stock(gradients, model, given)[2][1:])
        assert_alike(model(given), stock(model, given))
    with torch.enable_grad():
        assert model(given).requires_grad
        for each in model.parameters():
            each.requires_grad_(False)
        assert_alike(model(given), stock(model, given))
    calls = served(model)
    assert_alike(model(given), stock(model, given))
    assert served(model) >= calls


def test_training_then_evaluation_again_and_again():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5))
    images = torch.randn(4, 3, 6, 6)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.1)
    stoker.optimize(model)
    results = []
    for _ in range(4):
        with torch.enable_grad():
            optimiser.zero_grad()
            model.train()(images).square().mean().backward()
            optimiser.step()
        results.append(model.eval()(images))
        assert_alike(results[-1], stock(model, images))
    assert served(model) == 3 and not torch.allclose(results[0], results[-1])


def test_modes_without_gradients_alternate(monkeypatch):
    monkeypatch.setattr(roots.Root, "_due", lambda self: self.refused is None)
    model, given = net(), x()
    captured(model, given)
    for _ in range(3):
        with torch.inference_mode():
            inside = x()
            for each in (given, inside):
                assert_alike(model(each), stock(model, each))
        for each in (given, inside):
            assert_alike(model(each), stock(model, each))
        model(given).add_(1)
    assert served(model) > 8 and len(root(model).captures) <= 4


def test_weights_made_in_inference_mode():
    with torch.inference_mode():
        model, given = net(), x()
        captured(model, given)
    assert_alike(model(given), stock(model, given))


def test_autocast_is_left_alone():
    model, given = net(), x()
    captured(model, given)
    for dtype in (torch.bfloat16, torch.float16):
        with torch.autocast("cpu", dtype):
            assert model(given).dtype == dtype
            assert_alike(model(given), stock(model, given))
        assert_alike(model(given), stock(model, given))
    assert served(model) == 3


@pytest.mark.parametrize("how", ["torch.compile", "compile"])
def test_what_the_program_compiles_is_its_own(how):
    model, given, theirs = net(), x(), Counting()
    expected = captured(model, given)
    if how == "compile":
        model.compile(backend=theirs)
    compiled = model if how == "compile" else torch.compile(model, backend=theirs)
    with stoker.graphs():
        for call in range(3):
            assert_alike(compiled(given), expected)
            assert (theirs.graphs, theirs.calls) == (1, call + 1)
    assert served(model) == 1
    if how == "torch.compile":
        assert_alike(model(given), expected)
        assert (theirs.calls, served(model)) == (3, 2)


def test_a_module_with_a_compiled_part_is_not_captured():
    for late in (False, True):
        theirs, model, given = Counting(), Net(net(), nn.Linear(4, 4)).eval(), x()
        if late:
            captured(model, given)
        model[0].compile(backend=theirs)
        stoker.optimize(model)
        for call in range(3):
            assert_alike(model(given), stock(model, given))
            assert theirs.calls == 2 * (call + 1)
        assert served(model) == late
        if not late:
            assert root(model).refused == "the program compiles a part of it"


def test_a_stance_of_the_program_is_obeyed():
    model, given, other = net(), x(), x(7, 2)
    captured(model, given)
    for stance, calls in (("fail_on_recompile", 2), ("force_eager", 2)):
        with torch.compiler.set_stance(stance):
            for each in (given, other):
                assert_alike(model(each), stock(model, each))
        assert served(model) == calls
    torch.compiler.reset()
    for each in (given, other, given):
        assert_alike(model(each), stock(model, each))


def test_functional_calls_and_transforms():
    model, given = net(), x()
    captured(model, given)
    other = {name: each * 2 for name, each in model.named_parameters()}
    for _ in range(2):
        call = (functional_call, model, other, (given,))
        assert_alike(functional_call(*call[1:]), stock(*call))
        assert_alike(model(given), stock(model, given))
    for transform, each in ((torch.vmap, x(5)), (torch.func.jacrev, x()), (torch.func.jacfwd, x())):
        assert_alike(transform(model)(each), stock(transform(model), each))
    stacked = torch.func.stack_module_state([net(), net()])
    both = torch.vmap(lambda p, b, x: functional_call(model, (p, b), (x,)), (0, 0, None))
    assert_alike(both(*stacked, given), stock(both, *stacked, given))
    assert_alike(model(given), stock(model, given))


def test_data_parallel_on_a_cpu():
    model = nn.DataParallel(net()).eval()
    captured(model, x())


def test_a_module_in_a_module():
    inner = net()
    outer = nn.Sequential(inner, nn.Linear(4, 4)).eval()
    captured(inner, given := x())
    captured(outer, given)
    assert_alike(inner(given), stock(inner, given))
    assert (served(inner), served(outer)) == (2, 1)


def test_methods_of_the_programs_own():
    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = net(), nn.Linear(4, 4)

        def encode(self, x):
            return self.b(self.a(x)).relu()

    model, given = Encoder().eval(), x()
    stoker.optimize(model)
    with stoker.graphs():
        for _ in range(3):
            assert_alike(model.encode(given), stock(model.encode, given))
    assert (served(model), served(model.a), served(model.b)) == (0, 2, 2)


def test_a_wrapper_of_every_call_keeps_running():
    stoker.disable()
    torch_call, calls = nn.Module.__call__, []

    def wrapper(self, *args, **kwargs):
        result = torch_call(self, *args, **kwargs)
        return result + 1 if type(self) is nn.Linear else result

    nn.Module.__call__ = wrapper
    try:
        stoker.enable()
        for model in (net(), nn.Linear(8, 4).eval()):
            given = x()
            captured(model, given)
            calls.append(served(model))
    finally:
        stoker.disable()
        nn.Module.__call__ = torch_call
        stoker.enable()
    assert calls == [1, 1]


def test_switched_off_and_unregistered():
    model, given = net(), x()
    expected = captured(model, given)
    for off in (stoker.disable, stoker.unregister):
        off()
        assert nn.Module.__call__ is nn.Module._wrapped_call_impl
        assert_alike(model(given), expected)
        stoker.enable()
        assert_alike(model(given), expected)
    assert served(model) == 3
    again = net()
    captured(again, given)


def test_cold_threads_at_once(monkeypatch):
    monkeypatch.setattr(roots.Root, "_due", lambda self: self.captures and self.refused is None)
    model, wrong = net(), []
    stoker.optimize(model)
    start = threading.Barrier(4)

    def work(number):
        start.wait()
        with torch.no_grad():
            for call in range(20):
                given = torch.randn(1 + (number + call) % 3, 8)
                difference = (model(given) - model._call_impl(given)).abs().max().item()
                if difference > 1e-5:
                    wrong.append((number, call, difference))

    errors = []
    monkeypatch.setattr(threading, "excepthook", errors.append)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [] and errors == []
    assert served(model) > 0 and 1 <= len(root(model).captures) <= 3


PROCESSES = """
import multiprocessing, sys, torch, stoker
from stoker.graph import roots
from torch import nn

roots.Trial = lambda: None  # every call by the graph

def work(model, x, queue):
    torch.set_grad_enabled(False)
    stoker.optimize(model)
    queue.put([model(x).tolist() for _ in range(3)] + [stoker.status()["graphs"][0]["calls"]])

if __name__ == "__main__":
    torch.set_grad_enabled(False)
    model, x = nn.Sequential(nn.Linear(8, 8), nn.GELU()).eval(), torch.randn(3, 8)
    stoker.optimize(model)
    expected = [model(x) for _ in range(3)][-1]
    context = multiprocessing.get_context(sys.argv[1])
    queue = context.Queue()
    process = context.Process(target=work, args=(model, x, queue))
    process.start()
    *results, calls = queue.get(timeout=100)
    process.join()
    assert process.exitcode == 0 and calls == {"fork": 5, "spawn": 2}[sys.argv[1]], calls
    assert all(torch.allclose(torch.tensor(each), expected) for each in results)
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes(method, tmp_path):
    (tmp_path / "program.py").write_text(PROCESSES)
    # OpenMP's threads do not live on in a forked child, which would wait for them.
    ends_silently(tmp_path / "program.py", method, OMP_NUM_THREADS="1")
