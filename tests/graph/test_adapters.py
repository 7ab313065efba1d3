"""PEFT's adapters put into a model after it was captured."""

from __future__ import annotations

import pytest
import stoker
import torch
from peft import LoraConfig, get_peft_model, inject_adapter_in_model
from torch import nn

from tests.support.graphs import assert_alike, captured, root, served, stock

SEED = 37
pytestmark = pytest.mark.usefixtures("without_grad", "eager_to_capture")
CONFIG = LoraConfig(target_modules=["up", "down"], r=2, init_lora_weights=False)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(8, 32), nn.Linear(32, 8)

    def forward(self, x):
        return x + self.down(nn.functional.gelu(self.up(x)))


def model() -> nn.Module:
    return nn.Sequential(Block(), Block()).eval()


def check(module, given, before=None) -> torch.Tensor:
    """Three calls as stock; the result, which is another one than before."""
    expected = stock(module, given)
    for _ in range(3):
        assert_alike(module(given), expected)
    assert before is None or not torch.allclose(expected, before, atol=1e-3)
    return expected


def test_an_adapter_in_a_captured_model():
    ours, given = model(), torch.randn(3, 8)
    plain = captured(ours, given)
    inject_adapter_in_model(CONFIG, ours)
    adapted = check(ours.eval(), given, before=plain)
    ours[0].up.lora_B["default"].weight.mul_(-3)
    check(ours, given, before=adapted)
    assert served(ours) >= 4 and not root(ours).refused


def test_adapters_that_come_and_go():
    ours, given = model(), torch.randn(3, 8)
    captured(ours, given)
    adapted = get_peft_model(ours, CONFIG).eval()
    adapted.add_adapter("other", CONFIG)
    stoker.optimize(adapted)
    first = check(adapted, given)
    adapted.set_adapter("other")
    other = check(adapted.eval(), given, before=first)
    with adapted.disable_adapter():
        check(adapted, given, before=other)
    check(adapted, given)
    adapted.merge_adapter()
    assert torch.allclose(check(adapted, given), other, atol=1e-4)
    adapted.unmerge_adapter()
    adapted.delete_adapter("other")
    adapted.set_adapter("default")
    assert torch.allclose(check(adapted.eval(), given), first, atol=1e-4)
    merged = adapted.merge_and_unload()
    stoker.optimize(merged)
    assert torch.allclose(check(merged, given), first, atol=1e-4)
    assert served(adapted) > 4 and served(merged) >= 2
