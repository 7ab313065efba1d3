"""What module graphs rely on in TorchDynamo, which torch promises to nobody."""

from __future__ import annotations

import os

os.environ["STOKER"] = "0"

import builtins
import gc
import os
import types
import weakref

os.environ["STOKER"] = "0"

import pytest
import torch
from stoker.graph import torch_private
from torch import nn
from torch.nn import functional as F


class Captures:
    """A backend that keeps what it was given."""

    def __init__(self):
        self.graphs = []

    def __call__(self, module, inputs):
        self.graphs.append((module, inputs))
        return module.forward


@pytest.fixture
def captures():
    torch._dynamo.reset()
    with torch.no_grad():
        yield Captures()


def private_function():
    def root(module, args, kwargs):
        return module._call_impl(*args, **kwargs)

    return types.FunctionType(root.__code__.replace(co_name="root_of_this_test"), globals())


def captured(captures, model):
    function = private_function()
    compiled = torch_private.compiled(function, captures)
    return lambda *args: compiled(model, args, {})


def test_parameters_and_buffers_are_inputs_of_the_graph(captures):
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)).eval()
    call, x = captured(captures, model), torch.randn(3, 4)
    call(x)
    ((module, inputs),) = captures.graphs
    assert not list(module.parameters()) and not list(module.buffers())
    assert len(inputs) == 7  # x, weight, bias and the norm's four
    model[0].weight.data = torch.randn(4, 4)
    model[1].running_mean.add_(1)
    model[0].bias = nn.Parameter(torch.randn(4))
    assert call(x).equal(model(x)) and len(captures.graphs) == 1


def test_the_operations_have_the_names_that_passes_know(captures):
    def function(x, image, weight, kernel):
        y = F.gelu(F.linear(x, weight)) + F.silu(x)
        z = F.relu(F.conv2d(F.pad(image, (1, 1, 1, 1)), kernel), inplace=True)
        return F.dropout(y, training=False), F.relu6(F.hardswish(z))

    shapes = ((3, 4), (1, 2, 5, 5), (4, 4), (2, 2, 3, 3))
    torch.compile(function, backend=captures)(*map(torch.randn, shapes))
    ((module, _),) = captures.graphs
    targets = {node.target for node in module.graph.nodes if node.op == "call_function"}
    assert {
        torch._C._nn.linear, torch._C._nn.gelu, torch.conv2d, F.relu, F.dropout, F.relu6,
        F.hardswish, F.silu,
    } <= targets  # fmt: skip
    assert torch._C._nn.pad in targets or F.pad in targets
    assert all("example_value" in node.meta for node in module.graph.nodes if node.op != "output")


def test_the_schema_of_an_operator_says_what_it_writes():
    aten = torch.ops.aten
    for writes in (aten.add_.Tensor, aten.add_, aten.embedding_renorm_, aten.add.out, aten.relu_):
        assert torch_private.mutates(writes)
    for pure in (aten.add.Tensor, aten.add, aten.embedding_bag, torch.relu_, "add_"):
        assert not torch_private.mutates(pure)


def test_modules_hooks_and_modes_are_guarded(captures):
    model = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.Dropout())).eval()
    call, x = captured(captures, model), torch.randn(3, 4)
    changes = {
        "a hook": lambda: model[1][0].register_forward_hook(lambda m, i, o: o * 2),
        "another module": lambda: model.__setitem__(0, nn.Linear(4, 4, bias=False)),
        "training": lambda: model[1][1].train(),
    }
    for name, change in changes.items():
        call(x)
        before = len(captures.graphs)
        change()
        torch.manual_seed(1)
        ours = call(x)
        torch.manual_seed(1)
        assert ours.equal(model(x)), name
        assert len(captures.graphs) == before + 1, name


def test_cached_only_never_captures(captures):
    model, ran = nn.Linear(4, 4), []

    def backend(module, inputs):
        forward = captures(module, inputs)
        return lambda *values: ran.append(module) or forward(*values)

    function = private_function()
    compiled = torch_private.compiled(function, backend)
    cached = torch_private.cached_only(function)
    x, y = torch.randn(3, 4), torch.randn(5, 6, 4)
    assert cached(model, (x,), {}).equal(model(x)) and not captures.graphs
    compiled(model, (x,), {})
    assert cached(model, (x,), {}).equal(model(x)) and len(ran) == 2
    assert cached(model, (y,), {}).equal(model(y))
    assert len(ran) == 2 and len(captures.graphs) == 1
    torch_private.drop(function)
    assert cached(model, (x,), {}).equal(model(x)) and len(ran) == 2


def test_a_hidden_function_is_no_part_of_a_graph(captures):
    seen = []

    def wrapper(function, x):
        seen.append(x.shape)  # runs at every call: not traced
        return function(x)

    torch_private.hide(wrapper)

    def root(x):
        torch._dynamo.graph_break()
        return wrapper(lambda y: y + 1, x)

    compiled = torch.compile(root, backend=captures)
    compiled(torch.ones(2))
    compiled(torch.ones(2))
    assert len(seen) == 2


def test_symbolic_sizes_compare_without_a_guard(captures):
    compared = []

    def backend(module, inputs):
        nodes = {node.name: node.meta.get("example_value") for node in module.graph.nodes}
        x, y = nodes["relu"], nodes["add"]
        compared.append(
            [torch_private.same_size(*sizes) for sizes in zip(x.shape, y.shape, strict=True)]
        )
        captures.graphs.append(module)
        return module.forward

    function = torch.compile(lambda x: F.relu(x) + 1, backend=backend)
    for size in (3, 5, 7, 9):
        function(torch.randn(size, 4))
    assert compared == [[True, True]] * 2, "the second capture holds for every size"


def test_settings_of_a_capture_are_those_of_its_frames_only(captures):
    seen = []

    @torch._dynamo.disable
    def look():
        seen.append(torch._dynamo.config.suppress_errors)

    class Looks(nn.Module):
        def forward(self, x):
            look()
            return x + 1

    call = captured(captures, Looks())
    with torch._dynamo.config.patch(suppress_errors=False, error_on_recompile=True):
        for size in (2, 3):
            assert call(torch.ones(size)).equal(torch.full((size,), 2.0))
    assert seen == [False] * 2 and len(captures.graphs) == 2


def test_a_dropped_function_keeps_no_backend():
    def backend(module, inputs):
        ran.append(1)
        return module.forward

    ran, model, function = [], nn.Linear(4, 4), private_function()
    function = types.FunctionType(function.__code__, {"__builtins__": builtins})
    with torch.no_grad():
        torch_private.compiled(function, backend)(model, (torch.ones(2, 4),), {})
    alive = [weakref.ref(each) for each in (backend, function, model, model.weight)]
    torch_private.drop(function)
    del backend, function, model
    gc.collect()
    assert ran and [ref() for ref in alive] == [None] * 4


def test_a_stance_forbids_captures():
    assert torch_private.may_capture()
    for stance in ("force_eager", "fail_on_recompile", "eager_on_recompile"):
        with torch.compiler.set_stance(stance):
            assert not torch_private.may_capture()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch.jit
def test_nothing_is_busy_in_plain_code():
    model = nn.Linear(2, 2)
    assert torch_private.busy(model) is None
    with torch.autocast("cpu", torch.bfloat16):
        assert torch_private.busy(model) == "autocast is on"
    torch.use_deterministic_algorithms(True)
    assert torch_private.busy(model) == "deterministic algorithms were asked for"
    torch.use_deterministic_algorithms(False)
    handle = nn.modules.module.register_module_forward_hook(lambda module, args, out: None)
    assert torch_private.busy(model) == "hooks of all modules are registered"
    handle.remove()
    busy = []

    class Asks(nn.Module):
        def forward(self, x):
            busy.append(torch_private.busy(model))
            return x

    torch.jit.trace(Asks(), torch.ones(1), check_trace=False)
    torch.vmap(Asks())(torch.ones(2, 2))
    torch.fx.symbolic_trace(Asks())
    assert busy == ["torch.jit is tracing", "a function transform is active", "torch.fx is tracing"]
    model.compile(backend="eager")
    assert torch_private.busy(model) == "the program compiled it"


def test_dynamo_tells_what_it_keeps_with_a_function(captures):
    entries = torch._C._dynamo.eval_frame._debug_get_cache_entry_list
    function, model = private_function(), nn.Linear(4, 4)
    compiled = torch_private.compiled(function, captures)
    assert entries(function.__code__) == []
    for captured_so_far, sizes in enumerate(((2, 4), (3, 2, 4)), 1):
        compiled(model, (torch.ones(sizes),), {})
        assert len(entries(function.__code__)) == captured_so_far == len(captures.graphs)
    c = torch._C._dynamo.eval_frame
    guards = [each.guard_manager for each in entries(function.__code__)]
    for each in guards:
        assert vars(each)["cache_entry"].guard_manager is each, "what keeps a graph alive"
        assert isinstance(vars(each)["cache_entry"], c._CacheEntry)
        assert isinstance(vars(each)["extra_state"], c._ExtraState)
    torch_private.drop(function)
    assert entries(function.__code__) == []
    assert [vars(each) for each in guards] == [{"cache_entry": None, "extra_state": None}] * 2
    x = torch.ones(2, 4)
    assert compiled(model, (x,), {}).equal(model(x))
    assert len(entries(function.__code__)) == 1 and len(captures.graphs) == 3, "captured anew"
    torch_private.drop(function)


def test_a_class_that_dies_after_its_graph_was_dropped_says_nothing(captures, monkeypatch):
    """Dynamo has each class that guards check call back when it dies."""

    def capture():
        class Own(nn.Module):
            def forward(self, x):
                return x + 1

        function = private_function()
        torch_private.compiled(function, captures)(Own(), (torch.ones(2),), {})
        torch_private.drop(function)
        return weakref.ref(Own)

    raised = []
    monkeypatch.setattr("sys.unraisablehook", raised.append)
    alive = capture()
    captures.graphs.clear()
    gc.collect()
    assert alive() is None and raised == []
