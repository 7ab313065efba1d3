"""Recurrent layers and cells: a fuzz of modules and inputs, and what is asked of the results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import stoker
import torch
from torch.nn.utils.rnn import pack_sequence

DTYPES = (torch.float32, torch.bfloat16)
KINDS = ("lstm", "gru", "rnn_tanh", "rnn_relu")
COUNTERS = [f"{kind}{form}" for kind in KINDS for form in (".input", ".data", "_cell")]

LAYERS = {
    "lstm": (torch.nn.LSTM, {}),
    "lstm_projected": (torch.nn.LSTM, {}),
    "gru": (torch.nn.GRU, {}),
    "rnn_tanh": (torch.nn.RNN, {"nonlinearity": "tanh"}),
    "rnn_relu": (torch.nn.RNN, {"nonlinearity": "relu"}),
}
CELLS = {
    "lstm_cell": (torch.nn.LSTMCell, {}),
    "gru_cell": (torch.nn.GRUCell, {}),
    "rnn_tanh_cell": (torch.nn.RNNCell, {"nonlinearity": "tanh"}),
    "rnn_relu_cell": (torch.nn.RNNCell, {"nonlinearity": "relu"}),
}


@dataclass
class Sample:
    name: str
    counter: str  # of the operator, in status()
    module: torch.nn.Module
    inputs: tuple

    def __call__(self):
        return self.module(*self.inputs)


class Fuzz:
    def __init__(self, seed: int):
        self.random = torch.Generator().manual_seed(seed)

    def number(self, least: int, most: int) -> int:
        return int(torch.randint(least, most + 1, (), generator=self.random))

    def coin(self) -> bool:
        return self.number(0, 1) == 1

    def draw(self, *shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=self.random)

    def filled(self, module: torch.nn.Module) -> torch.nn.Module:
        with torch.no_grad():
            for parameter in module.parameters():
                scale = parameter.shape[-1] ** -0.5 if parameter.dim() > 1 else 0.2
                parameter.copy_(self.draw(*parameter.shape) * scale)
        return module

    def states(self, name: str, h: tuple[int, ...], c: tuple[int, ...], dtype: torch.dtype):
        """Nothing, or the states a module of that kind takes."""
        if self.coin():
            return ()
        h0, c0 = self.draw(*h).to(dtype), self.draw(*c).to(dtype)
        return ((h0, c0),) if name.startswith("lstm") else (h0,)

    def layers(self, name: str, dtype: torch.dtype) -> Sample:
        kind, options = LAYERS[name]
        elements, hidden = self.number(1, 70), self.number(2, 150)
        options = options | {
            "num_layers": self.number(1, 3),
            "bidirectional": self.coin(),
            "bias": self.coin(),
            "batch_first": self.coin(),
        }
        if name == "lstm_projected":
            options["proj_size"] = self.number(1, hidden - 1)
        module = self.filled(kind(elements, hidden, **options)).to(dtype).eval()
        steps, batch, form = self.number(1, 12), self.number(1, 20), self.number(0, 3)
        count = options["num_layers"] * (2 if options["bidirectional"] else 1)
        state = options.get("proj_size", hidden)
        operator = "lstm" if name.startswith("lstm") else name
        if form == 0:  # a packed sequence, lengths in any order
            data = [self.draw(self.number(1, steps), elements).to(dtype) for _ in range(batch)]
            x = pack_sequence(data, enforce_sorted=False)
            operator += ".data"
        else:
            operator += ".input"
            first, second = (batch, steps) if options["batch_first"] else (steps, batch)
            x = self.draw(first, second, elements).to(dtype)
        if form == 1:  # the other way round in memory
            x = x.transpose(0, 1).contiguous().transpose(0, 1)
        if form == 2:
            x = x[0]  # a single sequence
            states = self.states(name, (count, state), (count, hidden), dtype)
        else:
            states = self.states(name, (count, batch, state), (count, batch, hidden), dtype)
        label = f"{name} I {elements} H {hidden} T {steps} B {batch} form {form} {options} {dtype}"
        return Sample(label, operator, module, (x, *states))

    def cells(self, name: str, dtype: torch.dtype) -> Sample:
        kind, options = CELLS[name]
        elements, hidden, batch = self.number(1, 70), self.number(1, 150), self.number(1, 20)
        module = self.filled(kind(elements, hidden, bias=self.coin(), **options)).to(dtype).eval()
        x = self.draw(batch, elements).to(dtype)
        states = self.states(name, (batch, hidden), (batch, hidden), dtype)
        if self.coin():
            x = self.draw(elements, batch).to(dtype).t()
        label = f"{name} I {elements} H {hidden} B {batch} {dtype}"
        return Sample(label, name, module, (x, *states))


def samples(seed: int, count: int, dtypes: tuple[torch.dtype, ...]) -> Iterator[Sample]:
    """`count` of each kind and dtype."""
    fuzz = Fuzz(seed)
    for dtype in dtypes:
        for _ in range(count):
            yield from (fuzz.layers(name, dtype) for name in LAYERS)
            yield from (fuzz.cells(name, dtype) for name in CELLS)


def outputs(result) -> list[torch.Tensor]:
    """Every tensor of a result, in order; those of a PackedSequence too."""
    if isinstance(result, torch.Tensor):
        return [result]
    return [t for item in result if item is not None for t in outputs(item)]


def cast(value, dtype: torch.dtype):
    """Tensors and PackedSequences of `dtype`, in tuples as they were."""
    if isinstance(value, tuple) and not hasattr(value, "data"):
        return tuple(cast(v, dtype) for v in value)
    return value.to(dtype)


def taken(counter: str) -> int:
    return stoker.status()["operators"][counter]["taken"]


def declined(counter: str) -> dict[str, int]:
    return stoker.status()["operators"][counter]["declined"]


def stock(call):
    stoker.disable()
    try:
        return call()
    finally:
        stoker.enable()


def forms(result) -> list:
    return [
        (t.dtype, t.shape, t.stride(), t.requires_grad, t.is_inference()) for t in outputs(result)
    ]
