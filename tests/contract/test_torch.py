"""The private facts of torch that Stoker rests on. Run on bare torch, before anything else."""

from __future__ import annotations

import os

os.environ["STOKER"] = "0"

from collections import Counter
from pathlib import Path

import pytest
import torch
from torch._prims_common import suggest_memory_format
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

TORCH = Path(torch.__file__).parent


def test_version_is_the_one_we_build_for():
    assert torch.__version__.split(".")[:2] == ["2", "13"]
    assert "TORCH_VERSION=2.13.0" in torch.__config__.show()


@pytest.mark.parametrize(
    "op", ["addmm", "addmm.out", "mm", "mm.out", "bmm", "bmm.out", "baddbmm", "baddbmm.out"]
)
def test_products_have_torch_cpu_kernels(op):
    table = torch._C._dispatch_dump_table(f"aten::{op}")
    line = next(line for line in table.splitlines() if line.startswith("CPU:"))
    assert "/aten/src/ATen/RegisterCPU" in line


def test_linear_is_composite_below_autograd_too():
    lines = torch._C._dispatch_dump_table("aten::linear").splitlines()
    for key in ("CPU:", "AutogradCPU:"):
        line = next(line for line in lines if line.startswith(key))
        assert "/aten/src/ATen/RegisterCompositeImplicitAutograd" in line


@pytest.mark.parametrize(
    "schema",
    [
        "mkldnn::_linear_pointwise(Tensor X, Tensor W, Tensor? B, str attr, Scalar?[] scalars, "
        "str? algorithm) -> Tensor Y",
        "mkldnn::_reorder_linear_weight(Tensor self, int? batch_size=None) -> Tensor Y",
        "mkldnn::_convolution_pointwise(Tensor X, Tensor W, Tensor? B, int[] padding, int[] "
        "stride, int[] dilation, int groups, str attr, Scalar?[] scalars, str? algorithm) -> "
        "Tensor Y",
        "mkldnn::_reorder_convolution_weight(Tensor self, int[2] padding=0, int[2] stride=1, "
        "int[2] dilation=1, int groups=1, int[]? input_size=None) -> Tensor Y",
        "mkldnn::_convolution_pointwise.binary(Tensor X, Tensor other, Tensor W, Tensor? B, int[] "
        "padding, int[] stride, int[] dilation, int groups, str binary_attr, Scalar? alpha, str? "
        "unary_attr, Scalar?[] unary_scalars, str? unary_algorithm) -> Tensor Y",
        "mkldnn::_is_mkldnn_bf16_supported() -> bool _0",
        "mkldnn::_convolution_transpose_pointwise(Tensor X, Tensor W, Tensor? B, int[] padding, "
        "int[] output_padding, int[] stride, int[] dilation, int groups, str attr, Scalar?[] "
        "scalars, str? algorithm) -> Tensor Y",
        "mkldnn::_reorder_convolution_transpose_weight(Tensor self, int[2] padding=0, int[2] "
        "output_padding=0, int[2] stride=1, int[2] dilation=1, int groups=1, int[]? "
        "input_size=None) -> Tensor Y",
    ],
)
def test_onednn_operators_are_unchanged(schema):
    name, _, overload = schema.split("(")[0].removeprefix("mkldnn::").partition(".")
    operator = getattr(getattr(torch.ops.mkldnn, name), overload or "default")
    assert str(operator._schema) == schema


@pytest.mark.parametrize(
    ("name", "scalars", "algorithm", "keeps"),
    [
        ("relu", [], None, False),
        ("hardtanh", [0.0, 6.0], None, False),
        ("hardsigmoid", [], None, False),
        ("swish", [], None, True),
        ("hardswish", [], None, True),
        ("gelu", [], "none", True),
        ("gelu", [], "tanh", True),
    ],
)
def test_which_fused_activations_keep_nan(name, scalars, algorithm, keeps):
    x = torch.full((1, 16, 3, 3), float("nan")).contiguous(memory_format=torch.channels_last)
    weight, ones = torch.ones(16, 1, 1, 1), [1, 1]
    packed = torch.ops.mkldnn._reorder_convolution_weight(weight, [0, 0], ones, ones, 16, x.shape)
    y = torch.ops.mkldnn._convolution_pointwise(
        x, packed, None, [0, 0], ones, ones, 16, name, scalars, algorithm
    )
    assert bool(y.isnan().all()) == keeps, "what Stoker fuses rests on this"


def test_a_pack_shares_no_memory_with_the_weight():
    weight, x = torch.randn(64, 64), torch.randn(4, 64)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight)
    before = torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], None)
    weight.zero_()
    assert torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], None).equal(before)


def test_a_packed_convolution_shares_no_memory_with_the_weight():
    window = [1, 1], [1, 1], [1, 1], 1

    def run(x, packed):
        return torch.ops.mkldnn._convolution_pointwise(x, packed, None, *window, "none", [], None)

    for outputs in (16, 64, 3):
        weight, x = torch.randn(outputs, 16, 3, 3), torch.randn(2, 16, 9, 9)
        packed = torch.ops.mkldnn._reorder_convolution_weight(weight, *window, [2, 16, 9, 9])
        before = run(x, packed)
        weight.zero_()
        assert run(x, packed).equal(before)


def test_a_packed_transposed_convolution_shares_no_memory_with_the_weight():
    ones, zeros = [1, 1], [0, 0]

    def run(x, packed):
        return torch.ops.mkldnn._convolution_transpose_pointwise(
            x, packed, None, zeros, zeros, ones, ones, 1, "none", [], None
        )

    for outputs in (16, 64, 3):
        weight, x = torch.randn(16, outputs, 3, 3), torch.randn(2, 16, 9, 9)
        reorder = torch.ops.mkldnn._reorder_convolution_transpose_weight
        packed = reorder(weight, zeros, zeros, ones, ones, 1, [2, 16, 9, 9])
        before = run(x, packed)
        weight.zero_()
        assert run(x, packed).equal(before)


class Seen(TorchDispatchMode):
    """Names of the operators that reach a backend."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.append(str(function))
        return function(*args, **(kwargs or {}))


CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


def calls_inside(call) -> list[str]:
    with torch.profiler.profile() as profile:
        call()
    return [event.name for event in profile.events()]


@pytest.mark.parametrize("dimensions", CONVOLUTIONS)
@pytest.mark.parametrize("grad", [False, True])
def test_eager_convolutions_come_through_one_door(dimensions, grad):
    x, w = torch.randn(2, 4, *[5] * dimensions), torch.randn(6, 4, *[3] * dimensions)
    w.requires_grad_(grad)
    for padding in (1, "same"):
        names = calls_inside(lambda p=padding: CONVOLUTIONS[dimensions](x, w, padding=p))
        assert names.count("aten::_convolution") == 1
        assert names.index("aten::convolution") < names.index("aten::_convolution")


def test_traced_and_frozen_graphs_call_the_door_themselves():
    module = torch.nn.Conv2d(4, 6, 3).eval()
    x = torch.randn(2, 4, 5, 5)
    traced = torch.jit.trace(module, x)
    for graph in (traced, torch.jit.freeze(traced)):
        nodes = [n for n in graph.inlined_graph.nodes() if n.kind().startswith("aten::")]
        assert [(n.kind(), len(list(n.inputs()))) for n in nodes] == [("aten::_convolution", 13)]
    names = calls_inside(lambda: traced(x))
    assert "aten::_convolution" in names and "aten::convolution" not in names


def test_the_door_of_old_graphs_leads_to_the_same():
    lines = torch._C._dispatch_dump_table("aten::_convolution.deprecated").splitlines()
    line = next(line for line in lines if line.startswith("CPU:"))
    assert "/aten/src/ATen/RegisterCompositeImplicitAutograd" in line
    lines = torch._C._dispatch_dump_table("aten::_convolution").splitlines()
    line = next(line for line in lines if line.startswith("CPU:"))
    assert "/aten/src/ATen/RegisterCompositeExplicitAutograd" in line
    x, w = torch.randn(2, 4, 5, 5), torch.randn(6, 4, 3, 3)
    old = torch.ops.aten._convolution.deprecated
    with Seen() as seen:
        old(x, w, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, False, False, True)
    assert seen.names == ["aten._convolution.default"]


def described(backend: str, x, w, y) -> bool:
    """Does torch's memory format say what comes out? As in aten/."""
    if backend == "Mkldnn" or (x.size(1) == w.size(1) and backend.startswith("Slow")):
        return True
    sizes = [*x.shape[2:], *y.shape[2:]]
    return backend in ("Slow2d", "SlowDilated2d") and w.is_contiguous() and min(sizes) > 1


def test_torch_tells_the_layout_of_a_convolution():
    generator = torch.Generator().manual_seed(5)

    def number(least, most):
        return int(torch.randint(least, most + 1, (), generator=generator))

    compared = Counter()
    while compared.total() < 3000:
        dimensions, groups = number(1, 3), number(1, 3)
        sizes = [number(1, 6) for _ in range(dimensions)]
        kernel, stride = [number(1, 3) for _ in sizes], [number(1, 2) for _ in sizes]
        dtype = (torch.float32, torch.bfloat16, torch.float16)[number(0, 2)]
        x = torch.randn(number(1, 18), groups * number(1, 3), *sizes).to(dtype)
        w = torch.randn(groups * number(1, 3), x.size(1) // groups, *kernel).to(dtype)
        last = (torch.contiguous_format, torch.channels_last, torch.channels_last_3d)[
            dimensions - 1
        ]
        x, w = (t.contiguous(memory_format=last) if number(0, 1) else t for t in (x, w))
        arguments = stride, [number(0, 1) for _ in sizes], [number(1, 2) for _ in sizes]
        try:
            y = CONVOLUTIONS[dimensions](x, w, None, *arguments, groups)
        except RuntimeError:  # the window does not fit
            continue
        backend = torch._C._select_conv_backend(
            x, w, None, *arguments, False, [0] * dimensions, groups
        )
        if dimensions == 1:
            assert y.stride() == torch.empty(y.shape).stride()
            compared[backend.name, groups > 1] += 1
        elif described(backend.name, x, w, y):
            layout = torch._C._conv_determine_backend_memory_format(x, w, backend)
            assert y.stride() == torch.empty(y.shape, memory_format=layout).stride()
            if dimensions == 2:  # what Stoker takes for granted without groups
                laid_last = any(suggest_memory_format(t) == last for t in (x, w))
                assert (layout == last) == laid_last
            compared[backend.name, groups > 1] += 1
    print(f"seed 5: {compared.total()} calls compared: {dict(compared)}")
    assert compared["Slow2d", True] + compared["Mkldnn", True] > 200


def test_write_hook_header_is_there():
    text = (TORCH / "include/c10/core/StorageImpl.h").read_text()
    for name in (
        "void set_materializer(MaterializeFn",
        "void clear_materializer()",
        "has_materializer()",
    ):
        assert name in text


def test_storages_tell_their_address():
    assert isinstance(torch.UntypedStorage(64)[0:32]._cdata, int)


def test_one_openmp_runtime():
    assert [path.name for path in (TORCH / "lib").glob("libgomp*")] == ["libgomp.so.1"]


def test_lazy_clone_has_no_cpu_kernel_of_its_own():
    assert not torch._C._dispatch_has_kernel_for_dispatch_key("aten::_lazy_clone", "CPU")


def test_autograd_functions_run_with_forward_mode_off():
    """How Stoker tells reentrant checkpoint from a user's no_grad."""
    seen = []

    class Look(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            seen.append(torch._C._is_fwd_grad_enabled())
            return x.clone()

    Look.apply(torch.ones(1, requires_grad=True))
    with torch.no_grad():
        seen.append(torch._C._is_fwd_grad_enabled())
    assert seen == [False, True]
