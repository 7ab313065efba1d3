"""OpenVINO's times on some of these models, measured once, on another machine.

AMD EPYC (Zen 5) with AVX512_BF16, one pinned thread, bf16 against stock fp32 of torch 2.13.0. They
are something to look at, not measurements of this run: ratios of them are kept apart everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.models.run import Row

LABEL = "known figure, other machine"


@dataclass(frozen=True)
class Known:
    stock_ms: float  # fp32, eager
    openvino_ms: float  # bf16

    @property
    def ratio(self) -> float:
        return self.stock_ms / self.openvino_ms


KNOWN = {
    "resnet50": Known(112, 20.3),
    "mobilenet-v2": Known(13.9, 2.21),
    "mobilenet-v3": Known(11.7, 2.09),
    "vit-b16": Known(421, 96.6),
    "bert-128": Known(284, 62.8),
    "bert-384": Known(794, 187),
    "minilm-b4": Known(36.1, 8.54),
    "whisper-encoder": Known(516, 114),
    "wav2vec2": Known(186, 45.5),
}


def compare(rows: list[Row]) -> list[dict[str, Any]]:
    """For bf16 rows: their ratio to stock fp32 here / OpenVINO's ratio there; 1 is as good."""
    found = []
    for row in rows:
        known = KNOWN.get(row.model)
        if known is None or row.ratio is None or row.dtype != "bfloat16":
            continue
        found.append({
            "model": row.model,
            "backend": row.backend,
            "label": LABEL,
            "openvino_ms": known.openvino_ms,
            "openvino_ratio": known.ratio,
            "ratio": row.ratio[1],
            "of_openvino": row.ratio[1] / known.ratio,
        })  # fmt: skip
    return found


def lines(rows: list[Row]) -> list[str]:
    """Text for a terminal: of models that were measured, also where no bf16 row was."""
    measured = dict.fromkeys(row.model for row in rows)
    found = []
    for model in measured:
        known = KNOWN.get(model)
        if known is None:
            continue
        here = [
            f"{line['backend']} here {line['ratio']:.2f}, {line['of_openvino']:.2f} of that"
            for line in compare([row for row in rows if row.model == model])
        ]
        text = f"{model}: OpenVINO bf16 {known.openvino_ms:g} ms, {known.ratio:.1f} x stock fp32"
        found.append(f"{text} ({LABEL})" + "".join(f"; {words}" for words in here))
    return found
