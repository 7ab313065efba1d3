"""What is measured of each operator: its rows, the problems, and the lines they become.

A problem is a group (words of the directive, such as the mode of a bag) and its place in the grid,
`at`, whose dimensions are those of the directive in kernels/calibration.h.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable
from itertools import product
from typing import ClassVar

from stoker.calibrate.measure import Bench, Variant, pack_seconds
from stoker.calibrate.regions import Band, Region, regions

COLD_BYTES = 64 << 20  # weights in turn, as in a model: more than a core's caches hold


class Operator(ABC):
    opens: tuple[int, ...] = ()  # dimensions that go on beyond the greatest measured value

    @staticmethod
    @abstractmethod
    def rows(linear: list[str], kind: str) -> list[str]:
        """Those that compute that kind of product here; `linear`: linear's rows that do."""

    @staticmethod
    @abstractmethod
    def everywhere(row: str) -> list[str]:
        """The lines of a calibration file by which `row` runs everywhere, from the start."""

    @abstractmethod
    def grid(self, row: str) -> list[tuple[list[str], list[int]]]: ...

    @abstractmethod
    def variants(self, bench: Bench, group: list[str], at: list[int]) -> list[Variant]: ...

    @classmethod
    def lines(cls, points: dict[str, list[dict]]) -> list[str]:
        """Of a calibration file, one a region; `points`: by row, those of one kind of product."""
        return [cls.line(region) for region in regions(points, cls.opens)]

    @staticmethod
    @abstractmethod
    def line(region: Region) -> str: ...


def _types(linear: list[str]) -> list[str]:
    """What the generated rows of every operator are named after: "f32", "bf16_dot", ..."""
    names = [row.removeprefix("jit_") for row in linear if row.startswith("jit_")]
    return [name for name in names if "amx" not in name]


class Linear(Operator):
    """F.linear. at: M, N, K; of a line: M, N * K."""

    SHAPES = ((64, 64), (256, 256), (768, 768), (3072, 768), (768, 3072), (4096, 4096))  # N x K
    ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
    MOST_MACS = 2.5e9  # beyond, one call takes too long for its worth
    opens = (1,)

    def __init__(self):
        self._layers: dict = {}

    @staticmethod
    def rows(linear: list[str], kind: str) -> list[str]:
        return linear

    @staticmethod
    def everywhere(row: str) -> list[str]:
        return [f"rule {row} m 1 * weight 0 * macs 0 pack 0"]

    def grid(self, row: str) -> list[tuple[list[str], list[int]]]:
        return [
            ([], [m, n, k])
            for n, k in self.SHAPES
            for m in self.ROWS
            if m * n * k <= self.MOST_MACS
        ]

    def variants(self, bench: Bench, group: list[str], at: list[int]) -> list[Variant]:
        m, n, k = at
        if (n, k) not in self._layers:
            self._layers.clear()  # first, so that both sets are never there at once
            count = min(500, max(2, -(-COLD_BYTES // (n * k * bench.dtype.itemsize))))
            make, x = bench.torch.nn.Linear, bench.draw(1, k)
            layers = [make(k, n, bias=False, dtype=bench.dtype).eval() for _ in range(count)]
            spent = pack_seconds([lambda layer=layer: layer(x) for layer in layers])
            self._layers[n, k] = layers, spent
        layers, spent = self._layers[n, k]
        x, w = bench.draw(m, k), layers[0].weight.double().t()

        def check() -> float:
            exact, scale = x.double() @ w, x.double().abs() @ w.abs()
            return bench.product_error(layers[0](x), exact, scale, k)

        return [Variant([lambda layer=layer: layer(x) for layer in layers], m, check, spent)]

    @classmethod
    def lines(cls, points: dict[str, list[dict]]) -> list[str]:
        """A row must win with every shape of a weight's size."""

        def by_weight(point: dict) -> dict:
            m, n, k = point["at"]
            return point | {"at": [m, n * k]}

        return super().lines({row: list(map(by_weight, of)) for row, of in points.items()})

    @staticmethod
    def line(region: Region) -> str:
        m, weight = region.bounds
        return f"rule {region.row} m {m} weight {weight} macs 0 pack {region.pack}"


class Batched(Operator):
    """bmm of twelve entries, operands warm. at: M, N, K."""

    BATCH = 12
    MS, NS, KS = (1, 8, 128), (16, 64, 256), (16, 64, 256)

    @staticmethod
    def rows(linear: list[str], kind: str) -> list[str]:
        return [f"jit_batched_{name}" for name in _types(linear)]

    @staticmethod
    def everywhere(row: str) -> list[str]:
        return [f"batched {row} b {order} m 0 * n 0 * k 0 * macs 0" for order in ORDERS]

    def grid(self, row: str) -> list[tuple[list[str], list[int]]]:
        return [
            ([order], list(at)) for order in ORDERS for at in product(self.MS, self.NS, self.KS)
        ]

    def variants(self, bench: Bench, group: list[str], at: list[int]) -> list[Variant]:
        m, n, k = at
        a, b = bench.draw(self.BATCH, m, k), bench.draw(self.BATCH, k, n)
        if group == ["along_k"]:
            b = b.transpose(1, 2).contiguous().transpose(1, 2)

        def call():
            return bench.torch.bmm(a, b)

        def check() -> float:
            wide = a.double(), b.double()
            exact, scale = wide[0] @ wide[1], wide[0].abs() @ wide[1].abs()
            return bench.product_error(call(), exact, scale, k)

        return [Variant([call], m, check, 0.0)]

    @staticmethod
    def line(region: Region) -> str:
        m, n, k = region.bounds
        return f"batched {region.row} b {region.group[0]} m {m} n {n} k {k} macs 0"


ORDERS = ("along_k", "along_n")


class Bags(Operator):
    """embedding_bag on one table that no cache holds. at: bags, indices a bag."""

    TABLE = 600_000, 64
    KINDS = ("sum", "mean", "max", "padded", "scaled", "tracked")
    BAGS, LENGTHS = (1, 16, 128), (1, 8, 40)
    SETS = 32  # of indices, in turn

    def __init__(self):
        self._table = None

    @staticmethod
    def rows(linear: list[str], kind: str) -> list[str]:
        short = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}
        return [f"jit_bag_{short[kind]}"] if kind in short else []

    @staticmethod
    def everywhere(row: str) -> list[str]:
        return [f"bags {row} {kind} bags 0 * length 0 *" for kind in Bags.KINDS]

    def grid(self, row: str) -> list[tuple[list[str], list[int]]]:
        return [
            ([kind], list(at)) for kind in self.KINDS for at in product(self.BAGS, self.LENGTHS)
        ]

    def variants(self, bench: Bench, group: list[str], at: list[int]) -> list[Variant]:
        (kind,), (bags, length), torch = group, at, bench.torch
        if self._table is None:
            self._table = bench.draw(*self.TABLE)
        table, count = self._table.detach().requires_grad_(kind == "tracked"), bags * length
        offsets = torch.arange(0, count, length)
        scales = torch.rand(count).to(bench.dtype) if kind == "scaled" else None
        options = {
            "mode": kind if kind in ("mean", "max") else "sum",
            "per_sample_weights": scales,
            "padding_idx": 0 if kind == "padded" else None,
        }
        sets = [torch.randint(1, len(table), (count,)) for _ in range(self.SETS)]
        calls = [
            lambda i=i: torch.nn.functional.embedding_bag(i, table, offsets, **options)
            for i in sets
        ]

        def check() -> float:
            rows = table[sets[0]].double()
            if scales is not None:
                rows *= scales.double().unsqueeze(1)
            rows = rows.view(bags, length, -1)
            exact = {"mean": rows.mean(1), "max": rows.amax(1)}.get(kind, rows.sum(1))
            error = (calls[0]().double() - exact).abs().max().item()
            return error / (bench.eps * length * rows.abs().max().item())

        return [Variant(calls, 1, check, 0.0)]

    @staticmethod
    def line(region: Region) -> str:
        bags, length = region.bounds
        return f"bags {region.row} {region.group[0]} bags {bags} length {length}"


class Conv(Operator):
    """conv2d with as many channels as outputs. at: images, pixels, outputs."""

    WINDOWS: ClassVar = {  # kernel, stride, outputs
        "point": (1, 1, (64, 128)),
        "strided": (1, 2, (64, 128)),
        "spatial": (3, 1, (32, 64)),
        "depthwise": (3, 1, (64, 256)),
    }
    LAYOUTS = ("last", "first")
    IMAGES, SIZES = (1, 4), (7, 14, 56)
    DEPTHWISE = ("f32", "bf16_wide", "f16")
    opens = (2,)  # as the weights of linear
    COPIES = 2  # of a weight

    @staticmethod
    def rows(linear: list[str], kind: str) -> list[str]:
        generated = [f"jit_conv_{name}" for name in _types(linear)]
        generated += [f"jit_spatial_{name}" for name in _types(linear) if "dot" not in name]
        generated += [f"jit_depthwise_{name}" for name in _types(linear) if name in Conv.DEPTHWISE]
        onednn = {"float32": ["onednn_conv_f32"]}.get(kind, [])
        if kind == "bfloat16":
            native = any("dot" in row or "amx" in row for row in linear)
            onednn = ["onednn_conv_bf16" if native else "onednn_conv_bf16_wide"]
        return generated + onednn

    @staticmethod
    def everywhere(row: str) -> list[str]:
        return [
            f"conv {row} {window} {layout} images 0 * pixels 0 * outputs 0 * macs 0 pack 0"
            for window in Conv.WINDOWS
            for layout in Conv.LAYOUTS
        ]

    def grid(self, row: str) -> list[tuple[list[str], list[int]]]:
        windows: Iterable[str] = self.WINDOWS
        of = row.split("_")[1]
        if of in ("spatial", "depthwise"):
            windows = (of,)
        elif row.startswith("jit"):
            windows = ("point", "strided")
        return [
            ([window, layout], [images, size * size, outputs])
            for window in windows
            for layout in self.LAYOUTS
            for images, size, outputs in product(self.IMAGES, self.SIZES, self.WINDOWS[window][2])
        ]

    def variants(self, bench: Bench, group: list[str], at: list[int]) -> list[Variant]:
        (window, layout), (images, pixels, outputs), torch = group, at, bench.torch
        kernel, stride, _ = self.WINDOWS[window]
        groups = outputs if window == "depthwise" else 1
        memory = torch.channels_last if layout == "last" else torch.contiguous_format
        size = round(pixels**0.5) * stride

        def laid(*shape: int):
            return bench.draw(*shape).contiguous(memory_format=memory)

        x = laid(images, outputs, size, size)
        weights = [laid(outputs, outputs // groups, kernel, kernel) for _ in range(self.COPIES)]

        def convolve(x, w):
            return torch.nn.functional.conv2d(x, w, None, stride, kernel // 2, 1, groups)

        def check() -> float:
            one, w = x[:1].double(), weights[0].double()
            exact, scale = convolve(one, w), convolve(one.abs(), w.abs())
            k = outputs // groups * kernel**2
            return bench.product_error(convolve(x, weights[0])[:1], exact, scale, k)

        calls = [lambda w=w: convolve(x, w) for w in weights]
        return [Variant(calls, images * pixels, check)]

    @staticmethod
    def line(region: Region) -> str:
        (window, layout), (images, pixels, outputs) = region.group, region.bounds
        kernel, _, (fewest, most) = Conv.WINDOWS[window]
        # With fewer channels than were measured a window sums too little to pay for its copies.
        k = f" k {fewest * kernel**2} *" if window == "spatial" else ""
        if (window, layout) == ("depthwise", "first"):  # the copies may outgrow the caches
            outputs = Band(outputs.low, outputs.high or most)
        return (
            f"conv {region.row} {window} {layout} images {images} pixels {pixels} outputs {outputs}"
            f" macs 0 pack {region.pack}{k}"
        )


class Rnn(Operator):
    """Layers and, of one step, cells; H inputs, H units. at: H, B, T.

    A rule of jit_rnn_* speaks for every layer that stock runs as a loop: GRU and RNN are measured,
    and the worse one counts.
    """

    SIZES, BATCHES = (16, 128, 512), (1, 16)
    STEPS: ClassVar = {"rnn": (1, 16), "lstm": (1, 8, 32)}  # oneDNN's LSTM pays once in a call
    opens = (0, 2)

    @staticmethod
    def rows(linear: list[str], kind: str) -> list[str]:
        names = [name for name in _types(linear) if name != "f16"]
        return [f"jit_{layer}_{name}" for layer in Rnn.STEPS for name in names]

    @staticmethod
    def everywhere(row: str) -> list[str]:
        return [f"rnn {row} h 0 * b 0 * t 0 * pack 0"]

    def grid(self, row: str) -> list[tuple[list[str], list[int]]]:
        layer = row.split("_")[1]  # a group: the two kinds of rows are no rivals
        of_layer = product(self.SIZES, self.BATCHES, self.STEPS[layer])
        return [([layer], list(at)) for at in of_layer]

    def variants(self, bench: Bench, group: list[str], at: list[int]) -> list[Variant]:
        (hidden, batch, steps), nn = at, bench.torch.nn
        if group == ["lstm"]:
            kinds = [nn.LSTM]
        else:
            kinds = [nn.GRUCell, nn.RNNCell] if steps == 1 else [nn.GRU, nn.RNN]
        x = bench.draw(steps, batch, hidden)
        return [self._variant(bench, kind(hidden, hidden), x) for kind in kinds]

    @staticmethod
    def _variant(bench: Bench, module, x) -> Variant:
        module = module.to(bench.dtype).eval()
        inputs = x[0] if isinstance(module, bench.torch.nn.RNNCellBase) else x

        def first(result):
            return result[0] if isinstance(result, tuple) else result

        def check() -> float:
            result = first(module(inputs)).double()
            exact = first(copy.deepcopy(module).double()(inputs.double()))
            # h is rounded in every step, which nothing in a cell amplifies much; gates in fp32 are
            # sums of up to a thousand terms.
            bound = 16 * (bench.eps / 2 if bench.eps > 1e-4 else 8 * bench.eps)
            return (result - exact).abs().max().item() / bound

        # Weights of its own: the access of stock's oneDNN counts as a write of them.
        other = copy.deepcopy(module)
        rows = len(x) * x.size(1)
        return Variant([lambda: module(inputs)], rows, check, stock=[lambda: other(inputs)])

    @staticmethod
    def line(region: Region) -> str:
        h, b, t = region.bounds
        return f"rnn {region.row} h {h} b {b} t {t} pack {region.pack}"


OPERATORS: dict[str, type[Operator]] = {
    "linear": Linear,
    "batched": Batched,
    "bags": Bags,
    "conv": Conv,
    "rnn": Rnn,
}
