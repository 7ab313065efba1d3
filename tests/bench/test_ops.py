"""`python -m bench.ops`: what it writes is well-formed and wrong results are refused.

Nothing here depends on how fast anything is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.environment import without_stoker

ROOT = Path(__file__).resolve().parents[2]
BRIEF = ["linear", "--shapes", "dlrm.bottom_3", "--rows", "1,8", "--seconds", "0.02"]


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=without_stoker(), capture_output=True, text=True
    )


def bench(*arguments: str) -> subprocess.CompletedProcess:
    return run("-m", "bench.ops", *BRIEF, *arguments)


def check_case(case: dict, m: int, rows: tuple[str, ...]) -> None:
    assert case["labels"]["shape"] == "dlrm.bottom_3"
    assert [case["labels"][name] for name in "MNK"] == [m, 128, 256]
    assert case["ran"] in rows and set(case["counts"]["rows"]) == {case["ran"]}
    assert case["checked"] == m * 128 * len(case["seconds"])
    assert ("onednn" in case["seconds"]) == (not case["absent"])
    turns = {len(seconds) for seconds in case["seconds"].values()}
    assert len(turns) == 1 and min(turns) >= 7
    assert all(s > 0 for seconds in case["seconds"].values() for s in seconds)
    low, median, high = case["ratio"]
    assert 0 < low <= median <= high
    assert (case["onednn_ratio"] is None) == bool(case["absent"])
    assert case["limit_percent"] > 0


@pytest.mark.parametrize(
    ("arguments", "rows"),
    [
        (["--dtypes", "float32,float16"], {"float32": ("jit_f32",), "float16": ("jit_f16",)}),
        (["--mode", "autocast"], {"float32": ("jit_bf16_wide", "jit_bf16_dot")}),
        (["--mode", "bf16"], {"float32": ("jit_bf16_wide_f32", "jit_bf16_dot_f32")}),
    ],
    ids=["tensors", "autocast", "bf16"],
)
def test_table_and_json(tmp_path, arguments, rows):
    file = tmp_path / "out.json"
    done = bench("--select", "always", "--json", str(file), *arguments)
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())
    assert set(found) == {
        "machine", "versions", "calibration", "seed", "options", "limits", "cases", "summary",
    }  # fmt: skip
    assert found["options"]["rows"] == [1, 8] and found["options"]["select"] == "always"
    assert [case["labels"]["dtype"] for case in found["cases"]] == [d for d in rows for _ in "18"]
    for case, m in zip(found["cases"], [1, 8] * len(rows), strict=True):
        check_case(case, m, rows[case["labels"]["dtype"]])
    assert [(line["dtype"], line["M"]) for line in found["summary"]] == [
        (dtype, group) for dtype in sorted(rows) for group in ("1", "2-64")
    ]
    for readings in (*found["limits"]["flops"].values(), found["limits"]["bytes"]):
        assert len(readings) >= 5 and min(readings) > 0
    lines = done.stdout.splitlines()
    assert sum(line.startswith("dlrm.bottom_3") for line in lines) == len(found["cases"])
    assert any(line.split()[:4] == ["dtype", "M", "cases", "by"] for line in lines)


def test_convolutions(tmp_path):
    file = tmp_path / "out.json"
    options = ["--rows", "1", "--seconds", "0.02", "--select", "always", "--json", str(file)]
    shapes = "resnet50.stage4.expand,mobilenet.depthwise9"
    done = run("-m", "bench.ops", "conv", "--shapes", shapes, *options)
    assert done.returncode == 0, done.stderr
    cases = json.loads(file.read_text())["cases"]
    assert len(cases) == 2 * 2 * 4  # two dtypes, two layouts
    assert [case["labels"]["channels"] for case in cases] == ["last", "first"] * 8
    for case in cases:
        labels = case["labels"]
        assert labels["M"] == 1 and case["checked"] == (
            labels["pixels"] * labels["N"] * len(case["seconds"])
        )
        if labels["shape"] == "resnet50.stage4.expand":
            assert labels["K"] == 512 and case["ran"].startswith("jit_conv_")
        elif labels["dtype"] == "float32":
            assert labels["K"] in (9, 25) and case["ran"] == "jit_depthwise_f32"


def test_fused_and_transposed_convolutions(tmp_path):
    file = tmp_path / "out.json"
    options = ["--rows", "1", "--seconds", "0.02", "--select", "always", "--json", str(file)]
    for operator, shapes, rows in (
        (
            "conv_fused",
            ["resnet50.stage4.window", "resnet50.stage4.expand"],
            ("onednn_", "jit_spatial_", "jit_conv_"),
        ),
        ("conv_transposed", ["dcgan.up8"], ("onednn_transposed_",)),
    ):
        done = run("-m", "bench.ops", operator, "--shapes", ",".join(shapes), *options)
        assert done.returncode == 0, done.stderr
        cases = json.loads(file.read_text())["cases"]
        assert len(cases) == 2 * 2 * len(shapes)  # two dtypes, two layouts
        for case in cases:
            assert case["checked"] > 0 and case["ran"].startswith(rows), case["ran"]


def test_names_of_convolutions_are_checked():
    done = run("-m", "bench.ops", "conv", "--shapes", "bort")
    assert done.returncode == 2 and "no convolution begins with 'bort'" in done.stderr


BROKEN = """
import sys
from bench.ops.__main__ import main
import stoker, torch
from torch.nn import functional as F

right = F.linear

def wrong(x, weight):
    y = right(x, weight)
    if stoker.status()["active"]:
        y[-1, -1] += 1e-3 * y.abs().max()
    return y

F.linear = wrong
main(sys.argv[1:])
"""


def test_a_wrong_result_is_refused(tmp_path):
    file = tmp_path / "out.json"
    done = run("-c", BROKEN, *BRIEF, "--dtypes", "float32", "--json", str(file))
    assert done.returncode == 1
    assert "wrong: dlrm.bottom_3 1 128 256 float32 by stoker: " in done.stderr
    assert not file.exists()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--shapes", "bort"], "no shape, model or file named 'bort'"),
        (["--rows", "1,x"], "'x' is not a positive number"),
        (["--dtypes", "int8"], "'int8' is not float32, bfloat16 or float16"),
        (["--mode", "autocast", "--dtypes", "bfloat16"], "--mode autocast is for float32 tensors"),
    ],
)
def test_options_are_checked_before_anything_is_loaded(arguments, what):
    done = bench(*arguments)
    assert done.returncode == 2 and what in done.stderr


def test_recurrent_layers(tmp_path):
    file = tmp_path / "out.json"
    options = ["--rows", "2", "--dtypes", "float32", "--seconds", "0.01", "--select", "always"]
    done = run("-m", "bench.ops", "rnn", *options, "--json", str(file))
    assert done.returncode == 0, done.stderr
    cases = json.loads(file.read_text())["cases"]
    assert {case["labels"]["kind"] for case in cases} >= {"lstm", "gru_packed", "rnn_tanh_cell"}
    assert {case["ran"] for case in cases} == {"jit_lstm_f32", "jit_rnn_f32"}
    assert run("-m", "bench.ops", "rnn", "--shapes", "bert").returncode == 2


def test_normalizations(tmp_path):
    file = tmp_path / "out.json"
    options = [
        "--rows",
        "3",
        "--dtypes",
        "float32,bfloat16",
        "--select",
        "always",
        "--seconds",
        "0",
    ]
    done = run("-m", "bench.ops", "norm", *options, "--json", str(file))
    assert done.returncode == 0, done.stderr
    cases = json.loads(file.read_text())["cases"]
    kinds = {case["labels"]["kind"] for case in cases}
    assert kinds == {"add_layer", "layer", "add_rms", "rms"}
    assert {case["ran"] for case in cases} == {"jit_norm_f32", "jit_norm_bf16"}
    assert run("-m", "bench.ops", "norm", "--shapes", "bert").returncode == 2
