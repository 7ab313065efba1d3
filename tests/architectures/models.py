"""Transformers' architectures by configuration: tiny, with weights as drawn from a fixed seed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch
import transformers
from torch import nn

VOCABULARY = 99
ENCODER = {
    "vocab_size": VOCABULARY, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 128, "max_position_embeddings": 64,
}  # fmt: skip
LLAMA = ENCODER | {"num_key_value_heads": 2}
SEQ2SEQ = {
    "vocab_size": VOCABULARY, "d_model": 64, "encoder_layers": 1, "decoder_layers": 1,
    "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 128,
    "decoder_ffn_dim": 128, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
    "decoder_start_token_id": 2,
}  # fmt: skip
VIT = {
    "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128,
    "image_size": 32, "patch_size": 8,
}  # fmt: skip


def tokens(batch: int, length: int) -> dict[str, torch.Tensor]:
    """The first sequence is shorter than the others."""
    mask = torch.ones(batch, length, dtype=torch.long)
    mask[0, length - 3 :] = 0
    return {"input_ids": torch.randint(3, VOCABULARY, (batch, length)), "attention_mask": mask}


def pairs(batch: int, length: int) -> dict[str, torch.Tensor]:
    return tokens(batch, length) | {"decoder_input_ids": torch.randint(3, VOCABULARY, (batch, 5))}


def mel(batch: int, length: int) -> dict[str, torch.Tensor]:
    """Whisper takes spectra of one length only."""
    return {
        "input_features": torch.randn(batch, 16, 40),
        "decoder_input_ids": torch.randint(3, VOCABULARY, (batch, length)),
    }


def sound(batch: int, length: int) -> dict[str, torch.Tensor]:
    return {"input_values": torch.randn(batch, 100 * length)}


def image(size: int) -> Callable:
    """As many images as asked for, all of the size the model was made for."""
    return lambda batch, length: {"pixel_values": torch.randn(batch, 3, size, size)}


def any_image(batch: int, length: int) -> dict[str, torch.Tensor]:
    """Of another size each time, too."""
    return {"pixel_values": torch.randn(batch, 3, 32 * batch, 48)}


def captions(batch: int, length: int) -> dict[str, torch.Tensor]:
    return tokens(batch, length) | image(32)(batch, length)


@dataclasses.dataclass(frozen=True)
class Architecture:
    """A model class of transformers, what its configuration is given, inputs of a batch and a
    length."""

    model: str
    options: dict
    inputs: Callable = tokens
    config: str = ""  # where the model's name does not say it

    def make(self) -> nn.Module:
        name = self.config or self.model.removesuffix("Model")
        config = getattr(transformers, f"{name}Config")(**self.options)
        model = getattr(transformers, self.model)(config).eval()
        draw(model)
        return model


def draw(model: nn.Module) -> None:
    """Transformers' own first weights are so small that a model of them hardly does anything."""
    with torch.no_grad():
        for name, each in model.named_parameters():
            if each.dim() > 1:
                is_table = "embed" in name or "shared" in name
                nn.init.normal_(each, std=1.0 if is_table else each[0].numel() ** -0.5)
            elif each.dim() == 1:
                each += 0.1 * torch.randn_like(each)
        for name, each in model.named_buffers():
            if name.endswith("running_mean"):
                nn.init.uniform_(each, -0.5, 0.5)
            if name.endswith("running_var"):
                nn.init.uniform_(each, 0.5, 2)


ARCHITECTURES = {
    "bert": Architecture("BertModel", ENCODER),
    "roberta": Architecture("RobertaForMaskedLM", ENCODER, config="Roberta"),
    "distilbert": Architecture("DistilBertModel", {
        "vocab_size": VOCABULARY, "dim": 64, "n_layers": 2, "n_heads": 4, "hidden_dim": 128}),
    "albert": Architecture("AlbertModel", ENCODER | {"embedding_size": 32}),
    "electra": Architecture("ElectraModel", ENCODER | {"embedding_size": 32}),
    "deberta-v2": Architecture("DebertaV2Model", ENCODER | {
        "relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 8}),
    "mpnet": Architecture("MPNetModel", ENCODER),
    "gpt2": Architecture("GPT2LMHeadModel", {
        "vocab_size": VOCABULARY, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 64},
        config="GPT2"),
    "gpt-neo": Architecture("GPTNeoModel", {
        "vocab_size": VOCABULARY, "hidden_size": 64, "num_layers": 2, "num_heads": 4,
        "attention_types": [[["global", "local"], 1]], "window_size": 4,
        "max_position_embeddings": 64}),
    "gpt-neox": Architecture("GPTNeoXModel", ENCODER),
    "opt": Architecture("OPTModel", ENCODER | {"ffn_dim": 128, "word_embed_proj_dim": 32}),
    "bloom": Architecture("BloomModel", {
        "vocab_size": VOCABULARY, "hidden_size": 64, "n_layer": 2, "n_head": 4}),
    "llama": Architecture("LlamaForCausalLM", LLAMA, config="Llama"),
    "mistral": Architecture("MistralModel", LLAMA | {"sliding_window": 6}),
    "qwen2": Architecture("Qwen2Model", LLAMA),
    "gemma": Architecture("GemmaModel", LLAMA | {"head_dim": 16}),
    "phi": Architecture("PhiModel", LLAMA),
    "t5": Architecture("T5ForConditionalGeneration", {
        "vocab_size": VOCABULARY, "d_model": 64, "d_kv": 16, "d_ff": 128, "num_layers": 1,
        "num_heads": 4, "feed_forward_proj": "gated-gelu"}, pairs, config="T5"),
    "bart": Architecture("BartModel", SEQ2SEQ, pairs),
    "whisper": Architecture("WhisperModel", SEQ2SEQ | {
        "num_mel_bins": 16, "max_source_positions": 20, "max_target_positions": 32}, mel),
    "wav2vec2": Architecture("Wav2Vec2Model", {
        "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
        "intermediate_size": 128, "conv_dim": (32, 32, 32), "conv_kernel": (10, 3, 2),
        "conv_stride": (5, 2, 2), "num_conv_pos_embeddings": 8,
        "num_conv_pos_embedding_groups": 2}, sound),
    "vit": Architecture("ViTModel", VIT, image(32)),
    "deit": Architecture("DeiTModel", VIT, image(32)),
    "swin": Architecture("SwinModel", {
        "image_size": 32, "patch_size": 2, "embed_dim": 16, "depths": (2, 1), "num_heads": (2, 4),
        "window_size": 4}, image(32)),
    "convnext": Architecture("ConvNextModel", {
        "hidden_sizes": (16, 32), "depths": (1, 1), "num_stages": 2}, any_image),
    "resnet": Architecture("ResNetForImageClassification", {
        "embedding_size": 16, "hidden_sizes": (32, 64), "depths": (2, 1)}, any_image,
        config="ResNet"),
    "clip": Architecture("CLIPModel", {
        "text_config": ENCODER | {"eos_token_id": 2}, "vision_config": VIT,
        "projection_dim": 24}, captions),
    "mobilenet-v2": Architecture("MobileNetV2Model", {
        "depth_multiplier": 0.25, "image_size": 32}, any_image),
    "segformer": Architecture("SegformerForSemanticSegmentation", {
        "num_encoder_blocks": 2, "depths": (1, 1), "sr_ratios": (4, 2), "hidden_sizes": (16, 32),
        "patch_sizes": (7, 3), "strides": (4, 2), "num_attention_heads": (1, 2),
        "mlp_ratios": (2, 2), "decoder_hidden_size": 32}, any_image, config="Segformer"),
}  # fmt: skip
