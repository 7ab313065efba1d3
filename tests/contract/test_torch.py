"""The private facts of torch that Stoker rests on. Run on bare torch, before anything else."""

from __future__ import annotations

import os

os.environ["STOKER"] = "0"

from pathlib import Path

import pytest
import torch

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
    ],
)
def test_onednn_operators_are_unchanged(schema):
    name = schema.split("(")[0].removeprefix("mkldnn::")
    assert str(getattr(torch.ops.mkldnn, name).default._schema) == schema


def test_a_pack_shares_no_memory_with_the_weight():
    weight, x = torch.randn(64, 64), torch.randn(4, 64)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight)
    before = torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], None)
    weight.zero_()
    assert torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], None).equal(before)


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
