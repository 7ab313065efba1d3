"""Recurrent layers inside the user's torch.autocast("cpu", torch.bfloat16), against stock.

torch lists none of them at AutocastCPU. Autocast reaches the products inside, and oneDNN's LSTM as
a whole, which a CPU without AVX-512 refuses: there every operand and result would be bf16.
"""

from __future__ import annotations

import copy
import itertools
import warnings

import pytest
import stoker
import torch

from tests.support.recurrent import (
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

SEED = 48
F32, BF16 = DTYPES
NO_ONEDNN = "could not create a primitive descriptor for the LSTM"


@pytest.fixture(autouse=True)
def quiet():
    # Stock says once in a process that oneDNN has no projections.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="LSTM with projections")
        yield


def region(dtype: torch.dtype = BF16, enabled: bool = True):
    return torch.autocast("cpu", dtype, enabled=enabled)


def stock_forms(call, plain) -> list:
    """`plain`: the same of float32 operands, where oneDNN works without autocast."""
    try:
        with region():
            return forms(stock(call))
    except RuntimeError as error:
        assert str(error).startswith(NO_ONEDNN)
        return [(BF16, *form[1:]) for form in forms(stock(plain))]


def weights(kind: str, dtype: torch.dtype, projection: int = 0) -> list[torch.Tensor]:
    rows = {"lstm": 16, "gru": 12}.get(kind, 4)
    tensors = [torch.randn(rows, 8), torch.randn(rows, projection or 4)]
    tensors += [torch.randn(rows), torch.randn(rows)]
    if projection:
        tensors.append(torch.randn(projection, 4))
    return [t.to(dtype) for t in tensors]


def calls(kind: str, x: torch.dtype, w: torch.dtype, h: torch.dtype, c: torch.dtype):
    """Of every form of an operator: its counter and a call with operands of these dtypes."""
    sizes, operator = torch.tensor([2, 2, 1]), getattr(torch._VF, kind)
    dense, packed = torch.randn(3, 2, 8).to(x), torch.randn(5, 8).to(x)

    def states(size: int, directions: int = 1):
        h0, c0 = torch.randn(directions, 2, size).to(h), torch.randn(directions, 2, 4).to(c)
        return (h0, c0) if kind == "lstm" else h0

    params, both = weights(kind, w), weights(kind, w) * 2
    options = (True, 1, 0.0, False)
    one, two = states(4), states(4, 2)
    cell = tuple(s[0] for s in one) if kind == "lstm" else one[0]
    yield f"{kind}.input", lambda: operator(dense, one, params, *options, False, False)
    first = dense.transpose(0, 1)
    yield f"{kind}.input", lambda: operator(first, two, both, *options, True, True)
    yield f"{kind}.data", lambda: operator(packed, sizes, one, params, *options, False)
    yield f"{kind}.data", lambda: operator(packed, sizes, two, both, *options, True)
    yield f"{kind}_cell", lambda: getattr(torch._VF, f"{kind}_cell")(dense[0], cell, *params)
    if kind == "lstm":
        projected, narrow = weights(kind, w, 3), states(3)
        yield "lstm.input", lambda: operator(dense, narrow, projected, *options, False, False)
        yield "lstm.data", lambda: operator(packed, sizes, narrow, projected, *options, False)


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn_tanh", "rnn_relu"])
@torch.no_grad()
def test_dtypes_of_every_mixture_are_stocks(kind):
    of_c = DTYPES if kind == "lstm" else (F32,)
    for mixture in itertools.product(DTYPES, DTYPES, DTYPES, of_c):
        plain = [call for _, call in calls(kind, F32, F32, F32, F32)]
        for number, (counter, call) in enumerate(calls(kind, *mixture)):
            before = taken(counter)
            with region():
                ours = forms(call())
            assert taken(counter) == before + 1, (mixture, number, declined(counter))
            assert ours == stock_forms(call, plain[number]), (counter, number, mixture)


def mixed(fuzz: Fuzz, sample: Sample) -> Sample:
    """The same with every input of a dtype of its own."""

    def one(value):
        if isinstance(value, tuple) and not hasattr(value, "data"):
            return tuple(one(v) for v in value)
        return value.to(DTYPES[fuzz.number(0, 1)])

    return Sample(sample.name, sample.counter, sample.module, tuple(one(v) for v in sample.inputs))


def exact(sample: Sample) -> list[torch.Tensor]:
    """In float64 on operands rounded to bf16, by stock. The states are not multiplied alone."""
    module = copy.deepcopy(sample.module).to(BF16).double()
    x, *states = sample.inputs
    return outputs(module(cast(cast(x, BF16), torch.float64), *cast(tuple(states), torch.float64)))


@torch.no_grad()
def test_values_are_those_of_bf16_operands():
    """h is rounded in every step (half an ulp); a dozen steps and six layers hand the error on."""
    fuzz, compared = Fuzz(SEED), 0
    for drawn in samples(SEED, 3, DTYPES):
        sample, float32 = mixed(fuzz, drawn), copy.deepcopy(drawn.module).float()
        before = taken(sample.counter)
        with region():
            ours = sample()
        assert taken(sample.counter) == before + 1, (sample.name, declined(sample.counter))
        plain = Sample(sample.name, sample.counter, float32, cast(sample.inputs, F32))
        assert forms(ours) == stock_forms(sample, plain), sample.name
        for got, wanted in zip(outputs(ours), exact(sample), strict=True):
            if got.is_floating_point():
                error = float((got.double() - wanted).abs().max())
                bound = 12 * 2.0**-8 * max(1.0, float(wanted.abs().max()))
                assert error <= bound, f"{sample.name}: {error} > {bound}"
                compared += 1
    print(f"seed {SEED}: {compared} tensors compared")


def layer(name: str, *sizes: int, **options) -> torch.nn.Module:
    return Fuzz(SEED).filled(getattr(torch.nn, name)(*sizes, **options)).eval()


def outcome(call):
    try:
        return [t.tolist() for t in call()]
    except RuntimeError as error:
        return str(error)


def test_what_is_recorded_is_stocks_bit_for_bit():
    compared = 0
    for sample in samples(SEED + 1, 2, (F32,)):

        def trained(sample=sample):
            sample.module.zero_grad()
            with region():
                result = [t for t in outputs(sample()) if t.requires_grad]
            sum(t.float().sum() for t in result).backward()
            return [t.detach() for t in result] + [p.grad for p in sample.module.parameters()]

        before = taken(sample.counter)
        assert outcome(trained) == outcome(lambda call=trained: stock(call)), sample.name
        assert taken(sample.counter) == before
        compared += 1
    print(f"seed {SEED + 1}: {compared} modules compared")


@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])
@torch.no_grad()
def test_a_region_switched_off_inside_is_plain_float32(name):
    module, x = layer(name, 20, 40), Fuzz(6).draw(5, 3, 20)
    plain = outputs(module(x))
    with region():
        inside = outputs(module(x))
        with region(enabled=False):
            off = outputs(module(x))
        again = outputs(module(x))
    assert all(a.dtype == F32 and a.equal(b) for a, b in zip(off, plain, strict=True))
    assert all(a.equal(b) for a, b in zip(inside, again, strict=True))
    assert not inside[0].float().equal(plain[0])


@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])
@torch.no_grad()
def test_weights_are_packed_once_and_anew_after_a_write(name):
    module, x = layer(name, 20, 40).requires_grad_(False), Fuzz(7).draw(5, 3, 20)
    with region():
        first = outputs(module(x))
        packs = stoker.status()["packed"]["packs"]
        second = outputs(module(x))
        assert stoker.status()["packed"]["packs"] == packs
        module.weight_hh_l0.mul_(0.5)
        written = outputs(module(x))
        fresh = outputs(copy.deepcopy(module)(x))
    assert all(a.equal(b) for a, b in zip(first, second, strict=True))
    assert all(a.equal(b) for a, b in zip(written, fresh, strict=True))
    assert not first[0].equal(written[0])


@torch.no_grad()
def test_c_is_not_rounded_between_steps():
    """2 ** -9 added to c = 1 in every step vanishes in bf16; a thousand of them do not in fp32."""
    module = torch.nn.LSTM(1, 1).eval()
    for parameter in module.parameters():
        parameter.zero_()
    # Gates i, f, g, o: c += sigmoid(i) * tanh(g), f and o open.
    module.bias_ih_l0.copy_(torch.tensor([-6.23, 40.0, 40.0, 40.0]))
    with region():
        c = module(torch.zeros(1000, 1, 1), (torch.zeros(1, 1, 1), torch.ones(1, 1, 1)))[1][1]
    assert abs(float(c) - (1 + 1000 * 0.0019644)) < 0.02
