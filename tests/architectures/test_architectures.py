"""Models of transformers, captured, against stock: one of each family.

All of them, with what was captured and why not: `python -m tests.architectures [NAME ...]`.
"""

from __future__ import annotations

import pytest

from tests.architectures import sweep

FAMILIES = ("bert", "deberta-v2", "gpt2", "gemma", "t5", "whisper", "wav2vec2", "swin", "resnet")


@pytest.mark.parametrize("name", FAMILIES)
def test_results_are_stocks(name):
    summary = sweep.compare(name)
    print(f"seed {sweep.SEED}: {sweep.text(name, summary)}")
    assert summary["calls"] and not summary["kept"] and not summary["refused"]
