"""MobileNet v3 large (Howard et al., 2019, table 1), which transformers does not have."""

from __future__ import annotations

import torch
from torch import nn

# window, expanded, out, squeeze and excite, activation, stride
BLOCKS = (
    (3, 16, 16, False, nn.ReLU, 1),
    (3, 64, 24, False, nn.ReLU, 2),
    (3, 72, 24, False, nn.ReLU, 1),
    (5, 72, 40, True, nn.ReLU, 2),
    (5, 120, 40, True, nn.ReLU, 1),
    (5, 120, 40, True, nn.ReLU, 1),
    (3, 240, 80, False, nn.Hardswish, 2),
    (3, 200, 80, False, nn.Hardswish, 1),
    (3, 184, 80, False, nn.Hardswish, 1),
    (3, 184, 80, False, nn.Hardswish, 1),
    (3, 480, 112, True, nn.Hardswish, 1),
    (3, 672, 112, True, nn.Hardswish, 1),
    (5, 672, 160, True, nn.Hardswish, 2),
    (5, 960, 160, True, nn.Hardswish, 1),
    (5, 960, 160, True, nn.Hardswish, 1),
)


def _conv(
    before: int,
    after: int,
    window: int = 1,
    stride: int = 1,
    groups: int = 1,
    activation: type[nn.Module] | None = None,
) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(before, after, window, stride, window // 2, groups=groups, bias=False),
        nn.BatchNorm2d(after, eps=0.001),
    ]
    return nn.Sequential(*layers, *([activation(inplace=True)] if activation else []))


def _whole_eighths(channels: int) -> int:
    """The nearest multiple of 8 that is not below nine tenths."""
    near = max(8, (channels + 4) // 8 * 8)
    return near if near >= 0.9 * channels else near + 8


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        narrow = _whole_eighths(channels // 4)
        self.reduce = nn.Conv2d(channels, narrow, 1)
        self.expand = nn.Conv2d(narrow, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scale = nn.functional.adaptive_avg_pool2d(x, 1)
        scale = nn.functional.relu(self.reduce(scale))
        return nn.functional.hardsigmoid(self.expand(scale)) * x


class Block(nn.Module):
    """An inverted residual."""

    def __init__(self, before, window, wide, after, squeeze, activation, stride):
        super().__init__()
        layers: list[nn.Module] = []
        if wide != before:
            layers.append(_conv(before, wide, activation=activation))
        layers.append(_conv(wide, wide, window, stride, groups=wide, activation=activation))
        if squeeze:
            layers.append(SqueezeExcite(wide))
        layers.append(_conv(wide, after))
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and before == after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x) if self.residual else self.layers(x)


class MobileNetV3Large(nn.Module):
    """(batch, 3, height, width) to (batch, classes)."""

    def __init__(self, classes: int = 1000):
        super().__init__()
        layers: list[nn.Module] = [_conv(3, 16, 3, 2, activation=nn.Hardswish)]
        before = 16
        for window, wide, after, squeeze, activation, stride in BLOCKS:
            layers.append(Block(before, window, wide, after, squeeze, activation, stride))
            before = after
        layers.append(_conv(before, 960, activation=nn.Hardswish))
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Sequential(
            nn.Linear(960, 1280),
            nn.Hardswish(inplace=True),
            nn.Dropout(0.2),
            nn.Linear(1280, classes),
        )

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(pixels))
