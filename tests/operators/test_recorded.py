"""No product inside an operator that autograd records as one is ours: all of torch's samples."""

from __future__ import annotations

from itertools import islice

import pytest
import stoker
import torch

from tests.support.samples import op_db

# Multiply inside a kernel below autograd: the list of aten/recorded_composites.cpp is what this
# test found.
KNOWN = {"cdist", "matrix_exp", "nn.functional.bilinear", "pinverse", "linalg.pinv"}


def taken() -> int:
    return sum(op["taken"] for op in stoker.status()["operators"].values())


def run_samples(op, requires_grad: bool, most: int = 4) -> int:
    """Calls the operator on some of torch's samples; how many calls inside it Stoker took."""
    samples = islice(op.sample_inputs("cpu", torch.float32, requires_grad=requires_grad), most)
    count = 0
    for sample in samples:
        before = taken()  # making a sample multiplies as well
        op(sample.input, *sample.args, **sample.kwargs)
        count += taken() - before
    return count


@pytest.mark.filterwarnings("ignore")
def test_recorded_operators_run_stock():
    torch.manual_seed(20261126)
    operators = [op for op in op_db if op.supports_autograd and torch.float32 in op.dtypes]
    ours = {op.formatted_name: count for op in operators if (count := run_samples(op, True))}
    print(f"{len(operators)} operators of torch ran with operands that require grad")
    assert len(operators) > 400
    assert not ours


@pytest.mark.filterwarnings("ignore")
def test_the_same_operators_are_ours_unrecorded():
    ours = {op.name for op in op_db if op.name in KNOWN and run_samples(op, False, 40)}
    assert ours == KNOWN
