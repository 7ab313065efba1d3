"""One operator: stock, torch's own oneDNN with packed weights, and Stoker, in turns.

usage: python -m bench.ops linear|batched|conv|conv_fused|conv_transposed|embedding_bag|norm|rnn
       [--shapes bert,minilm.attention]

Every contestant is compared with float64 before anything is timed; a wrong result ends the run with
status 1. docs/benchmarks.md says how to read the table.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.ops.shapes import ShapeError, parse_rows, select_shapes
from bench.ops.windows import select_transposed, select_windows

SEED = 11
SHAPES = {  # of an operator, by default
    "linear": "minilm,bert",
    "batched": "attention",
    "conv": "resnet50",
    "conv_fused": "resnet50",
    "conv_transposed": "dcgan,unet",
    "embedding_bag": "tables",
    "norm": None,  # these have sizes of their own
    "rnn": None,
}


def rows_of(text: str) -> tuple[int, ...]:
    try:
        return parse_rows(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def dtypes_of(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in ("float32", "bfloat16", "float16"):
            raise argparse.ArgumentTypeError(f"'{name}' is not float32, bfloat16 or float16")
    return names


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.ops", description=__doc__.split("\n")[0])
    parser.add_argument("operator", choices=list(SHAPES))
    parser.add_argument("--shapes", help="files, models or names")
    parser.add_argument(
        "--rows", type=rows_of, default=(), help="M (of conv: images); default: each shape's own"
    )
    parser.add_argument(
        "--dtypes", type=dtypes_of, help="default: float32,bfloat16; modes: float32"
    )
    parser.add_argument("--mode", choices=["tensors", "autocast", "bf16"], default="tensors")
    parser.add_argument("--seconds", type=float, default=0.4, help="spent on each case")
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)))
    parser.add_argument("--select", choices=["calibrated", "always"], default="calibrated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="everything measured")
    given = parser.parse_args(arguments)
    in_mode = given.mode != "tensors"
    if in_mode and given.dtypes not in (None, ["float32"]):
        parser.error(f"--mode {given.mode} is for float32 tensors")
    if SHAPES[given.operator] is None and given.shapes:
        parser.error(f"{given.operator} takes no --shapes")
    if given.operator == "norm" and in_mode:
        parser.error("norm takes no --mode")
    given.dtypes = given.dtypes or (["float32"] if in_mode else ["float32", "bfloat16"])
    try:
        names = given.shapes or SHAPES[given.operator]
        selects = {
            "conv": select_windows,
            "conv_fused": select_windows,
            "conv_transposed": select_transposed,
        }
        select = selects.get(given.operator, select_shapes)
        given.shapes = select(names) if names else []
    except ShapeError as error:
        parser.error(str(error))
    return given


@contextlib.contextmanager
def mode(name: str) -> Iterator[None]:
    import stoker
    import torch

    with torch.inference_mode():
        if name == "bf16":
            stoker.set_dtype(torch.bfloat16, force=True)  # what it costs without bf16, too
            stoker._C.enter_eval()  # as below a module in eval mode
        with torch.autocast("cpu", torch.bfloat16, enabled=name == "autocast"):
            yield


def machine(given: argparse.Namespace) -> dict[str, object]:
    import stoker
    import torch

    from bench.ops.limits import l3_bytes

    status = stoker.status()
    return {
        "machine": {
            "cpu": status["cpu"],
            "isa": status["isa"],
            "core": given.core,
            "l3_bytes": l3_bytes(),
            "system": platform.platform(),
        },
        "versions": {
            "stoker": status["version"],
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "calibration": status["calibration"],
        "seed": SEED,
        "options": {
            key: getattr(given, key)
            for key in ("operator", "rows", "dtypes", "mode", "seconds", "select")
        },
    }


def main(arguments: list[str] | None = None) -> None:
    given = options(arguments)
    os.environ["STOKER_SELECT"] = given.select  # read once, when torch loads the library
    os.sched_setaffinity(0, {given.core})
    import stoker
    import torch

    from bench.ops import suite, table
    from bench.ops.batched import Batched
    from bench.ops.conv import Conv
    from bench.ops.conv_fused import ConvFused
    from bench.ops.conv_transposed import ConvTransposed
    from bench.ops.embedding_bag import EmbeddingBag
    from bench.ops.limits import Limits
    from bench.ops.linear import Linear
    from bench.ops.norm import Norm
    from bench.ops.rnn import Rnn

    if not stoker.status()["active"]:
        sys.exit(f"stoker is off: {stoker.status()['why']}")
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    about = machine(given)
    print(json.dumps(about))
    multiplied = given.dtypes if given.mode == "tensors" else ["bfloat16"]
    if given.operator == "norm":
        operator = Norm(given.rows, given.dtypes)
    elif given.operator == "rnn":
        operator = Rnn(given.rows, given.dtypes, given.mode)
    else:
        operators = {
            "linear": Linear,
            "batched": Batched,
            "conv": Conv,
            "conv_fused": ConvFused,
            "conv_transposed": ConvTransposed,
            "embedding_bag": EmbeddingBag,
        }
        operator = operators[given.operator](given.shapes, given.rows, given.dtypes, given.mode)
    with mode(given.mode):
        limits = Limits(multiplied)
        try:
            results = suite.run(operator, limits, given.seconds)
        except suite.WrongResult as error:
            sys.exit(f"wrong: {error}")
    table.show(results, limits)
    if given.json:
        given.json.write_text(json.dumps(about | table.as_json(results, limits), indent=1) + "\n")


if __name__ == "__main__":
    main()
