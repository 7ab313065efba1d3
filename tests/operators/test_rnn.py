"""Recurrent layers and cells: stock against Stoker in one process, rows always chosen."""

from __future__ import annotations

import warnings
from collections import Counter

import pytest
import stoker
import torch

from tests.support.recurrent import (
    COUNTERS,
    DTYPES,
    Fuzz,
    Sample,
    cast,
    declined,
    forms,
    outputs,
    samples,
    stock,
    taken,
)

SEED = 46


@pytest.fixture(autouse=True)
def quiet():
    # Stock says once in a process that oneDNN has no projections.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="LSTM with projections")
        yield


def bounds(wide: list[torch.Tensor], dtype: torch.dtype) -> list[float]:
    """Of the error of each output against float64.

    fp32: gates sum up to 300 terms of size 1 in another order, a dozen steps and six layers hand
    the error on. bf16: h is rounded in every step (half an ulp, 2**-9 of it), by stock the gates
    and c as well, so that stock itself is further away.
    """
    eps = 64 * 2.0**-24 * 4 if dtype == torch.float32 else 12 * 2.0**-8
    return [eps * max(1.0, float(t.abs().max())) for t in wide]


def exact(sample: Sample) -> list[torch.Tensor]:
    """In float64, by stock."""
    dtype = next(sample.module.parameters()).dtype
    try:
        module = sample.module.double()
        return outputs(module(*cast(sample.inputs, torch.float64)))
    finally:
        sample.module.to(dtype)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_forms_and_values_are_those_of_stock(mode):
    compared = Counter()
    for sample in samples(SEED, 10, DTYPES):
        with mode():
            before = taken(sample.counter)
            ours = sample()
            assert taken(sample.counter) == before + 1, (sample.name, declined(sample.counter))
            theirs = stock(sample)
            wide = exact(sample)
        assert forms(ours) == forms(theirs), sample.name
        dtype = outputs(ours)[0].dtype
        for got, wanted, bound in zip(outputs(ours), wide, bounds(wide, dtype), strict=True):
            if got.is_floating_point():
                error = float((got.double() - wanted).abs().max())
                assert error <= bound, f"{sample.name}: {error} > {bound}"
            else:
                assert got.equal(wanted), sample.name  # sizes and order of a PackedSequence
        compared[sample.counter] += 1
    print(f"seed {SEED}: {compared.total()} calls compared: {dict(compared)}")
    assert set(compared) == set(COUNTERS)


def test_gradients_are_stocks_bit_for_bit():
    compared = 0
    for sample in samples(SEED + 1, 3, DTYPES):

        def trained(sample=sample):
            sample.module.zero_grad()
            result = [t for t in outputs(sample()) if t.requires_grad]
            sum(t.float().sum() for t in result).backward()
            return [t.detach() for t in result] + [p.grad for p in sample.module.parameters()]

        before = taken(sample.counter)
        ours, theirs = trained(), stock(trained)
        assert taken(sample.counter) == before
        assert all(a.equal(b) for a, b in zip(ours, theirs, strict=True)), sample.name
        compared += len(ours)
    print(f"seed {SEED + 1}: {compared} tensors compared")


def layer(name: str, *sizes: int, dtype=torch.float32, **options) -> torch.nn.Module:
    return Fuzz(SEED).filled(getattr(torch.nn, name)(*sizes, **options)).to(dtype).eval()


@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])
def test_a_frozen_part_of_the_weights_still_records(name):
    module = layer(name, 8, 16, num_layers=3)
    for parameter in list(module.parameters())[:-1]:
        parameter.requires_grad_(False)
    before = [taken(c) for c in COUNTERS]
    module(torch.randn(4, 2, 8))[0].sum().backward()
    assert list(module.parameters())[-1].grad is not None
    assert [taken(c) for c in COUNTERS] == before


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])
def test_steps_one_by_one_are_the_sequence(name, dtype):
    """Streaming: the states of one call are those of the next; the same bits but for bf16's c."""
    module, x = layer(name, 20, 70, dtype=dtype), Fuzz(1).draw(40, 1, 20).to(dtype)
    with torch.no_grad():
        whole, last = module(x)
        state, parts = None, []
        packs = stoker.status()["packed"]["packs"]
        for step in x:
            part, state = module(step.unsqueeze(0), state)
            parts.append(part)
    assert stoker.status()["packed"]["packs"] == packs
    streamed = torch.cat(parts)
    if name == "LSTM" and dtype == torch.bfloat16:
        assert float((streamed - whole).abs().max()) < 4 * 2.0**-8
    else:
        assert streamed.equal(whole)
        assert all(a.equal(b) for a, b in zip(outputs(last), outputs(state), strict=True))


def test_a_thousand_steps_stay_accurate():
    x = Fuzz(2).draw(1000, 2, 24)
    for name in ("LSTM", "GRU", "RNN"):
        module = layer(name, 24, 48)
        with torch.no_grad():
            ours = module(x)[0]
            wide = module.double()(x.double())[0]
        assert float((ours - wide).abs().max()) < 2e-5


DECLINED = {
    "float64": lambda m, x: m.double()(x.double()),
    "float16": lambda m, x: m.half()(x.half()),
    "dropout": lambda m, x: m.train()(x),
    "float16 autocast": lambda m, x: torch.autocast("cpu", torch.float16)(m)(x),
    "strided weight": lambda m, x: strided(m)(x),
}


def strided(module):
    weight = module.weight_hh_l0
    module.weight_hh_l0.data = weight.data.t().contiguous().t()
    return module


@pytest.mark.parametrize("reason", DECLINED)
@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])
def test_what_is_not_ours_is_stock(name, reason):
    x, results = Fuzz(3).draw(5, 3, 8), []
    for run in (lambda call: call(), stock):
        torch.manual_seed(SEED)
        module = layer(name, 8, 12, num_layers=2, dropout=0.5)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            before = [taken(c) for c in COUNTERS]
            results.append(run(lambda m=module: outcome(lambda: DECLINED[reason](m, x))))
            assert [taken(c) for c in COUNTERS] == before
    assert str(results[0]) == str(results[1])


def outcome(call):
    """The outputs, or the error: oneDNN has no bf16 LSTM on a CPU without AVX-512."""
    try:
        return [t.tolist() for t in outputs(call())]
    except RuntimeError as error:
        return error


WRONG = {
    "hidden size": lambda: torch._VF.gru(
        torch.randn(3, 2, 8), torch.randn(1, 2, 5), weights(), True, 1, 0.0, False, False, False
    ),
    "input size": lambda: torch._VF.gru(
        torch.randn(3, 2, 7), torch.randn(1, 2, 4), weights(), True, 1, 0.0, False, False, False
    ),
    "weights": lambda: torch._VF.gru(
        torch.randn(3, 2, 8), torch.randn(1, 2, 4), weights()[:3], True, 1, 0.0, False, False, False
    ),
    "one state": lambda: torch._VF.lstm(
        torch.randn(3, 2, 8), (torch.randn(1, 2, 4),), weights(), True, 1, 0.0, False, False, False
    ),
    "batch sizes": lambda: torch._VF.gru(
        torch.randn(5, 8), torch.tensor([2, 3]), torch.randn(1, 2, 4), weights(), True, 1, 0.0,
        False, False
    ),
    "no steps": lambda: torch._VF.gru(
        torch.randn(0, 2, 8), torch.randn(1, 2, 4), weights(), True, 1, 0.0, False, False, False
    ),
    "cell": lambda: torch._VF.gru_cell(torch.randn(2, 8), torch.randn(3, 4), *weights()),
    "dtypes": lambda: torch._VF.gru_cell(torch.randn(2, 8), torch.randn(2, 4).double(), *weights()),
}  # fmt: skip


def weights() -> list[torch.Tensor]:
    return [torch.randn(12, 8), torch.randn(12, 4), torch.randn(12), torch.randn(12)]


@pytest.mark.parametrize("mistake", WRONG)
def test_errors_are_stocks(mistake):
    errors = []
    for run in (lambda call: call(), stock):
        with torch.no_grad(), pytest.raises(Exception) as caught:
            run(WRONG[mistake])
        errors.append((caught.type, str(caught.value)))
    assert errors[0] == errors[1]


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_change_no_bit(threads):
    x = Fuzz(4).draw(6, 3, 40)
    for name in ("LSTM", "GRU", "RNN"):
        module = layer(name, 40, 300, num_layers=2, bidirectional=True)
        with torch.no_grad():
            one = outputs(module(x))
            torch.set_num_threads(threads)
            try:
                many = outputs(module(x))
            finally:
                torch.set_num_threads(1)
        assert all(a.equal(b) for a, b in zip(one, many, strict=True))


@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])
def test_bf16_mode_multiplies_in_bf16_and_keeps_float32(name):
    x, module = Fuzz(5).draw(12, 3, 40), layer(name, 40, 70, num_layers=2, bidirectional=True)
    operator = {"RNN": "rnn_tanh"}.get(name, name.lower()) + ".input"
    stoker.set_dtype(torch.bfloat16, force=True)
    try:
        with torch.no_grad():
            stoker.reset_counters()
            results = [outputs(module(x)) for _ in range(3)]
            rows = stoker.status()["operators"][operator]["rows"]
    finally:
        stoker.set_dtype(torch.float32)
    assert sum(rows.values()) == 3 and all(row.endswith("_f32") and "bf16" in row for row in rows)
    assert all(a.equal(b) for r in results[1:] for a, b in zip(results[0], r, strict=True))
    with torch.no_grad():
        plain, wide = outputs(module(x)), outputs(module.double()(x.double()))
    for got, fp32, wanted in zip(results[0], plain, wide, strict=True):
        error = float((got - wanted).abs().max())
        assert got.dtype == torch.float32 and 2.0**-14 < error < 8 * 2.0**-8
        assert not got.to(torch.bfloat16).float().equal(got)  # h was not rounded
        assert float((fp32 - wanted).abs().max()) < 2.0**-16
