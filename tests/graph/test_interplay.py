"""Captured modules and everything else that a program does with them: as without us."""

from __future__ import annotations

import copy
import dataclasses
import io
import logging
import pickle
import random
import warnings

import pytest
import stoker
import torch
from stoker.graph import backend, roots
from torch import nn
from torch.nn import functional as F
from transformers.utils import ModelOutput

from tests.support.graphs import assert_alike, captured, root, served, stock

SEED = 5
pytestmark = pytest.mark.usefixtures("without_grad")


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 4)).eval()


def x() -> torch.Tensor:
    return torch.randn(3, 8)


class Two(nn.Module):
    """Two layers, and a forward to be given."""

    def __init__(self, function, **attributes):
        super().__init__()
        self.function = function
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)
        for name, each in attributes.items():
            setattr(self, name, each)

    def forward(self, *args):
        return self.function(self, *args)


@dataclasses.dataclass
class Pair:
    first: torch.Tensor
    second: object = None


@dataclasses.dataclass
class Output(ModelOutput):
    logits: torch.Tensor | None = None
    hidden: tuple | None = None


def _branches(m, x):
    y = m.a(x)
    return m.b(y).relu() if y.sum() > 0 else y.tanh()


def _random(m, x):
    noise = torch.rand_like(x) + torch.randn(3, 8)
    return F.dropout(m.a(x), 0.5, training=True) + noise * random.random()


def _autocast(m, x):
    with torch.autocast("cpu", torch.bfloat16):
        y = F.relu(m.a(x))
    return m.b(x) + y, y


def _gradients(m, x):
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        y = F.relu(m.a(x))
        (slope,) = torch.autograd.grad(y.sum(), x)
    return slope, y


def _grows(m, x):
    m.seen.append(m.a(x))
    m.count += 1
    return torch.stack(m.seen[-2:]), m.count


def _recurrent(m, x):
    m.state = m.a(x) + (0 if m.state is None else m.state)
    return m.state


def _writes_its_input(m, x):
    x.add_(1)
    return m.a(x)


def _transposes_its_input(m, x):
    x.t_()
    return x.sum(0)


def _writes_a_container(m, given):
    given["y"] = m.a(given["x"])
    given["list"].append(5)
    return given


FORWARDS = {
    "dataclass": lambda m, x: Pair(m.a(x), "s"),
    "model output": lambda m, x: Output(logits=m.a(x), hidden=(x, m.b(x))),
    "dict": lambda m, x: {"y": m.a(x), "n": 3, "none": None},
    "list": lambda m, x: [m.a(x), x.shape[0], "text"],
    "parts": lambda m, x: m.a(x).split(2, 1),
    "named tuple": lambda m, x: torch.max(m.a(x), 1),
    "strides": lambda m, x: (m.a(x).t(), m.b(x)[:, ::2], m.a(x).expand(2, 3, 8)),
    "types": lambda m, x: (m.a(x).double(), m.b(x) > 0, m.a(x).argmax()),
    "none": lambda m, x: None,
    "number": lambda m, x: 5,
    "data decides": _branches,
    "a size from data": lambda m, x: m.a(x)[: int((x[0] > 0).sum()) + 1],
    "random": _random,
    "autocast inside": _autocast,
    "gradients inside": _gradients,
    "attributes written": _grows,
    "state kept": _recurrent,
    "input written": _writes_its_input,
    "input transposed": _transposes_its_input,
    "container written": _writes_a_container,
}


@pytest.mark.usefixtures("eager_to_capture")
@pytest.mark.parametrize("name", FORWARDS)
def test_forward(name):
    ours = Two(FORWARDS[name], seen=[], count=0, state=None).eval()
    theirs = copy.deepcopy(ours)
    stoker.optimize(ours)
    for call in range(6):
        torch.manual_seed(call)
        given = {"x": x(), "list": []} if name == "container written" else x()
        other, ends = copy.deepcopy(given), []
        for function in (lambda: ours(given), lambda: stock(theirs, other)):  # noqa: B023
            torch.manual_seed(call)
            random.seed(call)
            ends.append((function(), torch.rand(2), random.random()))
        assert_alike(*ends)
        assert_alike(given, other)
        assert (ours.count, len(ours.seen)) == (theirs.count, len(theirs.seen))
    if name not in ("none", "number", "attributes written", "state kept"):
        assert served(ours) > 1 and not root(ours).refused
    if name == "state kept":
        assert ours(x()) is ours.state


IDENTITIES = {
    "input": lambda m, x: x,
    "parameter": lambda m, x: m.a.weight,
    "both": lambda m, x: (x, m.a(x), x, m.a.bias),
    "dropout": lambda m, x: F.dropout(x, 0.1, False),
    "contiguous": lambda m, x: x.contiguous(),
    "to": lambda m, x: (x.to(torch.float32), x.float()),
    "in place": lambda m, x: (lambda y: (y, y.relu_(), y))(m.a(x)),
    "views": lambda m, x: (lambda y: (y, y.view(-1), y[0], x[1:], x.detach()))(m.a(x)),
    "images": lambda m, x: (lambda y: (y, y.view(2, -1), y))(m.c(x.view(2, 3, 2, 2))),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_what_is_returned_is_the_same_object_and_the_same_memory(name):
    model = Two(IDENTITIES[name], c=nn.Conv2d(3, 4, 1)).eval()
    stoker.optimize(model)
    for _ in range(3):
        given = torch.randn(3, 8)
        ours, theirs = model(given), stock(model, given)
        assert_alike(ours, theirs)

        def relations(result, given=given):
            known = (given, model.a.weight, model.a.bias)
            every = (*(result if isinstance(result, tuple) else (result,)), *known)
            same = [[a is b for a in every] for b in every]
            memory = [each.untyped_storage().data_ptr() for each in every]
            return same, [[a == b for a in memory] for b in memory]

        assert relations(ours) == relations(theirs)


def test_side_effects_happen_once_a_call(capsys):
    class Handler(logging.Handler):
        def emit(self, record):
            records.append(record.getMessage())

    def speaks(m, x):
        print("printed")
        warnings.warn("warned", stacklevel=1)
        logger.warning("logged %d", 1)
        return m.a(x)

    records, handler, logger = [], Handler(), logging.getLogger("of this test")
    logger.addHandler(handler)
    model = Two(speaks).eval()
    stoker.optimize(model)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for _ in range(3):
            model(x())
    logger.removeHandler(handler)
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-3:] == ["printed"] * 3 and printed.err == ""
    assert [str(each.message) for each in warned] == ["warned"] * 3
    assert records == ["logged 1"] * 3
    assert served(model) == 2


class MineError(ValueError):
    pass


def _raise(error):
    raise error


ERRORS = {
    "own": lambda m, x: _raise(MineError("mine", 3)),
    "shapes": lambda m, x: m.a(x[:, :3]),
    "view": lambda m, x: m.a(x).view(7, 7),
    "cat": lambda m, x: torch.cat([m.a(x), x[:, :3]]),
    "key": lambda m, x: {}["k"],
    "attribute": lambda m, x: m.nothing,
    "zero": lambda m, x: 1 / 0,
    "iteration": lambda m, x: next(iter(())),
    "exit": lambda m, x: _raise(SystemExit(3)),
    "interrupt": lambda m, x: _raise(KeyboardInterrupt()),
    "data": lambda m, x: _raise(MineError(x.sum().item())),
}


@pytest.mark.usefixtures("eager_to_capture")
@pytest.mark.parametrize("first", [False, True], ids=["after a capture", "at the first call"])
@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_the_programs_own(name, first, capfd):
    def forward(m, x):
        y = m.a(x)
        return ERRORS[name](m, y) if m.fails else y

    model, given = Two(forward, fails=first).eval(), x()
    stoker.optimize(model)
    model.fails = False
    if not first:
        model(given)
    model.fails = True
    raised = []
    for call in (model, model, lambda given: stock(model, given)):
        with pytest.raises(BaseException) as caught:
            call(given)
        raised.append((caught.type, caught.value.args))
    assert raised[0] == raised[1] == raised[2]
    model.fails = False
    for _ in range(3):
        assert_alike(model(given), stock(model, given))
    assert served(model) >= 2 and not root(model).refused
    assert capfd.readouterr().err == ""


def test_an_interrupt_while_a_graph_is_captured(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    model, given = net(), x()
    stoker.optimize(model)
    with monkeypatch.context() as patch:
        patch.setattr(backend, "build", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model(given)
    monkeypatch.setattr(roots.Root, "_due", lambda self: self.refused is None)
    for _ in range(3):
        assert_alike(model(given), stock(model, given))
    assert served(model) == 2


def test_copies_and_files():
    plain, model, given = net(), net(), x()
    expected = captured(model, given)
    assert list(model.state_dict()) == list(plain.state_dict())
    for ours, theirs in zip(model.modules(), plain.modules(), strict=True):
        assert list(vars(ours)) == list(vars(theirs))
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    copies = {
        "deepcopy": copy.deepcopy(model),
        "pickle": pickle.loads(pickle.dumps(model)),
        "file": torch.load(file, weights_only=False),
    }
    for other in copies.values():
        assert_alike(other(given), expected)
        other[0].weight.mul_(2)
        assert_alike(other(given), stock(other, given))
    assert_alike(model(given), expected)
    assert served(model) == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch.jit
def test_torchscript():
    model, given = net(), x()
    expected = captured(model, given)
    with stoker.graphs():
        traced, scripted = torch.jit.trace(model, given), torch.jit.script(model)
        for other in (traced, scripted, torch.jit.freeze(traced), torch.jit.freeze(scripted)):
            assert_alike(other(given), expected)
            assert_alike(other(given), expected)
            assert not roots.find(other, create=True).captures
    assert served(model) == 2  # the second by torch.jit's check of its trace


def test_exported_and_traced_modules():
    model, given = net(), x()
    expected = captured(model, given)
    with stoker.graphs():
        for strict in (False, True):
            exported = torch.export.export(model, (given,), strict=strict).module()
            assert_alike(exported(given), expected)
        traced = torch.fx.symbolic_trace(model)
        assert_alike(traced(given), expected)
    assert len(root(model).captures) == 1
