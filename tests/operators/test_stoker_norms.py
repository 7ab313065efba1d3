"""torch.ops.stoker.add_layer_norm and rms_norm: against what they mean, with and without a row."""

from __future__ import annotations

import itertools

import pytest
import stoker
import torch
from torch.nn import functional as F

add_layer_norm = torch.ops.stoker.add_layer_norm.default
rms_norm = torch.ops.stoker.rms_norm.default

DTYPES = [torch.float32, torch.bfloat16, torch.float16]
EPS = 1e-5
SEED = 43


class LlamaRMSNorm(torch.nn.Module):
    """As in transformers/models/llama/modeling_llama.py."""

    def __init__(self, weight, eps):
        super().__init__()
        self.weight = torch.nn.Parameter(weight)
        self.variance_epsilon = eps

    def forward(self, hidden_states):
        input_dtype = hidden_states.dtype
        hidden_states = hidden_states.to(torch.float32)
        variance = hidden_states.pow(2).mean(-1, keepdim=True)
        hidden_states = hidden_states * torch.rsqrt(variance + self.variance_epsilon)
        return self.weight * hidden_states.to(input_dtype)


def operands(dtype, columns=40, rows=(3, 5), weight_dtype=None):
    torch.manual_seed(SEED)
    x, other = (torch.randn(*rows, columns).to(dtype) for _ in range(2))
    weight, bias = (torch.randn(columns).to(weight_dtype or dtype) for _ in range(2))
    return x, other, weight, bias


def taken(name: str) -> int:
    return stoker.status()["operators"][f"stoker.{name}"]["taken"]


def assert_close(y, expected, dtype):
    # Both sides sum at most a thousand values of about 1 in fp32, and round up to twice after it.
    eps, sums = torch.finfo(dtype).eps, 1000**0.5 * torch.finfo(torch.float32).eps
    assert y.dtype == expected.dtype and y.shape == expected.shape and y.is_contiguous()
    bound = (2 * eps + sums) * expected.double().abs() + 4 * sums
    assert ((y.double() - expected.double()).abs() <= bound).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_layer_norm_of_a_sum(dtype, row):
    compared = 0
    for columns, (weighted, biased), adds, weight_dtype in itertools.product(
        (9, 40, 77, 768), ((True, True), (True, False), (False, True), (False, False)),
        (True, False), {dtype, torch.float32},
    ):  # fmt: skip
        x, other, weight, bias = operands(dtype, columns, weight_dtype=weight_dtype)
        weight, bias = weight if weighted else None, bias if biased else None
        before = taken("add_layer_norm")
        with torch.inference_mode():
            expected_sum = x + other if adds else x
            # Stock takes weight and bias of another dtype together only.
            expected = F.layer_norm(
                expected_sum.float(), (columns,),
                None if weight is None else weight.float(), None if bias is None else bias.float(),
                EPS,
            ).to(dtype)  # fmt: skip
            given = (x, other if adds else None, [columns], weight, bias, EPS)
            if not row and dtype != weight_dtype and weighted != biased:
                continue
            total, y = add_layer_norm(*given)
        assert torch.equal(total, expected_sum) and total.dtype == dtype
        assert_close(y, expected, dtype)
        assert (taken("add_layer_norm") > before) == row
        compared += y.numel()
    print(f"{compared} elements compared of {dtype}, seed {SEED}")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_rms_norm_is_hugging_faces(dtype, row):
    for columns, adds in itertools.product((1, 40, 77, 768), (True, False)):
        x, other, weight, _ = operands(dtype, columns)
        before = taken("rms_norm")
        with torch.inference_mode():
            expected_sum = x + other if adds else x
            expected = LlamaRMSNorm(weight, EPS)(expected_sum)
            total, y = rms_norm(x, other if adds else None, weight, EPS)
        assert torch.equal(total, expected_sum)
        assert_close(y, expected, dtype) if row else torch.testing.assert_close(y, expected)
        assert (taken("rms_norm") > before) == row


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_rms_norm_of_16_bit_rows_is_rounded_once_with_a_float32_weight(dtype, row):
    for columns, adds in itertools.product((1, 40, 77, 768), (True, False)):
        x, other, weight, _ = operands(dtype, columns, weight_dtype=torch.float32)
        before = taken("rms_norm")
        with torch.inference_mode():
            expected_sum = x + other if adds else x
            expected = LlamaRMSNorm(weight, EPS)(expected_sum.float())
            total, y = rms_norm(x, other if adds else None, weight, EPS)
        assert torch.equal(total, expected_sum) and y.dtype == dtype
        eps = torch.finfo(dtype).eps
        bound = (0.51 * eps + 1e-5) * expected.abs() + torch.finfo(dtype).tiny
        assert ((y.float() - expected).abs() <= bound).all()
        assert (taken("rms_norm") > before) == row
    torch.library.opcheck(rms_norm, (x, other, weight, EPS))


def test_several_dimensions_are_normalized():
    x, other, *_ = operands(torch.float32)
    weight, bias = torch.randn(5, 40), torch.randn(5, 40)
    before = taken("add_layer_norm")
    with torch.inference_mode():
        total, y = add_layer_norm(x, other, [5, 40], weight, bias, EPS)
        assert_close(y, F.layer_norm(x + other, (5, 40), weight, bias, EPS), torch.float32)
    assert torch.equal(total, x + other)
    assert taken("add_layer_norm") == before + 1


def test_any_number_of_threads_gives_the_same_bits():
    x, other, weight, bias = operands(torch.float32, 768, (200,))
    results, threads = [], torch.get_num_threads()
    for count in (1, 2, 3):
        torch.set_num_threads(count)
        with torch.inference_mode():
            results.append(add_layer_norm(x, other, [768], weight, bias, EPS)[1])
    torch.set_num_threads(threads)
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])


def declines():
    x, other, weight, bias = operands(torch.float32)
    yield x.transpose(0, 1), other.transpose(0, 1), weight, bias
    yield x, other[:1], weight, bias  # broadcast
    yield x, other.bfloat16(), weight, bias
    yield x[..., ::2], None, weight[::2], bias[::2]
    yield x.double(), other.double(), weight.double(), bias.double()
    yield x[:0], other[:0], weight, bias


def test_what_no_row_takes_is_what_it_means():
    before = taken("add_layer_norm"), taken("rms_norm")
    for x, other, weight, bias in declines():
        with torch.inference_mode():
            expected = x if other is None else x + other
            shape = list(x.shape[-1:])
            total, y = add_layer_norm(x, other, shape, weight, bias, EPS)
            assert torch.equal(total, expected)
            assert torch.equal(y, F.layer_norm(expected, shape, weight, bias, EPS))
            if x.dtype != torch.float64:
                total, y = rms_norm(x, other, weight, EPS)
                assert torch.equal(total, expected)
                torch.testing.assert_close(y, LlamaRMSNorm(weight, EPS)(expected))
    assert (taken("add_layer_norm"), taken("rms_norm")) == before


def test_gradients_are_those_of_its_meaning():
    inputs = [t.requires_grad_() for t in operands(torch.float64, 5, (2, 2))]

    def function(x, other, weight, bias):
        return add_layer_norm(x, other, [5], weight, bias, EPS)

    assert torch.autograd.gradcheck(function, inputs)
    # rms_norm computes in float32 whatever its input is.
    x, other, weight, _ = (t.detach().float().requires_grad_() for t in inputs)
    ours = torch.autograd.grad(rms_norm(x, other, weight, EPS)[1].square().sum(), (x, other))
    meant = LlamaRMSNorm(weight.detach(), EPS)(x + other)
    torch.testing.assert_close(ours, torch.autograd.grad(meant.square().sum(), (x, other)))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_opcheck(dtype):
    x, other, weight, bias = operands(dtype)
    # Traced it is torch's own operators, which sum in another order.
    bounds = {"rtol": 4 * torch.finfo(dtype).eps, "atol": 4 * torch.finfo(dtype).eps}
    torch.library.opcheck(add_layer_norm, (x, other, [40], weight, bias, EPS), **bounds)
    torch.library.opcheck(add_layer_norm, (x, None, [40], None, None, EPS), **bounds)
    torch.library.opcheck(rms_norm, (x, other, weight, EPS), **bounds)
    torch.library.opcheck(rms_norm, (x.requires_grad_(), None, weight.float(), EPS), **bounds)
    several = x, other, [5, 40], torch.randn(5, 40), torch.randn(5, 40), EPS
    torch.library.opcheck(add_layer_norm, several, **bounds)


def test_export_sees_through_it_with_any_number_of_rows():
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.randn(8))

        def forward(self, x):
            total, y = add_layer_norm(x, x, [8], self.weight, None, EPS)
            return rms_norm(y, total, self.weight, EPS)[1]

    model, x = Model().eval(), torch.randn(3, 8)
    with torch.no_grad():
        expected = model(x)
        shapes = {"x": {0: torch.export.Dim("rows")}}
        exported = torch.export.export(model, (x,), dynamic_shapes=shapes).module()
        torch.testing.assert_close(exported(x), expected)
        torch.testing.assert_close(exported(torch.cat([x, x]))[3:], expected)
        torch.testing.assert_close(torch.compile(model, backend="aot_eager")(x), expected)


def test_wrong_arguments_are_torchs_errors(row):
    x, other, weight, bias = operands(torch.float32)
    with torch.inference_mode():
        with pytest.raises(RuntimeError, match="normalized_shape"):
            add_layer_norm(x, other, [41], weight, bias, EPS)
        with pytest.raises(RuntimeError, match="must match the size"):
            rms_norm(x, other, weight[:7], EPS)
