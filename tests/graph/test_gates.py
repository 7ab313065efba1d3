"""Gated products, act(gate(x)) * up(x): the gate's activation and the product by the other are done
where the gate's product is stored, from the weights as they are at the call."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from transformers import GemmaConfig, LlamaConfig, T5Config
from transformers.models.gemma.modeling_gemma import GemmaMLP
from transformers.models.llama.modeling_llama import LlamaMLP
from transformers.models.t5.modeling_t5 import T5DenseGatedActDense

from tests.support.graphs import assert_alike, captured, check, served, stock

SEED = 37
SIZES = {"hidden_size": 24, "intermediate_size": 40, "num_attention_heads": 4}
GELU_TANH, SILU, MULTIPLY = 3, 4, 2


def t5() -> nn.Module:
    return T5DenseGatedActDense(T5Config(d_model=24, d_ff=40, feed_forward_proj="gated-gelu"))


# Module, its gate and other weight, the number of the activation.
MODULES = {
    "llama": (lambda: LlamaMLP(LlamaConfig(**SIZES)), "gate_proj", "up_proj", SILU),
    "gemma": (lambda: GemmaMLP(GemmaConfig(**SIZES)), "gate_proj", "up_proj", GELU_TANH),
    "t5": (t5, "wi_0", "wi_1", GELU_TANH),
}


@pytest.fixture(params=MODULES)
def gated(request):
    make, gate, up, activation = MODULES[request.param]
    module = make().eval()
    return module, getattr(module, gate), getattr(module, up), activation


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_the_gate_takes_the_other_product(gated, rows):
    module, _, _, activation = gated
    made = check(module, torch.randn(2, rows, 24))
    (node,) = made.calls("stoker.linear")
    assert node.kwargs["activation"] == activation and node.kwargs["combine"] == MULTIPLY
    assert "linear" in str(node.kwargs["other"].target)
    assert len(made.calls("linear")) == len(made.targets) == 3, "nothing else is left"


def test_in_either_order():
    gate, up = nn.Linear(24, 40), nn.Linear(24, 40)
    made = check(lambda x: up(x) * nn.functional.silu(gate(x)), torch.randn(7, 24))
    assert len(made.targets) == 2, "two products and nothing else"
    # Whichever is computed last takes the other one's result.
    assert {node.kwargs.get("activation") for node in made.calls("linear")} == {None, SILU}


def test_a_weight_edited_in_place_is_used(gated, without_grad):
    module, gate, up, _ = gated
    x = torch.randn(2, 64, 24)
    seen = [captured(module, x)]
    for edit in (
        lambda: gate.weight.mul_(2),
        lambda: up.weight[3:9].neg_(),
        lambda: gate.weight.data.add_(0.1),
        lambda: up.load_state_dict({"weight": torch.randn_like(up.weight)}),
    ):
        edit()
        seen.append(module(x))
        assert_alike(seen[-1], stock(module, x))
        assert not torch.allclose(seen[-1], seen[-2])
    assert served(module) == len(seen)
