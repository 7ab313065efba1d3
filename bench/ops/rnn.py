"""Recurrent layers and cells: H inputs, H units.

M is the number of sequences, T of steps: one of a layer is a streaming call. Weights are what the
step before has just read: nothing is kept out of the caches. Modes as in linear.py.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch

from bench.ops.suite import ONEDNN, STOCK, STOKER, Case, Contestant, Operator, WrongResult

SIZES = (64, 256, 512)
BATCHES = (1, 4, 16)
STEPS = 50
# Kind of row: the module, the counter of its operator, gates.
LAYERS = {
    "lstm": (torch.nn.LSTM, "lstm.input", 4),
    "gru": (torch.nn.GRU, "gru.input", 3),
    "rnn_tanh": (torch.nn.RNN, "rnn_tanh.input", 1),
    "lstm_projected": (torch.nn.LSTM, "lstm.input", 4),
    "gru_packed": (torch.nn.GRU, "gru.data", 3),
}
CELLS = {
    "lstm_cell": (torch.nn.LSTMCell, "lstm_cell", 4),
    "gru_cell": (torch.nn.GRUCell, "gru_cell", 3),
    "rnn_tanh_cell": (torch.nn.RNNCell, "rnn_tanh_cell", 1),
}


class RnnCase(Case):
    def __init__(self, kind: str, hidden: int, batch: int, steps: int, dtype: str, mode: str):
        self.labels = {"kind": kind, "H": hidden, "M": batch, "T": steps, "dtype": dtype}
        self.mode, self.multiply = mode, dtype if mode == "tensors" else "bfloat16"
        self.absent = {ONEDNN: "stock is oneDNN's where there is one"}
        module, self.counter, gates = (LAYERS | CELLS)[kind]
        options = {"proj_size": hidden // 2} if kind == "lstm_projected" else {}
        type_ = getattr(torch, dtype)
        self.module = module(hidden, hidden, **options).to(type_).eval()
        x = torch.randn(steps, batch, hidden).to(type_)
        if kind == "gru_packed":
            lengths = torch.linspace(steps, steps // 2, batch).long()
            x = torch.nn.utils.rnn.pack_padded_sequence(x, lengths)
        rows = len(x.data) if kind == "gru_packed" else steps * batch
        self.x = x[0] if kind in CELLS else x
        self.flops = 2 * rows * gates * hidden * (hidden + options.get("proj_size", hidden))
        self.bytes = 0

    def contestants(self) -> dict[str, Contestant]:
        # Weights of its own: oneDNN's access counts as a write, after which ours would pack again.
        other = copy.deepcopy(self.module)
        return {
            STOCK: Contestant(lambda _: first(other(self.x)), 1),
            STOKER: Contestant(lambda _: first(self.module(self.x)), 1, stoker=True),
        }

    def check(self, name: str, contestant: Contestant) -> int:
        result = contestant.call(0)
        with torch.autocast("cpu", enabled=False):
            exact = first(copy.deepcopy(self.module).double()(self.x.to(torch.float64)))
        # h is rounded in every step, and by stock the gates; nothing in a cell amplifies it much.
        bound = 16 * (2.0**-8 if self.multiply == "bfloat16" else 2.0**-20)
        worst = float((result.double() - exact).abs().max())
        if not worst <= bound:
            text = " ".join(str(label) for label in self.labels.values())
            raise WrongResult(f"{text} by {name}: {worst:.2g}, allowed is {bound:.2g}")
        return result.numel()


def first(result) -> torch.Tensor:
    """y of whatever a module gives: a tensor, a PackedSequence, a tuple that begins with it."""
    return result if isinstance(result, torch.Tensor) else first(result[0])


class Rnn(Operator):
    def __init__(self, batches: tuple[int, ...], dtypes: list[str], mode: str = "tensors"):
        """`batches`: empty for BATCHES."""
        self.batches, self.dtypes, self.mode = batches or BATCHES, dtypes, mode
        # Stock's dense LSTM raises an error under autocast where oneDNN has no bf16.
        lacks = mode == "autocast" and not torch.ops.mkldnn._is_mkldnn_bf16_supported()
        self.layers = [kind for kind in LAYERS if not (lacks and kind == "lstm")]

    def cases(self) -> Iterator[Case]:
        for dtype in self.dtypes:
            for hidden in SIZES:
                for batch in self.batches:
                    for kind in self.layers:
                        for steps in (1, STEPS) if batch == 1 else (STEPS,):
                            yield RnnCase(kind, hidden, batch, steps, dtype, self.mode)
                    for kind in CELLS:
                        yield RnnCase(kind, hidden, batch, 1, dtype, self.mode)
