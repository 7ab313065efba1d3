"""`stoker calibrate`: rules follow from the measured points, and the file it writes is used."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click import ClickException
from click.testing import CliRunner
from stoker.calibrate import command
from stoker.calibrate.operators import OPERATORS
from stoker.calibrate.regions import regions

from tests.support.environment import without_stoker

MS, SHAPES = (1, 2, 4, 8), ((8, 8), (16, 16), (32, 32))


def points(won, ratio=1.5, pack=100, shapes=SHAPES):
    """A grid of linear on which the row is `ratio` times as fast where `won(m, weight)`, else as
    fast."""
    return [
        {"group": [], "at": [m, n, k], "pack": pack}
        | dict.fromkeys(("ratio", "low"), ratio if won(m, n * k) else 1.0)
        for n, k in shapes
        for m in MS
    ]


def ruled(**of_rows) -> set[str]:
    return set(OPERATORS["linear"].lines(of_rows))


def rule(row, m, weight, pack=100) -> str:
    return f"rule {row} m {m} weight {weight} macs 0 pack {pack}"


def test_a_row_that_always_wins_gets_the_grid_and_larger_weights():
    assert ruled(row=points(lambda m, w: True)) == {rule("row", "1 8", "64 *")}


def test_every_corner_of_a_cell_must_be_won():
    found = ruled(row=points(lambda m, w: (m, w) != (4, 256)))
    assert found == {rule("row", "1 8", "1024 *"), rule("row", "1 2", "64 1024")}


def test_nothing_is_claimed_for_the_noise_or_for_what_did_not_run():
    assert ruled(row=points(lambda m, w: True, ratio=1.02)) == set()
    missing = [
        point | {"ratio": None, "low": None, "pack": None} for point in points(lambda m, w: True)
    ]
    assert ruled(row=missing) == set()
    # A weight of the largest size that is slower in another shape.
    shapes = points(lambda m, w: True) + points(lambda m, w: False, shapes=((4, 256),))
    assert ruled(row=shapes) == {rule("row", "1 8", "64 256")}


def test_the_faster_of_two_rows_is_chosen_cell_by_cell():
    found = ruled(
        first=points(lambda m, w: m <= 4, ratio=1.5, pack=20),
        second=points(lambda m, w: m >= 2, ratio=1.2, pack=10**6),
    )
    assert found == {
        rule("first", "1 4", "64 *", pack=50), rule("second", "4 8", "64 *", pack=20_000),
    }  # fmt: skip


def boxes(won, ratio=1.5, pack=100, group=("sum",)):
    """The same in two dimensions, of any operator but linear."""
    return [
        {"group": list(group), "at": [a, b], "pack": pack}
        | dict.fromkeys(("ratio", "low"), ratio if won(a, b) else 1.0)
        for a in (1, 4, 16)
        for b in (2, 8, 32)
    ]


def bounds(found) -> list[tuple[str, str]]:
    return [tuple(map(str, region.bounds)) for region in found]


def test_cells_of_other_operators_join_along_every_dimension():
    assert bounds(regions({"row": boxes(lambda a, b: True)})) == [("1 16", "2 32")]
    assert bounds(regions({"row": boxes(lambda a, b: True)}, opens=(1,))) == [("1 16", "2 *")]
    assert regions({"row": boxes(lambda a, b: True, ratio=1.02)}) == []
    apart = boxes(lambda a, b: True) + boxes(lambda a, b: a < 16, group=("max",))
    found = regions({"row": apart})
    assert [(region.group, *b) for region, b in zip(found, bounds(found), strict=True)] == [
        (("sum",), "1 16", "2 32"), (("max",), "1 4", "2 32"),
    ]  # fmt: skip


def test_every_corner_of_a_region_must_be_won():
    # The place in the middle is a corner of every cell.
    assert regions({"row": boxes(lambda a, b: (a, b) != (4, 8))}) == []
    found = regions({"row": boxes(lambda a, b: (a, b) != (1, 2))})
    assert sorted(bounds(found)) == [("1 16", "8 32"), ("4 16", "2 8")]
    missing = [point for point in boxes(lambda a, b: True) if point["at"] != [16, 32]]
    assert sorted(bounds(regions({"row": missing}))) == [("1 16", "2 8"), ("1 4", "8 32")]


def test_the_faster_of_two_rows_is_chosen_region_by_region():
    found = regions({
        "first": boxes(lambda a, b: a <= 4, ratio=1.5, pack=20),
        "second": boxes(lambda a, b: True, ratio=1.2, pack=10**6),
    })  # fmt: skip
    assert {(r.row, str(r.bounds[0]), r.pack) for r in found} == {
        ("first", "1 4", 50), ("second", "4 16", 20_000),
    }  # fmt: skip


def test_convolutions_are_claimed_as_far_as_their_copies_were_measured():
    def lines(row):
        won = [
            {"group": group, "at": at, "ratio": 1.5, "low": 1.5, "pack": 100}
            for group, at in OPERATORS["conv"]().grid(row)
        ]
        return OPERATORS["conv"].lines({row: won})

    assert lines("jit_spatial_f32") == [
        f"conv jit_spatial_f32 spatial {layout} images 1 4 pixels 49 3136 outputs 32 *"
        " macs 0 pack 100 k 288 *"
        for layout in ("last", "first")
    ]
    assert lines("jit_depthwise_f16") == [
        f"conv jit_depthwise_f16 depthwise {layout} images 1 4 pixels 49 3136 outputs 64 {most}"
        " macs 0 pack 100"
        for layout, most in (("last", "*"), ("first", 256))
    ]


def calibrated(target, monkeypatch, ratio: float, *options: str):
    """Runs the command on points that were never measured; what it printed and what was asked."""
    asked = []

    def one_row(operator, kind, row, seconds, core):
        asked.append((operator, kind, row))
        for group, at in OPERATORS[operator]().grid(row):
            yield {"group": group, "at": at, "ratio": ratio, "low": ratio, "pack": 100}

    monkeypatch.setattr(command, "measure_row", one_row)
    result = CliRunner().invoke(command.calibrate, ["--output", str(target), *options])
    assert result.exit_code == 0, result.output
    return result.output, asked


USED = """
import stoker, torch
from torch.nn import functional as F
table = torch.randn(1000, 64)
calls = {
    "linear": lambda: torch.nn.Linear(768, 768)(torch.randn(4, 768)),
    "bmm": lambda: torch.bmm(torch.randn(12, 64, 64), torch.randn(12, 64, 64)),
    "_embedding_bag_forward_only": lambda: F.embedding_bag(
        torch.arange(128), table, torch.arange(0, 128, 8), mode="max"
    ),
    "_convolution": lambda: F.conv2d(torch.randn(1, 64, 14, 14), torch.randn(64, 64, 1, 1)),
    "gru.input": lambda: torch.nn.GRU(64, 64)(torch.randn(16, 4, 64)),
}
reasons = []
with torch.inference_mode():
    for name, call in calls.items():
        call()
        operator = stoker.status()["operators"][name]
        reasons.append("taken" if operator["taken"] else next(iter(operator["declined"])))
print(stoker.status()["calibration"].startswith("this machine ("), reasons)
"""


def used(target) -> str:
    environment = without_stoker(STOKER_CALIBRATION=str(target))
    return subprocess.check_output([sys.executable, "-c", USED], env=environment, text=True)


def test_every_operator_is_measured_and_the_file_is_used(tmp_path, monkeypatch):
    target = tmp_path / "own" / "calibration.txt"
    output, asked = calibrated(target, monkeypatch, 1.5)
    kinds = {"float32", "bfloat16", "float16"}
    assert {(operator, kind) for operator, kind, _ in asked} >= {
        (operator, kind)
        for operator in OPERATORS
        for kind in (kinds if operator != "rnn" else kinds - {"float16"})
    }
    assert f"rules in {target}" in output
    assert [path.name for path in target.parent.iterdir()] == ["calibration.txt"]
    mine, reasons = used(target).split(" ", 1)
    # Weights wait for their second sight, everything else runs at once.
    assert mine == "True" and reasons.count("taken") == 2 and reasons.count("seen") == 3, reasons


def test_what_never_won_is_not_left_to_the_shipped_rules(tmp_path, monkeypatch):
    target = tmp_path / "calibration.txt"
    calibrated(target, monkeypatch, 1.0)
    mine, reasons = used(target).split(" ", 1)
    assert mine == "True" and reasons.count("unprofitable") == 5, reasons


def test_operators_can_be_chosen(tmp_path, monkeypatch):
    target = tmp_path / "calibration.txt"
    _, asked = calibrated(target, monkeypatch, 1.5, "--operators", "bags,rnn")
    assert {operator for operator, _, _ in asked} == {"bags", "rnn"}
    directives = {line.split()[0] for line in target.read_text().splitlines() if line[0] != "#"}
    assert directives == {"family", "bags", "rnn"}


ROWS = [
    ("linear", "float32", "onednn_packed_f32"),
    ("linear", "bfloat16", "jit_bf16_wide"),
    ("linear", "float16", "jit_f16"),
    ("batched", "float32", "jit_batched_f32"),
    ("bags", "bfloat16", "jit_bag_bf16"),
    ("conv", "float32", "jit_conv_f32"),
    ("conv", "float32", "onednn_conv_f32"),
    ("conv", "bfloat16", "jit_depthwise_bf16_wide"),
    ("rnn", "float32", "jit_rnn_f32"),
    ("rnn", "bfloat16", "jit_rnn_bf16_wide"),
    ("rnn", "float32", "jit_lstm_f32"),
]


@pytest.mark.parametrize(("operator", "kind", "row"), ROWS)
def test_one_process_times_one_row(operator, kind, row, monkeypatch):
    """A real measurement of the first points: the row ran, and its results were checked."""
    code = (
        "import sys; from stoker.calibrate import measure, operators\n"
        "measured = operators.OPERATORS[sys.argv[1]]; whole = measured().grid(sys.argv[3])\n"
        "measured.grid = lambda self, row: whole[:3]\n"
        "measure.main(*sys.argv[1:])"
    )
    monkeypatch.setattr(command, "MEASURE", ("-c", code))
    core = min(os.sched_getaffinity(0))
    measured = list(command.measure_row(operator, kind, row, 0.05, core))
    whole = OPERATORS[operator]().grid(row)
    assert [(p["group"], p["at"]) for p in measured] == whole[:3]
    assert all(p["ratio"] > 0 and p["low"] <= p["ratio"] for p in measured)


def test_a_wrong_row_ends_the_measurement(monkeypatch):
    code = (
        "import sys, torch; from stoker.calibrate import measure\n"
        "right = torch.bmm; torch.bmm = lambda a, b: right(a, b) * 1.001\n"
        "measure.main(*sys.argv[1:])"
    )
    monkeypatch.setattr(command, "MEASURE", ("-c", code))
    with pytest.raises(ClickException, match="nothing was written"):
        core = min(os.sched_getaffinity(0))
        list(command.measure_row("batched", "float32", "jit_batched_f32", 0.05, core))


def test_bad_requests_say_what_to_do():
    result = CliRunner().invoke(command.calibrate, ["--core", "9999"])
    assert result.exit_code == 2 and "may run on" in result.output
    result = CliRunner().invoke(command.calibrate, ["--operators", "linear,softmax"])
    assert result.exit_code == 2 and "'softmax' is none of linear, batched" in result.output
