"""bfloat16 between the operators of a graph in bf16 mode: where, where not, and how exact it is."""

from __future__ import annotations

import copy
import io

import pytest
import stoker
import torch
from stoker.graph import roots
from torch import nn
from torch.nn import functional as F

from tests.bf16.models import MODELS, BertLayer, GptLayer, ResNet, Tokens, make
from tests.support.graphs import root, served, stock

SEED = 29
MOST = 1.2  # times the error of stock's autocast
F32, BF16 = torch.float32, torch.bfloat16


def bf16(wanted: bool = True) -> None:
    stoker.set_dtype(BF16 if wanted else F32, force=True)


def graph_of(model):
    (capture,) = root(model).captures
    (graph,) = capture.graphs
    assert graph.kept is None, graph.kept
    return graph


def regions(model) -> int:
    return graph_of(model).rewrites.get("bf16_regions", 0)


def captured(model, *args):
    """Called by its graph in bf16 mode, captured there."""
    bf16()
    stoker.optimize(model)
    model(*args)
    result = model(*args)
    assert served(model) == 1, "no graph"
    return result


def types(model, *args) -> list[tuple[str, torch.dtype]]:
    """Of every tensor computed on the way, under the name of what computes it."""
    module, found = graph_of(model).narrow.__self__, []

    class Watch(torch.fx.Interpreter):
        def run_node(self, node):
            result = super().run_node(node)
            if node.op.startswith("call") and isinstance(result, torch.Tensor):
                found.append((getattr(node.target, "__name__", str(node.target)), result.dtype))
            return result

    values = []
    graph_of(model).narrow = lambda *given: (values.extend(given), module(*given))[1]
    model(*args)
    graph_of(model).narrow = module.forward
    Watch(module).run(*values)
    return found


def relative(y, exact) -> float:
    return ((y.double() - exact.double()).norm() / exact.double().norm()).item()


def autocast(model, *args):
    def call():
        with torch.autocast("cpu", BF16):
            return model(*args)

    return stock(call)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "lstm"])
def test_as_exact_as_autocast(name):
    ours = theirs = 0.0
    for seed in range(SEED, SEED + 4):  # one alone may be lucky
        torch.manual_seed(seed)
        model, given = make(name)
        exact = stock(model, given)
        result = captured(model, given)
        assert result.dtype == F32 and result.stride() == exact.stride()
        assert regions(model) > 0
        ours += relative(result, exact)
        theirs += relative(autocast(model, given), exact)
    print(f"{name}: {ours / 4:.2e}, autocast {theirs / 4:.2e}")
    assert 1e-4 < ours <= MOST * theirs


def test_images_are_bfloat16_from_the_first_convolution_to_the_last():
    model, given = make("resnet")
    captured(model, given)
    found = types(model, given)
    assert [kind for name, kind in found[1:-2]] == [BF16] * (len(found) - 3), found
    assert found[0] == ("contiguous", F32), "what comes in"
    assert found[-2][1] == F32, "the linear layer gives what leaves"


def test_nothing_between_convolutions_is_float32_in_the_other_image_models():
    for name in ("mobilenet", "densenet"):
        model, given = make(name)
        captured(model, given)
        wide = [kind for kind, dtype in types(model, given) if dtype == F32]
        # Layout in, the last operator, layout out.
        assert len(wide) <= 3, wide


def test_norms_before_what_multiplies_are_apart():
    model, given = make("prenorm")
    captured(model, given)
    assert graph_of(model).rewrites["input_norms"] == 2
    found = [(name, dtype) for name, dtype in types(model, given) if name != "contiguous"]
    assert [dtype for name, dtype in found if "batch_norm" in name] == [BF16, F32], found
    rows = [name for name, _ in found].index("batch_norm", 3)
    assert found[rows - 1][1] == F32, "its mean is taken off before it is rounded"


@pytest.mark.parametrize("layer", [BertLayer, GptLayer])
def test_residual_streams_norms_and_attention_are_float32(layer):
    model, given = Tokens(layer).eval(), torch.randint(99, (2, 11))
    captured(model, given)
    found = types(model, given)
    products = [dtype for name, dtype in found if "linear" in name]
    # BERT: gelu(up(x)). GPT: both factors of the gated product, and the last sum, which only the
    # head reads: a multiplication.
    expected = 3 if layer is BertLayer else 7
    assert products.count(BF16) == expected == regions(model)
    assert all(dtype == F32 for name, dtype in found if "linear" not in name), found


def test_a_product_that_is_only_multiplied_loses_nothing():
    model = nn.Sequential(nn.Linear(64, 96), nn.GELU(), nn.Linear(96, 64)).eval()
    x = torch.randn(5, 64)
    ours = captured(model, x)
    assert regions(model) == 1
    wide = graph_of(model).run
    graph_of(model).narrow = wide
    assert model(x).equal(ours)


def test_what_is_read_otherwise_is_float32():
    convolution, linear = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(16, 16)

    class Reads(nn.Module):
        def __init__(self, function):
            super().__init__()
            self.convolution, self.linear, self.function = convolution, linear, function

        def forward(self, x):
            return self.function(x)

    image, rows = torch.randn(2, 4, 6, 6), torch.randn(3, 16)
    cases = {
        "leaves": (lambda x: (y := convolution(x), convolution(y)), image),
        "softmax": (lambda x: linear(F.softmax(linear(x), -1)), rows),
        "norm": (lambda x: linear(F.layer_norm(linear(x), (16,))), rows),
        "mean": (lambda x: convolution(x).mean((2, 3)), image),
        "bilinear": (lambda x: convolution(
            F.interpolate(convolution(x), scale_factor=2.0, mode="bilinear")), image),
        "both": (lambda x: linear(y := linear(x)) + y, rows),
        "residual": (lambda x: linear(F.relu(linear(y := linear(x)))) + y, rows),
        "bits": (lambda x: convolution(convolution(x).view(torch.float32)), image),
        "a float32 operand": (
            lambda x: convolution(F.max_pool2d(convolution(x) + x, 3, 1, 1)), image),
        "only multiplied": (lambda x: convolution(convolution(x) * x), image),
    }  # fmt: skip
    for name, (function, given) in cases.items():
        model = Reads(function).eval()
        exact = stock(model, given)
        result = captured(model, given)
        for ours, theirs in zip(
            *(y if isinstance(y, tuple) else (y,) for y in (result, exact)), strict=True
        ):
            assert ours.dtype == F32 and ours.stride() == theirs.stride(), name
            assert relative(ours, theirs) < 2e-2, name
        one = name in ("only multiplied", "residual")  # of it relu's result
        assert regions(model) == one, name


def test_views_between_products_are_bfloat16():
    class Views(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Conv2d(4, 8, 3), nn.Linear(8 * 16, 6)
            self.third = nn.Linear(3, 5)

        def forward(self, x):
            y = self.second(self.first(x).flatten(1))
            a, b = y.reshape(2, 2, 3).transpose(0, 1).chunk(2)
            return self.third(torch.cat([a, b], -2).contiguous())

    model, x = Views().eval(), torch.randn(2, 4, 6, 6)
    exact = stock(model, x)
    assert relative(captured(model, x), exact) < 2e-2
    assert [d for _, d in types(model, x)].count(BF16) >= 2


def test_switching_the_mode_between_calls(monkeypatch):
    monkeypatch.setattr(roots, "Trial", lambda: None)  # every call by the graph
    model, given = make("resnet")
    exact = stock(model, given)
    stoker.optimize(model)
    model(given)
    for _ in range(2):
        bf16(False)
        assert relative(model(given), exact) < 1e-5
        assert "bf16_regions" not in graph_of(model).rewrites or _ == 1
        bf16()
        assert 1e-4 < relative(model(given), exact) < 2e-2
    assert regions(model) > 0 and served(model) == 4 and len(root(model).captures) == 1


def test_users_autocast_is_torchs():
    model, given = make("resnet")
    captured(model, given)
    with torch.autocast("cpu", BF16):
        y = model(given)
    expected = autocast(model, given)
    assert y.dtype == expected.dtype == BF16 and relative(y, expected) < 2e-2


EDITS = {
    "in place": lambda t: t.mul_(-1.5),
    "data": lambda t: setattr(t, "data", t.data * -1.5),
    "data in place": lambda t: t.data.mul_(-1.5),
}


@pytest.mark.parametrize("edit", EDITS)
def test_the_next_call_sees_an_edit(edit):
    model, given = ResNet().eval(), MODELS["resnet"][1]()
    old = captured(model, given)
    for tensor in (model[3].second[0].weight, model[4].first[1].bias, model[-1].weight):
        EDITS[edit](tensor)
        exact = stock(model, given)
        for _ in range(3):
            assert relative(model(given), exact) < 2e-2
        assert relative(old, exact) > 4e-2, "nothing was tested"
        old = model(given)
    model.load_state_dict({name: t * 0.5 for name, t in model.state_dict().items()}, strict=False)
    assert relative(model(given), stock(model, given)) < 2e-2


def test_copies_and_pickles():
    model, given = make("mobilenet")
    ours = captured(model, given)
    twin = copy.deepcopy(model)
    stoker.optimize(twin)
    twin(given)
    assert twin(given).equal(ours) and served(twin) == 1
    twin[-1].weight.mul_(-1)
    assert relative(twin(given), stock(twin, given)) < 2e-2 and model(given).equal(ours)
    torch.save(model, file := io.BytesIO())
    file.seek(0)
    assert relative(torch.load(file, weights_only=False)(given), ours) < 2e-2


def test_lengths_and_batches_change():
    model = Tokens(BertLayer).eval()
    bf16()
    stoker.optimize(model)
    for _ in range(3):
        for shape in ((2, 11), (3, 7), (1, 20)):
            given = torch.randint(99, shape)
            assert relative(model(given), stock(model, given)) < 2e-2
            root(model).spent = 1e9  # due at once
    assert len(root(model).captures) <= 3 and served(model) >= 5
    for capture in root(model).captures:
        assert [graph.rewrites["bf16_regions"] for graph in capture.graphs] == [3]


def test_recurrent_layers_are_left_alone():
    """Dynamo breaks there; without AVX-512 stock's raises an error under autocast."""
    model, given = make("lstm")
    exact = stock(model, given)
    bf16()
    without_graphs = model(given)
    stoker.optimize(model)
    for _ in range(3):
        assert model(given).equal(without_graphs)
    assert 1e-4 < relative(without_graphs, exact) < 2e-2
    for capture in root(model).captures:
        assert "bf16_regions" not in capture.fused()


def test_a_pass_that_fails_costs_the_gain_only(monkeypatch):
    from stoker.graph import passes

    def bf16_regions(graph):
        raise ZeroDivisionError("of a pass")

    monkeypatch.setattr(passes, "bf16_regions", bf16_regions)
    model, given = make("resnet")
    exact = stock(model, given)
    assert relative(captured(model, given), exact) < 2e-2
    (graph,) = root(model).captures[0].graphs
    assert graph.kept == "ZeroDivisionError: of a pass" and graph.narrow is graph.run
