"""Small models of the kinds that bf16 regions are for, with weights as drawn."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


def norm(channels: int) -> nn.BatchNorm2d:
    made = nn.BatchNorm2d(channels)
    nn.init.uniform_(made.running_mean, -0.5, 0.5)
    nn.init.uniform_(made.running_var, 0.5, 2)
    nn.init.uniform_(made.weight, 0.5, 1.5)
    nn.init.uniform_(made.bias, -0.5, 0.5)
    return made


def convolution(inputs: int, outputs: int, *args, **kwargs) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, *args, bias=False, **kwargs), norm(outputs))


class Bottleneck(nn.Module):
    def __init__(self, inputs: int, width: int, outputs: int, stride: int):
        super().__init__()
        self.first = convolution(inputs, width, 1)
        self.second = convolution(width, width, 3, stride, 1)
        self.third = convolution(width, outputs, 1)
        changes = stride > 1 or inputs != outputs
        self.shortcut = convolution(inputs, outputs, 1, stride) if changes else nn.Identity()

    def forward(self, x):
        y = F.relu(self.second(F.relu(self.first(x))))
        return F.relu(self.third(y) + self.shortcut(x))


class ResNet(nn.Sequential):
    def __init__(self):
        super().__init__(
            convolution(3, 16, 7, 2, 3), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1),
            Bottleneck(16, 16, 48, 1), Bottleneck(48, 16, 48, 1), Bottleneck(48, 24, 64, 2),
            Bottleneck(64, 24, 64, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
        )  # fmt: skip


class InvertedResidual(nn.Module):
    """As in MobileNet v3: depthwise, hardswish, squeeze and excite."""

    def __init__(self, channels: int, width: int):
        super().__init__()
        self.expand = convolution(channels, width, 1)
        self.depthwise = convolution(width, width, 3, 1, 1, groups=width)
        self.down, self.up = nn.Conv2d(width, 8, 1), nn.Conv2d(8, width, 1)
        self.project = convolution(width, channels, 1)

    def forward(self, x):
        y = F.hardswish(self.depthwise(F.hardswish(self.expand(x))))
        gate = self.up(F.relu(self.down(F.adaptive_avg_pool2d(y, 1))))
        return self.project(y * F.hardsigmoid(gate)) + x


class MobileNet(nn.Sequential):
    def __init__(self):
        super().__init__(
            convolution(3, 16, 3, 2, 1), nn.Hardswish(), InvertedResidual(16, 48),
            InvertedResidual(16, 64), convolution(16, 24, 3, 2, 1), InvertedResidual(24, 72),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 32), nn.Hardswish(),
            nn.Linear(32, 10),
        )  # fmt: skip


class DenseNet(nn.Module):
    """Norms before convolutions, images side by side, zeros around them, nearest neighbours."""

    def __init__(self):
        super().__init__()
        self.stem, self.norms = nn.Conv2d(3, 16, 3), nn.ModuleList([norm(16), norm(24), norm(32)])
        self.convolutions = nn.ModuleList(nn.Conv2d(c, 8, 3, padding=1) for c in (16, 24, 32))
        self.head = nn.Conv2d(40, 6, 3)

    def forward(self, x):
        x = self.stem(x)
        for norm, layer in zip(self.norms, self.convolutions, strict=True):
            x = torch.cat([x, layer(F.relu(norm(x)))], 1)
        x = F.interpolate(F.avg_pool2d(x, 2), scale_factor=2.0, mode="nearest")
        return self.head(F.pad(x, (0, 1, 0, 1)))


class Attention(nn.Module):
    def __init__(self, width: int, causal: bool):
        super().__init__()
        self.parts = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.out, self.causal = nn.Linear(width, width), causal

    def forward(self, x):
        heads = (part(x).unflatten(-1, (4, -1)).transpose(1, 2) for part in self.parts)
        y = F.scaled_dot_product_attention(*heads, is_causal=self.causal)
        return self.out(y.transpose(1, 2).flatten(2))


class BertLayer(nn.Module):
    def __init__(self, width: int = 64):
        super().__init__()
        self.attention = Attention(width, causal=False)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))

    def forward(self, x):
        x = self.norms[0](self.attention(x) + x)
        return self.norms[1](self.down(F.gelu(self.up(x))) + x)


class GptLayer(nn.Module):
    """Norms first, so that the residual stream is a sum of linear layers from end to end."""

    def __init__(self, width: int = 64):
        super().__init__()
        self.attention = Attention(width, causal=True)
        self.gate, self.up = nn.Linear(width, 160, bias=False), nn.Linear(width, 160, bias=False)
        self.down = nn.Linear(160, width, bias=False)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))

    def forward(self, x):
        x = x + self.attention(self.norms[0](x))
        y = self.norms[1](x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Tokens(nn.Module):
    def __init__(self, layer, count: int = 3, width: int = 64):
        super().__init__()
        self.embedding, self.layers = nn.Embedding(99, width), nn.ModuleList()
        self.layers.extend(layer(width) for _ in range(count))
        self.head = nn.Linear(width, 99)

    def forward(self, tokens):
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.into, self.lstm, self.out = nn.Linear(24, 24), nn.LSTM(24, 32), nn.Linear(32, 8)

    def forward(self, x):
        return self.out(self.lstm(self.into(x))[0])


def image() -> torch.Tensor:
    return torch.randn(2, 3, 40, 40)


def tokens() -> torch.Tensor:
    return torch.randint(99, (2, 11))


class Prenorm(nn.Module):
    """Norms before what multiplies."""

    def __init__(self):
        super().__init__()
        self.stem, self.first, self.convolution = (
            nn.Conv2d(3, 16, 3),
            norm(16),
            nn.Conv2d(16, 24, 3),
        )
        self.up, self.rows = nn.Linear(24, 256), nn.BatchNorm1d(256)
        self.down = nn.Linear(256, 256)

    def forward(self, x):
        y = F.relu(self.convolution(self.first(F.relu(self.stem(x)))))
        return self.down(self.rows(F.relu(self.up(y.mean((2, 3))))))


MODELS = {
    "resnet": (ResNet, image),
    "mobilenet": (MobileNet, image),
    "densenet": (DenseNet, image),
    "prenorm": (Prenorm, image),
    "bert": (lambda: Tokens(BertLayer), tokens),
    "gpt": (lambda: Tokens(GptLayer), tokens),
    "lstm": (Lstm, lambda: torch.randn(7, 2, 24)),
}


def make(name: str) -> tuple[nn.Module, torch.Tensor]:
    kind, given = MODELS[name]
    return kind().eval(), given()
