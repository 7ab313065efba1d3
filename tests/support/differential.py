"""One side of a differential run: computes every case and saves what came out.

Usage: python -m tests.support.differential OUT.pt. Run with STOKER=0, with STOKER_SELECT=always and
with that in bf16 mode; tests/operators compares the files. Weights are packed at first sight.
"""

from __future__ import annotations

import contextlib
import sys
import warnings

import torch

from tests.support import convolutions
from tests.support.samples import module_db, op_db

SEED = 20261124
OPERATORS = {
    "addmm", "mm", "bmm", "baddbmm", "matmul", "einsum", "nn.functional.linear",
    "nn.functional.bilinear", "__rmatmul__", "addmv", "linalg.multi_dot", "inner", "tensordot",
    "nn.functional.conv1d", "nn.functional.conv2d", "nn.functional.conv3d",
    "nn.functional.conv_transpose2d", "nn.functional.multi_head_attention_forward",
    "nn.functional.scaled_dot_product_attention",
}  # fmt: skip
MODULES = {
    "Linear", "Bilinear", "MultiheadAttention", "TransformerEncoderLayer",
    "TransformerDecoderLayer", "TransformerEncoder", "Transformer", "LSTM", "GRU", "RNN",
    "LSTMCell", "GRUCell", "RNNCell", "Embedding", "Conv1d", "Conv2d", "Conv3d",
}  # fmt: skip
DTYPES = [torch.float32, torch.bfloat16, torch.float64, torch.float16, torch.complex64, torch.int64]
SAMPLES = 40


def tensors(value):
    """Every tensor in a nested structure, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors(item)
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))


def noted(result) -> list:
    return [
        (t.detach().resolve_conj().resolve_neg().clone(), tuple(t.stride()), t.requires_grad,
         t.is_conj(), t.is_neg())
        for t in tensors(result)
        if t.layout == torch.strided
    ]  # fmt: skip


def attempt(function) -> dict:
    """The result, or the type and text of the error; warnings are part of both."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            outcome = {"value": noted(function())}
        except Exception as error:
            outcome = {"error": (type(error).__name__, str(error).split("\n\n")[0])}
    return outcome | {"warnings": [str(w.message) for w in caught]}


def forward_and_gradients(call, inputs):
    result = call()
    outputs = [t for t in tensors(result) if t.requires_grad]
    wanted = [t for t in tensors(inputs) if t.requires_grad]
    total = sum(t.abs().sum() if t.is_complex() else t.float().sum() for t in outputs)
    gradients = torch.autograd.grad(total, wanted, allow_unused=True) if outputs and wanted else []
    return [result, [g for g in gradients if g is not None]]


@contextlib.contextmanager
def frozen_autocast():
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        yield


@contextlib.contextmanager
def nested_autocast():
    """A disabled region inside, and a half precision one inside that."""
    with (
        torch.inference_mode(),
        torch.autocast("cpu", torch.bfloat16),
        torch.autocast("cpu", enabled=False),
        torch.autocast("cpu", torch.float16),
    ):
        yield


MODES = {
    "no_grad": torch.no_grad,
    "inference": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "frozen_autocast": frozen_autocast,
    "nested_autocast": nested_autocast,
}


def op_cases():
    for op in op_db:
        if op.name not in OPERATORS:
            continue
        for dtype in DTYPES:
            if dtype in op.supported_dtypes("cpu"):
                yield from samples_of(op, dtype)


def samples_of(op, dtype):
    grad = dtype in op.supported_backward_dtypes("cpu")
    torch.manual_seed(SEED)
    for i, sample in enumerate(op.sample_inputs("cpu", dtype, requires_grad=grad)):
        if i == SAMPLES:
            break
        variants = {"plain": sample, "strided": sample.noncontiguous()}
        if dtype.is_floating_point or dtype.is_complex:
            variants["nan"] = sample.transform(poisoned)
        if dtype.is_complex:
            variants["conj"] = sample.transform(
                lambda t: t.conj() if isinstance(t, torch.Tensor) else t
            )
        for variant, s in variants.items():

            def call(s=s):
                return op(s.input, *s.args, **s.kwargs)

            exact = f"{op.name}/{op.variant_test_name}/{dtype}/{i}/{variant}"
            yield (
                f"{exact}/grad",
                lambda call=call, s=s: forward_and_gradients(call, [s.input, s.args, s.kwargs]),
            )
            for mode, manager in MODES.items():
                yield f"{exact}/{mode}", lambda call=call, m=manager: in_mode(m, call)
    wrong = op.error_inputs("cpu") if dtype == torch.float32 and op.error_inputs_func else ()
    for i, bad in enumerate(wrong):
        s = bad.sample_input
        yield (
            f"{op.name}/error/{i}",
            lambda s=s: in_mode(torch.no_grad, lambda: op(s.input, *s.args, **s.kwargs)),
        )


def poisoned(value):
    if not isinstance(value, torch.Tensor) or value.numel() == 0:
        return value
    if not (value.is_floating_point() or value.is_complex()):
        return value
    copy = value.detach().clone()
    first, last = (0,) * copy.dim(), (-1,) * copy.dim()
    copy[first] = float("nan")
    copy[last] = float("inf")
    return copy.requires_grad_(value.requires_grad)


def in_mode(manager, call):
    with manager():
        return call()


def module_cases():
    for info in module_db:
        if info.module_cls.__name__ not in MODULES:
            continue
        for training in (False, True):
            for dtype in (torch.float32, torch.bfloat16):
                torch.manual_seed(SEED)
                inputs = info.module_inputs_func(
                    info, device="cpu", dtype=dtype, requires_grad=False, training=training
                )
                for i, sample in enumerate(inputs[:SAMPLES]):
                    name = f"{info.module_cls.__name__}/{dtype}/{training}/{i}"
                    yield from module_sample(info, sample, dtype, training, name)


def module_sample(info, sample, dtype, training, name):
    torch.manual_seed(SEED)
    built = sample.constructor_input
    with contextlib.suppress(TypeError):
        module = info.module_cls(*built.args, device="cpu", dtype=dtype, **built.kwargs)
        module.train(training)
        given = sample.forward_input

        def call():
            torch.manual_seed(SEED)
            return module(*given.args, **given.kwargs)

        for mode in ("no_grad", "inference", "frozen_autocast") if not training else ():
            yield f"{name}/{mode}", lambda mode=mode: in_mode(MODES[mode], call)
        yield f"{name}/grad", lambda: forward_and_gradients(call, list(module.parameters()))


def products(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> dict:
    """Ways to write x [M, K] times the weight w [N, K], by name."""
    wk = w.t().contiguous()

    def out(*shape):
        return torch.empty(*shape, dtype=x.dtype)

    m, n = len(x), len(w)
    return {
        "linear": lambda: torch.nn.functional.linear(x, w, b),
        "linear3d": lambda: torch.nn.functional.linear(x.unsqueeze(0), w),
        "addmm": lambda: torch.addmm(b, x, w.t()),
        "conv1d_style": lambda: torch.addmm(b, x, wk),
        "mm": lambda: x @ wk,
        "mm_out": lambda: torch.mm(x, wk, out=out(m, n)),
        "mm_resized": lambda: torch.mm(x, wk, out=out(1)),
        "mm_strided": lambda: torch.mm(x, wk, out=out(n, m).t()),
        "addmm_out": lambda: torch.addmm(b, x, wk, out=out(m, n)),
        "alpha": lambda: torch.addmm(b, x, wk, beta=0.5, alpha=2),
    }


def batched_products(a: torch.Tensor, b: torch.Tensor, d: torch.Tensor) -> dict:
    """Ways to write d [B, M, N] + a [B, M, K] x b [B, K, N], by name."""
    size, m, n, dtype = *d.shape, d.dtype
    along_k = b.transpose(1, 2).contiguous().transpose(1, 2)
    heads = a.transpose(0, 1).contiguous().transpose(0, 1)  # rows of all heads side by side
    across = a.transpose(1, 2).contiguous().transpose(1, 2)
    nan = torch.full_like(d, float("nan"))

    def out(*shape):
        return torch.empty(*shape, dtype=dtype)

    return {
        "bmm": lambda: torch.bmm(a, b),
        "bmm_along_k": lambda: torch.bmm(a, along_k),
        "bmm_heads": lambda: torch.bmm(heads, along_k),
        "bmm_across": lambda: torch.bmm(across, b),
        "bmm_gaps": lambda: torch.bmm(a[..., 1:], b[:, :-1]),
        "bmm_columns": lambda: torch.bmm(a, b[..., ::2]),
        "bmm_one_a": lambda: torch.bmm(a[:1].expand_as(a), b),
        "bmm_one_b": lambda: torch.bmm(a, b[:1].expand_as(b)),
        "bmm_one_row": lambda: torch.bmm(a[:, :1].expand_as(a), along_k[:1].expand_as(b)),
        "bmm_out": lambda: torch.bmm(a, b, out=out(size, m, n)),
        "bmm_resized": lambda: torch.bmm(a, b, out=out(1)),
        "bmm_strided": lambda: torch.bmm(a, b, out=out(n, m, size).permute(2, 1, 0)),
        "baddbmm": lambda: torch.baddbmm(d, a, b),
        "baddbmm_row": lambda: torch.baddbmm(d[0, 0], a, along_k),
        "baddbmm_column": lambda: torch.baddbmm(d[:, :, :1], a, b),
        "baddbmm_beta_0": lambda: torch.baddbmm(nan, a, b, beta=0),
        "baddbmm_scaled": lambda: torch.baddbmm(d, a, along_k, beta=0.5, alpha=2),
        "baddbmm_out": lambda: torch.baddbmm(d, a, b, out=out(size, m, n)),
        "baddbmm_out_self": lambda: torch.baddbmm(e := d.clone(), a, b, out=e),
    }


def fuzz_cases():
    """Sizes large and odd enough to reach every tail; weights both ways round."""
    generator = torch.Generator().manual_seed(SEED)

    def size(most):
        return int(torch.randint(1, most, (), generator=generator))

    def draw(*shape, dtype=torch.float32):
        return torch.randn(*shape, generator=generator).to(dtype)

    for i in range(48):
        m, n, k = size(130), size(300), size(300)
        for dtype in (torch.float32, torch.bfloat16, torch.float16):
            x, w, b = draw(m, k, dtype=dtype), draw(n, k, dtype=dtype), draw(n, dtype=dtype)
            calls = products(x, w, b)
            for name, call in calls.items():
                for mode in ("no_grad", "frozen_autocast"):
                    yield (
                        f"fuzz/{name}/{dtype}/{m}x{n}x{k}/{i}/{mode}",
                        lambda c=call, mode=mode: in_mode(MODES[mode], c),
                    )
    for i in range(14):
        b, m, n, k = size(6), size(70), size(100), size(100)
        for dtype in (torch.float32, torch.bfloat16, torch.float16):
            operands = (draw(b, m, k), draw(b, k, n), draw(b, m, n))
            calls = batched_products(*(t.to(dtype) for t in operands))
            for name, call in calls.items():
                for mode in ("no_grad", "frozen_autocast"):
                    yield (
                        f"fuzz/{name}/{dtype}/{b}x{m}x{n}x{k}/{i}/{mode}",
                        lambda c=call, mode=mode: in_mode(MODES[mode], c),
                    )


def convolution_cases():
    for name, draw, dtype, call in convolutions.cases(50):
        for mode in ("no_grad", "inference", "frozen_autocast"):
            yield f"fuzz/{name}/{mode}", lambda c=call, mode=mode: in_mode(MODES[mode], c)
        if name.startswith("conv"):
            yield f"fuzz/{name}/grad", lambda d=draw, t=dtype: recorded_convolution(d, t)


def recorded_convolution(draw, dtype):
    """Forward alone: torch 2.13's own backward of some corrupts the heap, without Stoker."""
    x, w, b = (None if t is None else t.clone().requires_grad_() for t in draw.operands(dtype))
    return convolutions.FUNCTIONS[draw.dimensions](x, w, b, *draw.arguments)


def main() -> None:
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        # Stock says once in a process that oneDNN has no projected LSTM; where ours runs, nothing.
        warnings.simplefilter("ignore")
        torch.nn.LSTM(2, 3, proj_size=1)(torch.ones(1, 1, 2))
    results = {}
    for cases in (op_cases, module_cases, fuzz_cases, convolution_cases):
        for name, call in cases():
            results[name] = attempt(call)
    saved = {"results": results, "seed": SEED}
    with contextlib.suppress(ImportError):
        import stoker

        saved["status"] = stoker.status()
    torch.save(saved, sys.argv[1])


if __name__ == "__main__":
    main()
