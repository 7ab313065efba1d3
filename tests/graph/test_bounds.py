"""What graphs cost at most: imports, captures, memory, and not a word on stderr."""

from __future__ import annotations

import pytest
import stoker
import torch
from stoker.graph import roots
from torch import nn
from transformers import BertConfig, BertModel

from tests.support.environment import ends_silently
from tests.support.graphs import assert_alike, captured, root, served, stock

SEED = 17
pytestmark = pytest.mark.usefixtures("without_grad")


class Encoder(nn.Module):
    """Takes sequences of any length, as language models do."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.embedding = nn.Embedding(50, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, tokens):
        x = self.embedding(tokens)
        return self.down(nn.functional.gelu(self.up(x))) + x


def tokens(*shape) -> torch.Tensor:
    return torch.randint(50, shape)


@pytest.mark.usefixtures("eager_to_capture")
def test_ten_lengths_take_three_captures_at_most():
    model = Encoder().eval()
    stoker.optimize(model)
    for length in (5, 9, 16, 17, 31, 32, 33, 40, 63, 64):
        for _ in range(2):
            given = tokens(2, length)
            assert_alike(model(given), stock(model, given))
    assert len(root(model).captures) <= 3 and served(model) >= 17


def bert() -> BertModel:
    config = BertConfig(
        vocab_size=96, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=128, max_position_embeddings=64,
    )  # fmt: skip
    return BertModel(config).eval()


@pytest.mark.usefixtures("eager_to_capture")
def test_ten_lengths_of_padded_sentences_take_three_captures_at_most():
    model, calls = bert(), 0
    stoker.optimize(model)
    for length in (5, 64, 9, 16, 17, 31, 32, 33, 40, 63):
        for padded in (0, 2, length - 1):
            given = {"input_ids": tokens(2, length), "attention_mask": torch.ones(2, length).long()}
            given["attention_mask"][1, length - padded :] = 0
            assert_alike(model(**given), stock(model, **given))
            calls += 1
    captures = len(root(model).captures)
    assert captures <= 3 and served(model) >= calls - captures, root(model).summary()


@pytest.mark.usefixtures("eager_to_capture")
def test_a_module_that_is_never_the_same_is_captured_so_often_only():
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.count = nn.Linear(4, 4), 0

        def forward(self, x):
            self.count += 1
            return self.layer(x) * self.count

    ours, given = Counts().eval(), torch.randn(2, 4)
    stoker.optimize(ours)
    for call in range(1, roots.MOST_CAPTURES + 5):
        assert_alike(ours(given), stock(ours.layer, given) * call)
    assert len(root(ours).captures) == roots.MOST_CAPTURES
    assert root(ours).refused == f"captured {roots.MOST_CAPTURES} times already"


def test_a_capture_waits_for_as_much_time_as_the_last_took():
    model, given, other = Encoder().eval(), tokens(2, 5), tokens(3, 2, 5)
    captured(model, given)
    mine = root(model)
    for _ in range(3):
        model(other)
    assert 0 < mine.spent < mine.captures[-1].seconds and len(mine.captures) == 1
    mine.spent = mine.captures[-1].seconds
    assert_alike(model(given), stock(model, given))
    assert mine.spent > 0 and len(mine.captures) == 1, "that call fitted a graph"
    assert_alike(model(other), stock(model, other))
    assert mine.spent == 0 and len(mine.captures) == 2 and not mine.refused
    calls = served(model)
    model(given), model(other)
    assert served(model) == calls + 2


def passes(code: str, *options: str, **env: str) -> None:
    ends_silently(*options, "-c", PROGRAM + code, **env)


PROGRAM = """
import sys, torch, stoker
from torch import nn
model = nn.Sequential(nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 64)).eval()
x = torch.randn(8, 64)
"""
NOT_IMPORTED = "assert not any(name.startswith('torch._dynamo') for name in sys.modules)\n"


@pytest.mark.parametrize("env", [{}, {"STOKER_RUN": "1"}], ids=["graphs", "run"])
def test_a_model_called_once_never_imports_dynamo(env):
    code = "with torch.no_grad(), stoker.graphs(after=2.0):\n    model(x)\n    model(x)\n"
    passes(code + NOT_IMPORTED, **env)


def test_nothing_is_captured_where_graphs_are_off():
    code = """
stoker.optimize(model)
with torch.no_grad(), stoker.graphs():
    for _ in range(3): model(x)
assert stoker.status()["graphs"] == []
"""
    passes(code + NOT_IMPORTED, STOKER_GRAPH="0")
    passes(code + NOT_IMPORTED, STOKER_GRAPH="0", STOKER_RUN="1", STOKER_GRAPH_AFTER="0")


def test_weights_packs_and_graphs_are_freed():
    code = """
import gc, weakref
from stoker.graph import roots
stoker.optimize(model)
with torch.no_grad():
    for rows in (8, 8, 8, 9, 9, 10):
        model(torch.randn(rows, 64))
root = roots.find(model, create=False)
assert root.graph_calls >= 2 and stoker.status()["packed"]["bytes"] >= 2 * 64 * 64 * 4
alive = [*model.parameters(), model, root, root.captures[0].graphs[0].run.__self__]
alive = [weakref.ref(each) for each in alive]
del root, model
gc.collect()
assert [each() for each in alive] == [None] * 7, alive
assert stoker.status()["packed"]["bytes"] == 0 and not roots._roots
"""
    passes(code, STOKER_SELECT="always")


def test_no_warning_and_no_word():
    code = """
class Breaks(nn.Module):
    def forward(self, x):
        return model(x) if x.sum().item() > 0 else -model(x)
breaks = Breaks().eval()
with torch.no_grad(), stoker.graphs():
    for sizes in ((8, 64), (9, 64), (2, 5, 64)):
        for _ in range(3):
            x = torch.randn(sizes)
            breaks(x), model(x)
graphs = stoker.status()["graphs"]
assert {root["module"] for root in graphs} == {"Breaks", "Sequential"}
assert all(root["calls"] and not root["refused"] for root in graphs), graphs
"""
    passes(code, "-W", "error")


def test_dynamo_forbidden_by_the_environment():
    code = """
with torch.no_grad(), stoker.graphs():
    for _ in range(3): y = model(x)
    stoker.disable()
    assert torch.allclose(y, model(x), atol=1e-5)
"""
    for name in ("TORCHDYNAMO_DISABLE", "TORCH_COMPILE_DISABLE"):
        passes(code, "-W", "error", **{name: "1"})
