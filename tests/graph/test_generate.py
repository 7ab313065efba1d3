"""Text generation by Hugging Face's generate(): the same tokens, and few captures."""

from __future__ import annotations

import pytest
import stoker
import torch
from torch import nn
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    WhisperConfig,
    WhisperForConditionalGeneration,
)

from tests.support.graphs import root, served, stock

SEED = 13
TOKENS = 40


def lively(model):
    """With weights that do not repeat one token, as small random ones do."""
    for each in model.parameters():
        if each.dim() > 1:
            nn.init.normal_(each, std=0.5)
    return model.eval()


def gpt2(layers: int = 1) -> GPT2LMHeadModel:
    config = GPT2Config(
        n_layer=layers, n_head=2, n_embd=32, vocab_size=96, n_positions=256, bos_token_id=1,
        eos_token_id=None, pad_token_id=0, tie_word_embeddings=False,
    )  # fmt: skip
    return lively(GPT2LMHeadModel(config))


def tokens(model, prompt, **options):
    mask = torch.ones_like(prompt)
    mask[:, : options.pop("padded", 0)] = 0
    given = {"attention_mask": mask, "max_new_tokens": TOKENS, "do_sample": False} | options
    return model.generate(prompt, **given)


def prompts(*shapes):
    return [torch.randint(2, 96, shape) for shape in shapes]


SHAPES = ((1, 5), (1, 9), (1, 12), (2, 7), (2, 20))


def test_a_loop_of_short_calls_is_hardly_ever_captured():
    model, given = gpt2(), prompts(*SHAPES)
    expected = [stock(tokens, model, each) for each in given]
    assert len({tuple(each[0, -TOKENS:].tolist()) for each in expected}) == 5
    assert min(len(set(each[0].tolist())) for each in expected) > 10
    with stoker.graphs(after=0.0):
        for each, tokens_of_stock in zip(given, expected, strict=True):
            assert tokens(model, each).equal(tokens_of_stock)
    assert 1 <= len(root(model).captures) <= 4 and not root(model).refused


def test_two_hundred_tokens_from_five_prompts():
    model, given = gpt2(layers=3), prompts(*((1, length) for length in (5, 9, 12, 20, 33)))
    with stoker.graphs(after=1.0):
        for each in given:
            expected = stock(tokens, model, each, max_new_tokens=200)
            assert tokens(model, each, max_new_tokens=200).equal(expected)
    assert 1 <= len(root(model).captures) <= 4 and not root(model).refused


def test_no_capture_for_each_token_or_prompt(eager_to_capture, monkeypatch):
    model, given = gpt2(), prompts(*SHAPES)
    expected = [stock(tokens, model, each) for each in given]
    stoker.optimize(model)
    for each, tokens_of_stock in zip(given, expected, strict=True):
        assert tokens(model, each).equal(tokens_of_stock)
    # Prefill and step: of sizes that are constants, of any length, of any batch.
    captures = len(root(model).captures)
    assert captures <= 6 and served(model) >= 5 * TOKENS - captures
    for each in prompts((1, 17), (2, 31), (3, 8)):
        assert tokens(model, each).equal(stock(tokens, model, each))
    monkeypatch.undo()  # what does not fit is not captured
    sampled = {"do_sample": True, "top_k": 20}
    for options in (sampled, {"num_beams": 2}, {"padded": 3}, {"use_cache": False}):
        torch.manual_seed(SEED)
        ours = tokens(model, given[3], **options)
        torch.manual_seed(SEED)
        assert ours.equal(stock(tokens, model, given[3], **options)), options


@pytest.mark.usefixtures("eager_to_capture")
def test_encoder_and_decoder():
    config = WhisperConfig(
        vocab_size=96, num_mel_bins=8, d_model=32, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=64,
        decoder_ffn_dim=64, max_source_positions=16, max_target_positions=64,
        decoder_start_token_id=1, bos_token_id=1, eos_token_id=None, pad_token_id=0,
        tie_word_embeddings=False,
    )  # fmt: skip
    model = lively(WhisperForConditionalGeneration(config))
    model.generation_config.suppress_tokens = model.generation_config.begin_suppress_tokens = None
    model.generation_config.max_length = TOKENS

    def transcribe(features):
        return model.generate(features, do_sample=False)

    given = [torch.randn(batch, 8, 32) for batch in (1, 1)]
    expected = [stock(transcribe, each) for each in given]
    assert min(len(set(each[0].tolist())) for each in expected) > 5
    with stoker.graphs():
        for each, tokens_of_stock in zip(given, expected, strict=True):
            assert transcribe(each).equal(tokens_of_stock)
    assert len(root(model).captures) <= 4 and served(model) >= 2 * TOKENS - 6
    assert served(model.get_encoder()) == 1
