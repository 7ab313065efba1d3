"""A captured module is changed in each way a program may: the calls after that are stock's."""

from __future__ import annotations

import types

import pytest
import torch
from stoker.graph import roots
from torch import nn
from torch.nn.utils import parametrizations, prune

from tests.support.graphs import assert_alike, captured, served, stock

SEED = 11
pytestmark = pytest.mark.usefixtures("without_grad")
SHIFT = 0.25  # a global that forward reads


class Net(nn.Module):
    """A convolution with its norm, a linear layer, and what a forward may read besides."""

    level = 1.5

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.act = nn.ReLU(inplace=True)
        self.tail = nn.Sequential(nn.Flatten(), nn.Linear(8 * 36, 10))
        self.register_buffer("offset", torch.randn(10))
        self.scale, self.count, self.negate, self.options = 2.0, 3, False, {"power": 1}
        self.note = None

    def forward(self, x, factor=1.0):
        y = self.tail(self.act(self.norm(self.conv(x))))
        y = y * self.scale * factor + self.offset * self.count + SHIFT * self.level
        if self.negate:
            y = -y
        return y ** self.options["power"] if self.note is None else y - 7


def net() -> Net:
    model = Net().eval()
    nn.init.uniform_(model.norm.running_mean, -1, 1)
    nn.init.uniform_(model.norm.running_var, 0.5, 2)
    return model


def _replace_data(m):
    m.conv.weight.data = m.conv.weight.data * 3


def _replace_parameter(m):
    m.conv.weight = nn.Parameter(m.conv.weight * 3)


def _replace_submodule(m):
    m.tail[1] = nn.Linear(8 * 36, 10).eval()


def _merge_lora(m):
    a, b = torch.randn(4, 8 * 36), torch.randn(10, 4)
    m.tail[1].weight.data += 0.5 * (b @ a)


def _write_statistics(m):
    m.norm.running_var.mul_(4)
    m.norm.running_mean.add_(1)


def _forward_of_the_instance(m):
    m.forward = lambda x, factor=1.0: m.tail(m.conv(x)) * factor


def _forward_of_a_child(m):
    m.act.forward = lambda x: x.sigmoid()


def _forward_bound(m):
    m.forward = types.MethodType(lambda self, x, factor=1.0: self.conv(x) * factor, m)


def _hook_with_kwargs(m):
    m.register_forward_pre_hook(
        lambda _, args, kwargs: ((args[0] + 1,), {"factor": 3.0}), with_kwargs=True
    )


def _add_to_a_sequence(m):
    m.tail.append(nn.Tanh())


def _weights_of_another(m):
    m.load_state_dict({name: each * 1.5 for name, each in m.state_dict().items()})


def _assign_weights(m):
    state = {name: each * 1.5 for name, each in m.state_dict().items()}
    m.load_state_dict(state, assign=True)


def _through_numpy(m):
    m.tail[1].weight.detach().numpy()[:] += 1


def _another_class(m):
    class Other(Net):
        def forward(self, x, factor=1.0):
            return super().forward(x, factor) + 5

    m.__class__ = Other


def _optimiser_step(m):
    with torch.enable_grad():
        optimiser = torch.optim.SGD(m.parameters(), lr=1.0)
        m.train()(torch.randn(4, 3, 6, 6)).square().mean().backward()
        optimiser.step()
    m.eval()


def _weight_norm(m):
    parametrizations.weight_norm(m.conv)
    m.conv.parametrizations.weight.original0.mul_(3)


EDITS = {
    "in place": lambda m: m.conv.weight.mul_(2),
    "in place through data": lambda m: m.tail[1].weight.data.add_(1),
    "a bias": lambda m: m.tail[1].bias.zero_(),
    "through numpy": _through_numpy,
    "data replaced": _replace_data,
    "load_state_dict": _weights_of_another,
    "load_state_dict assigns": _assign_weights,
    "parameter replaced": _replace_parameter,
    "parameter removed": lambda m: m.tail[1].register_parameter("bias", None),
    "submodule replaced": _replace_submodule,
    "LoRA merged": _merge_lora,
    "statistics written": _write_statistics,
    "statistics replaced": lambda m: setattr(m.norm, "running_mean", torch.ones(8)),
    "epsilon": lambda m: setattr(m.norm, "eps", 1.0),
    "trained": _optimiser_step,
    "a child trains": lambda m: m.norm.train(),
    "buffer written": lambda m: m.offset.add_(1),
    "buffer replaced": lambda m: setattr(m, "offset", torch.randn(10)),
    "float attribute": lambda m: setattr(m, "scale", 3.5),
    "int attribute": lambda m: setattr(m, "count", 4),
    "flag": lambda m: setattr(m, "negate", True),
    "attribute was None": lambda m: setattr(m, "note", "x"),
    "value in a dict": lambda m: m.options.update(power=2),
    "class attribute": lambda m: setattr(m, "level", -1.0),
    "another class": _another_class,
    "forward of the instance": _forward_of_the_instance,
    "forward bound to it": _forward_bound,
    "forward of a child": _forward_of_a_child,
    "hook": lambda m: m.register_forward_hook(lambda _m, _a, out: out * 2),
    "hook of a child": lambda m: m.conv.register_forward_hook(lambda _m, _a, out: out * 2),
    "pre-hook": lambda m: m.register_forward_pre_hook(lambda _m, args: (args[0] * 2,)),
    "pre-hook of a child": lambda m: m.norm.register_forward_pre_hook(lambda _, a: (a[0] * 2,)),
    "hook with kwargs": _hook_with_kwargs,
    "sequence longer": _add_to_a_sequence,
    "sequence shorter": lambda m: m.tail.__delitem__(1) or setattr(m, "offset", torch.ones(288)),
    "child made nothing": lambda m: setattr(m, "act", nn.Identity()),
    "weight_norm": _weight_norm,
    "pruned": lambda m: prune.l1_unstructured(m.tail[1], "weight", amount=0.5),
    "float64": lambda m: m.double(),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_after_an_edit(name, monkeypatch):
    model, given = net(), torch.randn(2, 3, 6, 6)
    before = captured(model, given)
    EDITS[name](model)
    if name == "float64":
        given = given.double()
    expected = stock(model, given)
    assert expected.dtype != before.dtype or not expected.equal(before), "it changes the result"
    assert_alike(model(given), expected)
    monkeypatch.setattr(roots.Root, "_due", lambda self: self.refused is None)
    for _ in range(2):
        assert_alike(model(given), expected)
    assert served(model) >= 2, "captured again where the graph did not fit"


def test_hooks_are_removed():
    model, given = net(), torch.randn(2, 3, 6, 6)
    expected = captured(model, given)
    for module in (model, model.conv):
        handles = [
            module.register_forward_hook(lambda m, args, out: out + 1),
            module.register_forward_pre_hook(lambda m, args: (args[0] + 1,)),
        ]
        for handle in handles:
            assert not model(given).equal(expected)
            assert_alike(model(given), stock(model, given))
            handle.remove()
    assert_alike(model(given), expected)
    model.conv.register_forward_hook(lambda m, args, out: seen.append(out.shape))
    seen = []
    for _ in range(3):
        assert_alike(model(given), expected)
    assert len(seen) == 3


@pytest.mark.parametrize(
    "register", ["register_module_forward_hook", "register_module_forward_pre_hook"]
)
def test_hooks_of_all_modules(register):
    model, given, seen = net(), torch.randn(2, 3, 6, 6), []
    expected = captured(model, given)
    handle = getattr(nn.modules.module, register)(lambda m, *_: seen.append(type(m).__name__))
    try:
        for _ in range(3):
            model(given)
        ours, seen[:] = seen[:], []
        for _ in range(3):
            stock(model, given)
    finally:
        handle.remove()
    assert ours == seen and len(seen) == 3 * len(list(model.modules()))
    assert_alike(model(given), expected)


def test_what_forward_reads_outside_the_module(monkeypatch):
    model, given = net(), torch.randn(2, 3, 6, 6)
    expected = captured(model, given)
    with monkeypatch.context() as patch:
        patch.setattr(f"{__name__}.SHIFT", 100.0)
        assert_alike(model(given), stock(model, given))
        assert (model(given) - expected).min() > 90
    with monkeypatch.context() as patch:
        patch.setattr(Net, "level", 50.0)
        assert_alike(model(given), stock(model, given))
    with monkeypatch.context() as patch:
        patch.setattr(Net, "forward", lambda self, x: self.conv(x))
        assert_alike(model(given), stock(model, given))
    assert_alike(model(given), expected)


def test_other_arguments():
    model, given = net(), torch.randn(2, 3, 6, 6)
    captured(model, given)
    for options in ({"factor": 2.0}, {"factor": -3.0}, {"factor": torch.tensor(2.0)}, {}):
        assert_alike(model(given, **options), stock(model, given, **options))
    assert_alike(model(given, 5), stock(model, given, 5))
    others = (
        given.double().float().contiguous(memory_format=torch.channels_last),
        torch.randn(2, 6, 6, 3).permute(0, 3, 1, 2)[:1],
        torch.randn(2, 3, 12, 12)[..., ::2, ::2],
        nn.Parameter(given),
    )
    for other in others:
        assert_alike(model(other), stock(model, other))
    with pytest.raises(RuntimeError, match=r"expected input.* to have 3 channels"):
        model(torch.randn(2, 4, 6, 6))
