"""The rules of the house: who may include whom, sizes, names, exported symbols."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("jit", "kernels", "aten", "autocast", "preload", "python", "tests", "demo", "bench")
PRIVATE = re.compile(
    r"get_current_graph_task_id|ForwardADLevel|set_materializer|clear_materializer|has_materializer"
    r"|GetBuildOptions|pyobj_slot|AutogradState|ConvBackend"
)


def sources(*suffixes: str):
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in suffixes:
                yield path.relative_to(ROOT), path.read_text()


def wrong_includes(path: Path, text: str) -> list[str]:
    """Includes that point up: jit <- kernels <- aten <- python; no torch below aten."""
    allowed = {
        "jit": {"jit"},
        "kernels": {"jit", "kernels"},
        "aten": {"jit", "kernels", "aten"},
        "autocast": {"kernels", "aten", "autocast"},
    }
    folder = path.parts[0]
    if folder not in allowed:
        return []
    own = [name for name in re.findall(r'#include "([^"/]+)/', text) if name not in allowed[folder]]
    torch = re.findall(r"#include <(?:ATen|c10|torch|caffe2)/[^>]*>", text)
    return own + (torch if folder not in ("aten", "autocast") else [])


def wrong_names(path: Path, text: str) -> list[str]:
    """Things that belong to one file, found in another."""
    wrong = []
    if path.parts[0] in ("aten", "autocast"):
        if path.name != "override.h" and re.search(r"\w::stock\(", text):
            wrong.append("a stock kernel")
        if path.name not in ("override.h", "counters.h", "counters.cpp") and re.search(
            r"\bcount_(?:taken|declined)\(", text
        ):
            wrong.append("a counter")
        if path.stem != "torch_private" and PRIVATE.search(text):
            wrong.append("a private name of torch")
        if path.name != "settings.cpp" and "getenv" in text:
            wrong.append("an environment variable")
    if path.name.startswith("utils."):
        wrong.append("utils")
    return wrong


def long_functions(path: Path, text: str, most: int = 60) -> list[str]:
    if path.suffix == ".py":
        return [
            node.name
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= most
        ]
    found, start = [], None
    for number, line in enumerate(text.splitlines()):
        # A body opens on an unindented or once indented line that ends a parameter list.
        if re.match(r"(?:  )?\S.*\)[^;]*\{$", line) and start is None:
            start = number
        if re.match(r"(?:  )?\}", line) and start is not None:
            found += [f"line {start + 1}"] if number - start >= most else []
            start = None
    return found


@pytest.mark.parametrize(
    "rule", [wrong_includes, wrong_names, long_functions], ids=lambda rule: rule.__name__
)
def test_rule(rule):
    files = [(p, t) for p, t in sources(".h", ".cpp", ".py") if p.parts[:2] != ("tests", "house")]
    assert len(files) > 30
    assert {str(path): found for path, text in files if (found := rule(path, text))} == {}


def test_files_are_short():
    assert [str(p) for p, text in sources(".h", ".cpp", ".py") if text.count("\n") > 400] == []


def test_the_rules_can_be_broken():
    assert wrong_includes(Path("jit/x.h"), '#include "kernels/select.h"\n')
    assert wrong_includes(Path("kernels/x.h"), "#include <ATen/ATen.h>\n")
    assert wrong_includes(Path("aten/x.h"), '#include "python/x.h"\n')
    assert wrong_names(Path("aten/x.cpp"), "Op::stock(a)")
    assert wrong_names(Path("aten/matmul.cpp"), "Addmm::stock(a)")
    assert wrong_names(Path("aten/matmul.cpp"), "count_taken(id, row)")
    assert wrong_names(Path("aten/x.cpp"), "t.unsafeGetTensorImpl()->pyobj_slot()")
    assert wrong_names(Path("aten/x.cpp"), "s->set_materializer(f)")
    assert wrong_names(Path("aten/x.cpp"), 'getenv("A")')
    assert wrong_names(Path("jit/utils.h"), "")
    body = "\n".join(["  a;"] * 61)
    assert long_functions(Path("x.cpp"), f"void f() {{\n{body}\n}}\n")
    assert long_functions(Path("x.py"), "def f():\n" + "    a = 1\n" * 61)


def library() -> Path:
    return Path(importlib.util.find_spec("stoker").origin).parent / "libstoker.so"


def test_only_our_names_are_exported():
    names = subprocess.run(
        ["nm", "-D", "--defined-only", "--format=posix", library()],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    names = [line.split()[0] for line in names]
    assert "stoker_why" in names
    assert [
        name for name in names if not re.match(r"stoker_|_ZNK?6stoker|_Z(?:TI|TS|TV)N6stoker", name)
    ] == []


def test_links_torchs_openmp_and_no_python():
    needed = subprocess.run(
        ["readelf", "-d", library()], check=True, capture_output=True, text=True
    ).stdout
    assert set(re.findall(r"\[(lib[a-z]*omp[^\]]*)\]", needed)) <= {"libgomp.so.1"}
    assert "[libtorch_cpu.so]" in needed
    assert "libpython" not in needed and "libtorch_python" not in needed
