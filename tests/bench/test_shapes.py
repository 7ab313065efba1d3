"""Files of shapes: those that ship can be read; what is wrong with one is said with its line."""

from __future__ import annotations

import pytest

from bench.ops.shapes import FOLDER, Shape, ShapeError, parse_rows, read_shapes, select_shapes


def test_every_file_that_ships_can_be_read():
    files = sorted(FOLDER.glob("*.txt"))
    assert {path.stem for path in files} >= {
        "bert", "dlrm", "gpt2", "llama", "minilm", "vit", "whisper",
    }  # fmt: skip
    shapes = [shape for path in files for shape in read_shapes(path)]
    names = [shape.name for shape in shapes]
    assert len(set(names)) == len(names)
    rows = {m for shape in shapes for m in shape.rows}
    assert min(rows) == 1 and {1, 2, 64, 128, 1024} <= rows
    assert any(shape.k == 5632 for shape in shapes)


def test_lines_comments_and_rows(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("# a model\n\nrows 1 8  # tokens\na.up 32 16\nrows 4\na.down 16 32 # half\n")
    assert read_shapes(path) == [Shape("a.up", 32, 16, (1, 8)), Shape("a.down", 16, 32, (4,))]
    assert read_shapes(path)[0].model == "a"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("rows 1\na 32\n", 2, "expected 'NAME N K' or 'rows M...'"),
        ("rows 1\n\na 32 16 8\n", 3, "expected 'NAME N K' or 'rows M...'"),
        ("a 32 16\n", 1, "expected a 'rows M...' line before the first shape"),
        ("rows\n", 1, "expected 'rows M...'"),
        ("rows 1 -2\n", 1, "'-2' is not a positive number"),
        ("rows 1\na 0 16\n", 2, "'0' is not a positive number"),
        ("rows 1\na 3x2 16\n", 2, "'3x2' is not a positive number"),
        ("rows 1\na 32 16\na 32 8\n", 3, "'a' is there already"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path, text, line, what):
    path = tmp_path / "x.txt"
    path.write_text(text)
    with pytest.raises(ShapeError) as error:
        read_shapes(path)
    assert str(error.value) == f"{path}:{line}: {what}"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ShapeError, match=r"none\.txt: cannot be read"):
        read_shapes(tmp_path / "none.txt")


def test_shapes_are_selected_by_file_model_and_name():
    assert select_shapes("bert") == select_shapes("bert-base,bert-large")
    assert [s.name for s in select_shapes("minilm.ffn_up,minilm.ffn_down")] == [
        "minilm.ffn_up", "minilm.ffn_down",
    ]  # fmt: skip
    assert select_shapes("minilm,minilm.ffn_up") == select_shapes("minilm")
    with pytest.raises(ShapeError, match=r"named 'minilm\.ffn'"):
        select_shapes("bert,minilm.ffn")


def test_rows_of_the_command_line():
    assert parse_rows("1,8,64") == (1, 8, 64)
    for text in ("", "1,,2", "1,x", "0"):
        with pytest.raises(ValueError, match="is not a positive number"):
            parse_rows(text)
