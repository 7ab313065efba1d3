"""RMSNorm as models write it: the operator where it means the same, else what was written."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from transformers.models.gemma.modeling_gemma import GemmaRMSNorm
from transformers.models.gemma4.modeling_gemma4 import Gemma4RMSNorm
from transformers.models.llama.modeling_llama import LlamaRMSNorm
from transformers.models.mistral.modeling_mistral import MistralRMSNorm
from transformers.models.olmo2.modeling_olmo2 import Olmo2RMSNorm
from transformers.models.qwen2.modeling_qwen2 import Qwen2RMSNorm
from transformers.models.t5.modeling_t5 import T5LayerNorm

from tests.support.graphs import assert_alike, captured, check, rewrite, served, stock

SEED = 31
COLUMNS = 24
# Module, and how often it rounds 16-bit rows: before the weight and after it, or after it only.
MODULES = {
    LlamaRMSNorm: 2, MistralRMSNorm: 2, Qwen2RMSNorm: 2, T5LayerNorm: 2,
    GemmaRMSNorm: 1, Gemma4RMSNorm: 1, Olmo2RMSNorm: 1,
}  # fmt: skip


def drawn(kind, dtype):
    norm = kind(COLUMNS, eps=1e-5).to(dtype).eval()
    nn.init.uniform_(norm.weight, -1, 2)
    return norm


def exact(norm, x):
    """In double, from the tensors as they are."""
    weight = norm.weight.double() + (type(norm) is GemmaRMSNorm)
    x = x.double()
    return x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt() * weight


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("kind", MODULES, ids=lambda kind: kind.__name__)
def test_modules_of_transformers(kind, dtype):
    norm, x = drawn(kind, dtype), torch.randn(3, 5, COLUMNS).to(dtype)
    made = rewrite(norm, x)
    assert made.rewrites["rms_norm"] == 1
    assert len(made.calls("stoker.rms_norm")) == 1
    assert not made.calls("pow") and not made.calls("rsqrt") and not made.calls("mean")
    with torch.no_grad():
        stock, meant = norm(x), exact(norm, x)
    # A rounding errs by half an eps; in fp32 a sum of squares, a root, three products.
    rounding = MODULES[kind] * torch.finfo(torch.bfloat16).eps / 2 * (dtype is torch.bfloat16)
    bound = (1.01 * rounding + (COLUMNS + 8) * 2**-24) * meant.abs() + 2**-100
    for result in (made.result, stock):
        assert result.dtype == dtype and result.shape == x.shape
        assert ((result.double() - meant).abs() <= bound).all()


@pytest.mark.parametrize("kind", MODULES, ids=lambda kind: kind.__name__)
def test_a_weight_written_in_place_is_used(kind, without_grad):
    norm, x = drawn(kind, torch.float32), torch.randn(3, 5, COLUMNS)
    before = captured(norm, x)
    norm.weight.mul_(3)
    after = norm(x)
    assert_alike(after, stock(norm, x))
    assert served(norm) == 2 and not torch.allclose(after, before)


def root_of(x, eps=1e-5):
    return torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + eps)


W, W16 = torch.rand(COLUMNS), torch.rand(COLUMNS).bfloat16()
# Each rounds, or sums, somewhere else.
OTHERS = {
    "of less than float32": lambda x: W * (x * root_of(x)).bfloat16(),
    "a weight of 16 bits beside float32": lambda x: (x * root_of(x)).bfloat16() * W16,
    "of its deviations": lambda x: W * ((x - x.mean(-1, keepdim=True)) * root_of(x)),
    "another tensor's root": lambda x: W * (x * root_of(x + 1)),
    "summed in double": lambda x: W * (
        x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True, dtype=torch.float64) + 1e-5).float()),
    "of columns": lambda x: W * (x * torch.rsqrt(x.pow(2).mean(-2, keepdim=True) + 1e-5)),
    "cubed": lambda x: W * (x * torch.rsqrt(x.abs().pow(3).mean(-1, keepdim=True) + 1e-5)),
    "one weight for all": lambda x: W[:1] * (x * root_of(x)),
    "a weight for each row": lambda x: torch.ones(5, 1) * (x * root_of(x)),
    "no weight": lambda x: x * root_of(x),
    "without eps": lambda x: W * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True))),
}  # fmt: skip
OTHERS_OF_16_BITS = {
    "a wider result": lambda x: W * (x.float() * root_of(x)).bfloat16(),
    "its root rounded": lambda x: W16 * (x * root_of(x).bfloat16()),
    "its squares rounded": lambda x: W16 * (
        x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5)),
    "rounded three times": lambda x: (W * (x * root_of(x)).bfloat16()).bfloat16(),
    "float16 in between": lambda x: (W16 * (x * root_of(x)).half()).bfloat16(),
}  # fmt: skip


@pytest.mark.parametrize("name", [*OTHERS, *OTHERS_OF_16_BITS])
def test_almost_rms_norm_is_left_alone(name):
    x = torch.randn(3, 5, COLUMNS)
    if name in OTHERS:
        made = check(OTHERS[name], x)
    else:
        made = check(OTHERS_OF_16_BITS[name], x.bfloat16())
    assert "rms_norm" not in made.rewrites
