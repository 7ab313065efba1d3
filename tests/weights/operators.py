"""The packed operators, and what each must give: the same bits as a new weight of that content."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import stoker
import torch
from torch.nn import functional as F

from .loaders import K, M, N

DTYPES = [torch.float32, torch.bfloat16, torch.float16]


def _values(shape, dtype, seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


# [M, K] goes with a weight used as [out, in], [M, N] with the same weight used as [in, out].
WIDE = {dtype: _values((M, K), dtype, 1) for dtype in DTYPES}
TALL = {dtype: _values((M, N), dtype, 2) for dtype in DTYPES}
BIAS_N = {dtype: torch.linspace(-1, 1, N).to(dtype) for dtype in DTYPES}
BIAS_K = {dtype: torch.linspace(-1, 1, K).to(dtype) for dtype in DTYPES}


def _mm_out(x, w):
    return torch.mm(x, w, out=torch.empty(M, w.size(1), dtype=x.dtype))


def _autocast_linear(x, w):
    with torch.autocast("cpu", torch.bfloat16):
        return F.linear(x, w)


def _point(x, w):
    """A window of one pixel over an image of M pixels, channels last."""
    image = x.view(1, M, 1, K).permute(0, 3, 1, 2)
    return F.conv2d(image, w[:, :, None, None]).permute(0, 2, 3, 1).reshape(M, N)


def _window(x, w):
    """A window as large as the image, over M images."""
    return F.conv2d(x.view(M, K // 4, 2, 2), w.view(N, K // 4, 2, 2)).view(M, N)


def _transposed(x, w):
    """Every pixel of M images of one becomes a window."""
    return F.conv_transpose2d(x.view(M, N, 1, 1), w.view(N, K // 4, 2, 2)).reshape(M, K)


# name: (counter in status(), call, input by dtype, [out, in]?)
OPERATORS = {
    "linear": ("linear", lambda x, w: F.linear(x, w, BIAS_N[x.dtype]), WIDE, True),
    "addmm": ("addmm", lambda x, w: torch.addmm(BIAS_N[x.dtype], x, w.t()), WIDE, True),
    "mm": ("mm", lambda x, w: x @ w.t(), WIDE, True),
    "mm.out": ("mm.out", lambda x, w: _mm_out(x, w.t()), WIDE, True),
    "addmm_conv1d": ("addmm", lambda x, w: torch.addmm(BIAS_K[x.dtype], x, w), TALL, False),
    "autocast.linear": ("autocast.linear", _autocast_linear, WIDE, True),
    "conv_point": ("_convolution", _point, WIDE, True),
    "conv_window": ("_convolution", _window, WIDE, True),  # by torch's oneDNN
    "conv_transposed": ("_convolution", _transposed, TALL, False),
    "mm.out_conv1d": ("mm.out", _mm_out, TALL, False),
}
# float16 differs from bfloat16 in the kernel only: the operators that make every kind of product.
CASES = [(name, dtype) for name in OPERATORS for dtype in (torch.float32, torch.bfloat16)]
CASES += [(name, torch.float16) for name in ("linear", "addmm_conv1d", "mm.out")]


class Operator:
    """Calls one operator and knows, call by call, whether a packed row computed the result."""

    def __init__(self, name: str, dtype: torch.dtype):
        self.name = name
        self.counter, self._call, inputs, self._out_in = OPERATORS[name]
        self.x = inputs[dtype]

    def __call__(self, weight: torch.Tensor) -> tuple[torch.Tensor, bool]:
        before = self._taken()
        result = self._call(self.x, weight)
        return result, self._taken() == before + 1

    def _taken(self) -> int:
        return stoker.status()["operators"][self.counter]["taken"]

    def stock(self, weight: torch.Tensor) -> torch.Tensor:
        stoker.disable()
        try:
            return self._call(self.x, weight)
        finally:
            stoker.enable()

    def from_scratch(self, weight: torch.Tensor) -> torch.Tensor:
        """What a new weight of the same content gives, through the same row."""
        copy = torch.empty(N, K, dtype=weight.dtype)
        copy.view(torch.uint8).copy_(weight.detach().contiguous().view(torch.uint8))
        results = [self(copy) for _ in range(3)]
        assert all(taken for _, taken in results), stoker.explain()
        assert all(result.equal(results[0][0]) for result, _ in results)
        return results[0][0]

    def in_fresh_process(self, weights: list[torch.Tensor], folder: Path) -> list[torch.Tensor]:
        """What a process that never saw any other weight computes from these, on both routes."""
        torch.save([weight.detach().clone() for weight in weights], folder / "weights.pt")
        FRESH.submit(_compute_all, self.name, self.x.dtype, folder).result()
        return torch.load(folder / "results.pt")

    def check(self, weight: torch.Tensor, results: list[tuple[torch.Tensor, bool]]) -> None:
        """Every result is that of the weight as it is now: bit for bit, on the route it took."""
        by_route = {False: self.stock(weight)}
        self._assert_exact_enough(weight, by_route[False])
        if any(taken for _, taken in results):
            by_route[True] = self.from_scratch(weight)
            self._assert_exact_enough(weight, by_route[True])
        for i, (result, taken) in enumerate(results):
            assert result.equal(by_route[taken]), f"call {i + 1}, packed row: {taken}: stale"

    def _assert_exact_enough(self, weight: torch.Tensor, result: torch.Tensor) -> None:
        # |error| <= few eps * sqrt(K) * |x|·|w| by element; bf16 rounds the result once more.
        x, w = self.x.double(), weight.detach().double()
        if self.counter == "autocast.linear":  # torch's policy rounds both operands
            x, w = (t.to(torch.bfloat16).double() for t in (x, w))
        w = w.t() if self._out_in else w
        bias = {N: BIAS_N, K: BIAS_K}[w.size(1)][self.x.dtype].double()
        exact = x @ w + (bias if self.counter in ("linear", "addmm") else 0)
        bound = 4 * torch.finfo(torch.float32).eps * w.size(0) ** 0.5 * (x.abs() @ w.abs() + 1)
        if result.dtype != torch.float32:
            bound = bound + exact.abs() * torch.finfo(result.dtype).eps
        assert bool(((result.double() - exact).abs() <= bound).all())


def _compute_all(name: str, dtype: torch.dtype, folder: Path) -> None:
    operator = Operator(name, dtype)
    weights = torch.load(folder / "weights.pt")
    with torch.no_grad():
        results = [(operator.stock(weight), operator.from_scratch(weight)) for weight in weights]
    torch.save(results, folder / "results.pt")


def _fresh_processes() -> ProcessPoolExecutor:
    # The fork server has imported torch and never called an operator; a child serves one task.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return ProcessPoolExecutor(max_workers=1, mp_context=context, max_tasks_per_child=1)


FRESH = _fresh_processes()
