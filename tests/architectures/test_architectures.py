"""Models of transformers, captured, against stock: a few of each kind.

All of them, with what was captured and why not: `python -m tests.architectures [NAME ...]`.
"""

from __future__ import annotations

import pytest

from tests.architectures import sweep

FAMILIES = ("bert", "deberta-v2", "gpt2", "t5", "whisper", "resnet")


@pytest.mark.parametrize("name", FAMILIES)
def test_results_are_stocks(name):
    summary = sweep.compare(name)
    print(f"seed {sweep.SEED}: {sweep.text(name, summary)}")
    assert summary["calls"] and not summary["kept"] and not summary["refused"]
