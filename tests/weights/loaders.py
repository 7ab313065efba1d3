"""Every ordinary way a weight [N, K] comes into a program; each returns (module, weight)."""

from __future__ import annotations

import functools
import tempfile

import torch
from torch import nn

N, K, M = 96, 80, 24


def values(dtype: torch.dtype, seed: int = 0) -> torch.Tensor:
    return torch.randn(N, K, generator=torch.Generator().manual_seed(seed)).to(dtype)


def _module(dtype: torch.dtype) -> nn.Linear:
    return nn.Linear(K, N, bias=False, dtype=dtype)


def fresh(dtype, tmp_path):
    module = _module(dtype)
    return module, module.weight


def load_state_dict(dtype, tmp_path):
    module = _module(dtype)
    module.load_state_dict({"weight": values(dtype)})
    return module, module.weight


def _assigned(dtype, state):
    module = _module(dtype)
    module.load_state_dict(state, assign=True)
    return module, module.weight


def assign(dtype, tmp_path):
    return _assigned(dtype, {"weight": values(dtype)})


def torch_load(dtype, tmp_path):
    torch.save({"weight": values(dtype)}, tmp_path / "w.pt")
    return _assigned(dtype, torch.load(tmp_path / "w.pt"))


def torch_load_mmap(dtype, tmp_path):
    torch.save({"weight": values(dtype)}, tmp_path / "w.pt")
    return _assigned(dtype, torch.load(tmp_path / "w.pt", mmap=True))


def safetensors(dtype, tmp_path):
    from safetensors.torch import load_file, save_file

    save_file({"weight": values(dtype)}, tmp_path / "w.safetensors")
    return _assigned(dtype, load_file(tmp_path / "w.safetensors"))


@functools.cache
def _checkpoint(dtype: torch.dtype) -> tempfile.TemporaryDirectory:
    """A folder as `save_pretrained` writes it; loading maps its file privately."""
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=32,
        hidden_size=K,
        intermediate_size=N,
        num_hidden_layers=1,
        num_attention_heads=2,
    )
    folder = tempfile.TemporaryDirectory()
    BertModel(config).to(dtype).save_pretrained(folder.name)
    return folder


def from_pretrained(dtype, tmp_path):
    from transformers import BertModel

    model = BertModel.from_pretrained(_checkpoint(dtype).name, dtype=dtype)
    module = model.encoder.layer[0].intermediate.dense
    return module, module.weight


def peft_merge(dtype, tmp_path):
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=4, target_modules=["0"], init_lora_weights=False)
    adapted = get_peft_model(torch.nn.Sequential(_module(dtype)), config)
    with torch.no_grad():
        adapted(torch.ones(M, K, dtype=dtype))  # a packed weight is merged into
    module = adapted.merge_and_unload()[0]
    return module, module.weight


def inference_mode(dtype, tmp_path):
    with torch.inference_mode():
        module = _module(dtype)
    return module, module.weight


PACKABLE = [
    fresh, load_state_dict, assign, torch_load, torch_load_mmap, safetensors, from_pretrained,
    peft_merge, inference_mode,
]  # fmt: skip


def from_numpy(dtype, tmp_path):
    # numpy has no bfloat16.
    array = values(dtype).view(torch.uint8).numpy().copy()
    return None, torch.from_numpy(array).view(dtype)


def shared_memory(dtype, tmp_path):
    return None, values(dtype).share_memory_()


FOREIGN = [from_numpy, shared_memory]
