"""Captured image models move an image in memory on the way in, on the way out, and nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.environment import without_stoker

SEED = 23
# Every row, on any CPU; by these numbers no weight would ever be packed outside a graph.
CALIBRATION = """
family of this test
conv jit_conv_f32 point last images 1 * pixels 1 * outputs 1 * macs 0 pack 1000000
conv jit_conv_f32 strided last images 1 * pixels 1 * outputs 1 * macs 0 pack 1000000
conv jit_spatial_f32 spatial last images 1 * pixels 1 * outputs 1 * macs 0 pack 1000000
conv onednn_conv_f32 depthwise last images 1 * pixels 1 * outputs 1 * macs 0 pack 1000000
conv onednn_conv_f32 grouped last images 1 * pixels 1 * outputs 1 * macs 0 pack 1000000
"""
# Copies of images in one call: one where images come in channels first, one more where one leaves.
COPIES = {
    "resnet50": 1,
    "inverted residuals": 1,
    "squeeze and excite": 1,
    "squeeze by mean": 1,
    "concatenated": 1,
    "dense": 1,
    "pools": 2,  # the rows that leave are made of images channels first
    "pyramid": 2,
    "resized": 2,
    "padded": 1,
    "norm first": 1,
    "grouped": 1,
    "rows between": 2,
    "given channels last": 0,
    "image to image": 2,
}
PROGRAM = """
import json, sys, torch, stoker
from bench.models.mobilenet_v3 import Block
from stoker.graph import backend, roots
from torch import nn
from torch.nn import functional as F

torch.manual_seed(int(sys.argv[1]))
torch.set_grad_enabled(False)
LAST = torch.channels_last


def conv(before, after, window=3, stride=1, groups=1):
    return nn.Conv2d(before, after, window, stride, window // 2, groups=groups, bias=False)


class Net(nn.Module):
    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        self.stem, self.norm = conv(3, 16, 3, 2), nn.BatchNorm2d(16)
        self.head = nn.Linear(16, 5)
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.function(self, F.relu(self.norm(self.stem(x))))


class Bottleneck(nn.Module):
    def __init__(self, before, narrow, after, stride=1):
        super().__init__()
        self.a, self.b = conv(before, narrow, 1), conv(narrow, narrow, 3, stride)
        self.c, self.d = conv(narrow, after, 1), conv(before, after, 1, stride)
        self.norms = nn.ModuleList(map(nn.BatchNorm2d, (narrow, narrow, after, after)))
        self.relu, self.shortcut = nn.ReLU(inplace=True), before != after

    def forward(self, x):
        y = self.relu(self.norms[0](self.a(x)))
        y = self.norms[2](self.c(self.relu(self.norms[1](self.b(y)))))
        y += self.norms[3](self.d(x)) if self.shortcut else x
        return self.relu(y)


def pooled(m, x):
    return m.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


def by_mean(m, x):
    gate = x.mean((2, 3), keepdim=True)
    return pooled(m, x * torch.sigmoid(m.b(F.silu(m.a(gate)))))


def concatenated(m, x):
    parts = [m.a(x), F.relu(m.b(x)), m.c(F.max_pool2d(x, 3, 1, 1)), m.d(F.avg_pool2d(x, 3, 1, 1))]
    return pooled(m, m.e(torch.cat(parts, 1)))


def dense(m, x):
    for part in (m.a, m.b, m.c):
        x = torch.cat([x, part(F.relu(x))], 1)
    return pooled(m, m.d(x))


def pools(m, x):
    x = F.max_pool2d(m.a(x), 2)
    x = torch.cat([F.adaptive_max_pool2d(x, 4), F.adaptive_avg_pool2d(x, 4)], 1)
    return m.b(x).flatten(1)


def pyramid(m, x):
    low = m.b(m.a(x))
    up = F.interpolate(low, scale_factor=2.0, mode="nearest")
    return pooled(m, low), m.d(up + m.c(x))


def resized(m, x):
    small = F.interpolate(m.a(x), size=(6, 6), mode="bilinear", align_corners=False)
    small = F.interpolate(m.b(small), scale_factor=2, mode="bicubic")
    return m.c(F.interpolate(small, x.shape[2:], mode="nearest") + x)


def rows_between(m, x):
    x = m.a(x)
    rows = m.c(F.gelu(m.b(F.layer_norm(x.permute(0, 2, 3, 1), (16,)))))
    return m.d(x + rows.permute(0, 3, 1, 2))


def image():
    return torch.randn(2, 3, 32, 32)


relu6 = nn.ReLU6
nets = {
    "resnet50": Net(lambda m, x: pooled(m, m.a(F.max_pool2d(x, 3, 2, 1))), a=nn.Sequential(
        Bottleneck(16, 8, 32), Bottleneck(32, 8, 32), Bottleneck(32, 16, 48, 2), conv(48, 16, 1))),
    "inverted residuals": Net(lambda m, x: pooled(m, m.a(x)), a=nn.Sequential(
        Block(16, 3, 48, 16, False, relu6, 1), Block(16, 3, 48, 16, False, relu6, 2))),
    "squeeze and excite": Net(lambda m, x: pooled(m, m.a(x)), a=nn.Sequential(
        Block(16, 3, 48, 16, True, nn.ReLU, 1), Block(16, 5, 48, 16, True, nn.Hardswish, 2))),
    "squeeze by mean": Net(by_mean, a=nn.Conv2d(16, 4, 1), b=nn.Conv2d(4, 16, 1)),
    "concatenated": Net(concatenated, a=conv(16, 8, 1), b=conv(16, 8), c=conv(16, 8, 1),
        d=conv(16, 8, 1), e=conv(32, 16)),
    "dense": Net(dense, a=conv(16, 8), b=conv(24, 8), c=conv(32, 8), d=conv(40, 16, 1)),
    "pools": Net(pools, a=conv(16, 16), b=conv(32, 8, 1)),
    "pyramid": Net(pyramid, a=conv(16, 24, 3, 2), b=conv(24, 16), c=conv(16, 16, 1),
        d=conv(16, 16)),
    "resized": Net(resized, a=conv(16, 16), b=conv(16, 16, 1), c=conv(16, 16)),
    "padded": Net(lambda m, x: pooled(m, m.a(F.pad(x, (1, 1, 1, 1)))), a=nn.Conv2d(16, 16, 3, 2)),
    "norm first": Net(lambda m, x: pooled(m, m.a(F.relu(m.b(x)))), a=conv(16, 16),
        b=nn.BatchNorm2d(16)),
    "grouped": Net(lambda m, x: pooled(m, m.b(F.relu(m.a(x)))), a=conv(16, 16, 3, 1, 4),
        b=conv(16, 16, 1, 2)),
    "rows between": Net(rows_between, a=conv(16, 16, 7, 1, 16), b=nn.Linear(16, 32),
        c=nn.Linear(32, 16), d=conv(16, 16, 1)),
    "given channels last": Net(pooled),
    "image to image": Net(lambda m, x: m.b(m.a(x) + x), a=conv(16, 16), b=conv(16, 16)),
}


class Layouts(torch.fx.Interpreter):
    # Do images lie channels last wherever a convolution reads one?
    def call_function(self, target, args, kwargs):
        if target is torch.ops.stoker.convolution.default:
            read = [args[0], *([kwargs["other"]] if kwargs.get("other") is not None else [])]
            lie.extend(each.is_contiguous(memory_format=LAST) for each in read)
        return super().call_function(target, args, kwargs)


def remember(graph, *values, run=backend.Graph.__call__):
    values_of[graph] = values
    return run(graph, *values)


values_of = {}
backend.Graph.__call__, backend.Graph.__hash__ = remember, object.__hash__


def copies(profile):
    # An image is as good as one of its dimensions less: stock convolves one by one.
    def moves(event):
        sizes = event.input_shapes[0] if event.input_shapes else []
        return event.name == "aten::copy_" and len(sizes) > 2
    return sum(map(moves, profile.events()))


def converts(name):
    return any(word in name for word in ("reorder", "to_mkldnn", "to_dense"))


for name, net in nets.items():
    x = image().contiguous(memory_format=LAST) if name == "given channels last" else image()
    for part in net.eval().modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.running_var, 0.5, 2)
    stoker.disable()
    expected = net(x)
    stoker.enable()
    stoker.optimize(net, after=0)
    for _ in range(3):
        net(x)
    lie = []
    with torch.profiler.profile(record_shapes=True) as profile:
        result = net(x)
    root = roots.find(net, create=False)
    (graph,) = root.captures[0].graphs
    Layouts(graph.run.__self__).run(*values_of[graph])
    names = [event.name for event in profile.events()]
    alike = [torch.allclose(a, b, atol=1e-4) for a, b in zip(
        torch.utils._pytree.tree_leaves(result), torch.utils._pytree.tree_leaves(expected))]
    print(json.dumps({
        "name": name, "copies": copies(profile), "alike": all(alike), "served": root.graph_calls,
        "stock": names.count("aten::convolution"), "first": lie.count(False),
        "convolutions": names.count("stoker::convolution"),
        "conversions": sum(map(converts, names))}))
"""


@pytest.fixture(scope="module")
def counts(tmp_path_factory):
    calibration = tmp_path_factory.mktemp("copies") / "calibration.txt"
    calibration.write_text(CALIBRATION)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(SEED)],
        env=without_stoker(STOKER_CALIBRATION=str(calibration)),
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {row["name"]: row for row in rows}


@pytest.mark.parametrize("name", COPIES)
def test_images_are_copied_at_the_edges_only(counts, name):
    found = counts[name]
    assert found["alike"] and found["served"] == 3
    assert found["copies"] <= COPIES[name], found
    assert found["conversions"] == found["first"] == 0, found


@pytest.mark.parametrize("name", COPIES)
def test_weights_are_packed_at_the_second_call_of_a_graph(counts, name):
    """Whatever the calibration asks for: stock lays a weight out anew in every call."""
    assert counts[name]["convolutions"] > 0 and counts[name]["stock"] == 0, counts[name]
