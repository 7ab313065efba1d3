"""Ctrl-C in a capture: the program is told, and everything works as before it."""

from __future__ import annotations

from tests.support.environment import ends_silently

SEED = 23

PROGRAM = """
import logging, os, signal, sys, torch, stoker, torch._dynamo
from stoker.graph import backend, capture, passes, roots
from torch import nn
torch.manual_seed(23)
torch.set_grad_enabled(False)
roots.Root._due = lambda self: bool(self.captures) and self.refused is None
roots.Trial = lambda: None
signal.signal(signal.SIGINT, signal.default_int_handler)
x = torch.randn(4, 16)

def network(layers=3):
    pairs = ((nn.Linear(16, 16), nn.GELU()) for _ in range(layers))
    return nn.Sequential(*(each for pair in pairs for each in pair)).eval()

def stock(model):
    stoker.disable()
    try:
        return model(x)
    finally:
        stoker.enable()

def state():
    loggers = ("torch._dynamo", "torch.fx.experimental", "torch._subclasses")
    config = torch._dynamo.config.get_config_copy()
    return (
        roots._capturing.copy(), torch.is_grad_enabled(), torch.is_inference_mode_enabled(),
        torch.compiler.is_compiling(), torch._C._len_torch_dispatch_stack(),
        torch._C._len_torch_function_stack(), torch._guards.TracingContext.try_get(),
        [logging.getLogger(each).level for each in loggers], config,
    )

def depth():
    now = stoker._C.enter_eval()
    stoker._C.leave_eval()
    return now

def call(model):
    'True when Ctrl-C reached the program.'
    try:
        model(x)
    except KeyboardInterrupt:
        return True
    return False

def served(model):
    return roots.find(model, create=False).graph_calls

def unharmed(model, values):
    expected = stock(model)
    assert depth() == 0
    for name, each in model.state_dict().items():
        assert each.equal(values[name]), name
    assert [list(vars(each)) for each in model.modules()] == attributes
    for each in (model, network()):
        stoker.optimize(each)
        right = stock(each)
        for _ in range(3):
            assert torch.allclose(each(x), right, atol=1e-5)
        root = roots.find(each, create=False)
        assert root.graph_calls >= 2 and not root.refused, root.summary()

def press():
    os.kill(os.getpid(), signal.SIGINT)

attributes = [list(vars(each)) for each in network().modules()]
first = network()
stoker.optimize(first)
first(x)
before = state()
"""


def passes(code: str) -> None:
    ends_silently("-c", PROGRAM + code, STOKER_SELECT="always")


PLACES = {
    "Dynamo reads a module": "torch._dynamo.output_graph.OutputGraph, 'create_proxy'",
    "Dynamo makes guards": "torch._dynamo.guards.CheckFunctionManager, '__init__'",
    "the graph is handed over": "backend, 'build'",
    "a pass": "sys.modules['stoker.graph.passes.linear'], 'is_call'",
    "the first run": "backend.Graph, '__call__'",
    "a capture ends": "roots.Root, '_conclude'",
}


def test_a_signal_in_each_part_of_a_capture():
    places = ", ".join(f"({name!r}, {place})" for name, place in PLACES.items())
    code = f"""
import torch._dynamo.output_graph, torch._dynamo.guards
for about, place, name in ({places}):
    function, pressed = getattr(place, name), []

    def interrupted(*args, **kwargs):
        if not pressed:
            pressed.append(name)
            press()
        return function(*args, **kwargs)

    model = network()
    values = {{name: each.clone() for name, each in model.state_dict().items()}}
    stoker.optimize(model)
    setattr(place, name, interrupted)
    assert call(model) and pressed, about
    setattr(place, name, function)
    assert state() == before, about
    unharmed(model, values)
"""
    passes(code)


def test_a_signal_after_any_call_of_ours():
    """Python looks for signals when a call returns: here one comes after each call made by the
    hook and by a root, in turn."""
    code = """
import stoker.module_hook
ours = {stoker.module_hook.__file__, roots.__file__, capture.__file__}

def calls(model, nth):
    count = 0

    def profile(frame, event, _):
        nonlocal count
        if event == "c_return" and frame.f_code.co_filename in ours:
            count += 1
            if count == nth:
                sys.setprofile(None)
                raise KeyboardInterrupt

    sys.setprofile(profile)
    try:
        return call(model), count
    finally:
        sys.setprofile(None)

for phase in ("a first call", "a captured model"):
    reached, nth = True, 0
    while reached:
        nth += 1
        model = network(1)
        stoker.optimize(model)
        expected = stock(model)
        if phase == "a captured model":
            for _ in range(2):
                model(x)
        reached, count = calls(model, nth)
        assert depth() == 0, (phase, nth)
        assert not roots._capturing, (phase, nth)
        for _ in range(3):
            assert torch.allclose(model(x), expected, atol=1e-5)
        assert served(model) >= 2, (phase, nth)
    assert nth > 3, nth
"""
    passes(code)


def test_the_forward_raises():
    code = """
class Raises(nn.Sequential):
    error = None

    def forward(self, x):
        y = super().forward(x)
        if self.error is not None:
            raise self.error
        return y

for error in (KeyboardInterrupt(), SystemExit(3)):
    for at in (0, 1, 2):
        model = Raises(*network(2)).eval()
        expected = stock(model)
        stoker.optimize(model)
        for turn in range(6):
            model.error = error if turn == at else None
            try:
                assert torch.allclose(model(x), expected, atol=1e-5)
                assert model.error is None
            except (KeyboardInterrupt, SystemExit) as caught:
                assert model.error is not None and repr(caught) == repr(error)
            assert state() == before and depth() == 0
        assert served(model) >= 2
"""
    passes(code)
