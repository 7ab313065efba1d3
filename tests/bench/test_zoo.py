"""The models of `python -m bench.models` are what their names say, with weights worth measuring."""

from __future__ import annotations

import pytest
import stoker
import torch

from bench.models import backends, known, weights, zoo
from bench.models.child import slow_seconds, warm_up
from bench.models.dlrm import DLRM, PAIRS, TOP
from bench.models.run import Row
from bench.models.workload import WORKLOADS, Workload

PARAMETERS = {  # as the literature and the checkpoints have them
    "resnet50": 25_557_032,
    "mobilenet-v2": 3_504_872,
    "mobilenet-v3": 5_483_032,
    "efficientnet-b0": 5_288_548,
    "bert-128": 109_482_240,
    "vit-b16": 86_567_656,
    "gpt2-decode": 124_439_808,
    "wav2vec2": 94_371_712,
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_models_have_the_sizes_of_their_names(name):
    with torch.device("meta"):
        model = WORKLOADS[name].build()
    assert sum(parameter.numel() for parameter in model.parameters()) == PARAMETERS[name]


def test_weights_are_the_same_each_time_and_norms_are_not_the_identity():
    workload = WORKLOADS["mobilenet-v3"]
    model, inputs = weights.make(workload)
    other, _ = weights.make(workload)
    assert weights.fingerprint(model, inputs) == weights.fingerprint(other, inputs)
    with torch.no_grad():
        next(other.parameters()).view(-1)[0] += 1
    assert weights.fingerprint(model, inputs) != weights.fingerprint(other, inputs)
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert len(norms) == 46 and not any(module.training for module in model.modules())
    deviations = []

    def look(norm, arguments, result):
        deviations.append(result.std().item())

    for norm in norms:
        assert norm.momentum == 0.1
        for tensor, plain in ((norm.running_mean, 0), (norm.running_var, 1), (norm.weight, 1)):
            assert not (tensor == plain).any() and tensor.isfinite().all()
        norm.register_forward_hook(look)
    with torch.no_grad():
        assert workload.call(model, inputs).isfinite().all()
    assert min(deviations) > 0.5 and max(deviations) < 2  # neither vanished nor overflowed


def test_stoker_does_not_make_the_weights():
    seen = []

    def build():
        seen.append(stoker.status()["active"])
        return torch.nn.Linear(8, 8)

    before = stoker.status()["active"]
    weights.make(Workload("watched", "", build, dict))
    assert seen == [False] and stoker.status()["active"] == before


@pytest.mark.parametrize("model", ["GPT2", "Llama"])
def test_decoding_computes_what_the_whole_sequence_gives(model):
    sizes = {
        "GPT2": {"n_embd": 32, "n_layer": 2, "n_head": 2},
        "Llama": {
            "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
            "num_attention_heads": 2, "num_key_value_heads": 2,
        },
    }  # fmt: skip
    name = {"GPT2": "GPT2LMHeadModel", "Llama": "LlamaForCausalLM"}[model]
    torch.manual_seed(weights.SEED)
    module = zoo._from_config(name, f"{model}Config", vocab_size=97, **sizes[model])().eval()
    inputs = zoo._tokens(zoo.CACHED + zoo.STEPS, 97)()
    with torch.no_grad():
        state = zoo._prefill(module, inputs)
        expected = module(**inputs)[0][:, zoo.CACHED :]
        for _ in range(2):  # every call begins with the same cache
            found = zoo._decode(module, state)
            assert found.shape == (1, zoo.STEPS, 97)
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_dlrm_multiplies_every_two_vectors():
    assert PAIRS == 351 and TOP[0] == 415
    torch.manual_seed(weights.SEED)
    model, inputs = DLRM(rows=50).eval(), zoo._clicks(3)()
    assert inputs["indices"].shape == (26, 3 * zoo.BAG) and inputs["offsets"].shape == (26, 3)
    inputs["indices"] %= 50
    seen = []
    model.top.register_forward_pre_hook(lambda top, given: seen.append(given[0]))
    with torch.no_grad():
        assert model(**inputs).shape == (3, 1)
        x = model.bottom(inputs["dense"])
        rows = [
            table.weight[indices.view(3, zoo.BAG)].sum(1)
            for table, indices in zip(model.tables, inputs["indices"], strict=True)
        ]
        vectors = [x, *rows]
        pairs = [(vectors[i] * vectors[j]).sum(1) for i in range(27) for j in range(i)]
        torch.testing.assert_close(seen[0], torch.cat([x, torch.stack(pairs, 1)], 1))


def test_real_sentences_are_padded():
    mask = zoo._sentences()["attention_mask"]
    assert mask.shape == (4, zoo.MINILM_TOKENS) and 0 < mask.sum() < mask.numel()


def test_graphs_are_asked_for_where_there_are_any(monkeypatch):
    module = torch.nn.Linear(2, 2)
    monkeypatch.setattr(stoker, "optimize", lambda given: (given, "marked"))
    assert backends.BACKENDS["stoker"].prepare(module, {}, "float32") == (module, "marked")


def test_known_figures_stay_apart():
    measured = {"seconds": [1.0], "ratio": (2.0, 2.2, 2.4)}
    rows = [
        Row("resnet50", "stock", "float32", 1, seconds=[2.2], ratio=(1.0, 1.0, 1.0)),
        Row("resnet50", "library", "bfloat16", 1, **measured),
        Row("resnet50", "stoker", "bfloat16", 1, failed="stoker is off"),
        Row("gpt2-decode", "library", "bfloat16", 1, **measured),
    ]
    (line,) = known.compare(rows)
    assert line["label"] == "known figure, other machine" and line["backend"] == "library"
    assert line["of_openvino"] == pytest.approx(2.2 / (112 / 20.3))
    assert known.lines(rows) == [
        "resnet50: OpenVINO bf16 20.3 ms, 5.5 x stock fp32 (known figure, other machine); "
        "library here 2.20, 0.40 of that"
    ]
    assert set(known.KNOWN) <= set(WORKLOADS)


def test_warm_up_waits_for_late_captures():
    slow = slow_seconds([3.0, 1.0, 5.0, 1.1, 0.9, 1.0])
    assert slow == pytest.approx((3.0 - 1.0) + (5.0 - 1.0))
    calls = []
    times = warm_up(lambda: calls.append(None), 0.0, lambda: len(calls) > 20)
    assert len(times) == len(calls) > 20
