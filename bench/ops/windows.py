"""Named convolutions of image models: every one of ResNet-50, and MobileNet's depthwise ones."""

from __future__ import annotations

from dataclasses import dataclass

from bench.ops.shapes import ShapeError


@dataclass(frozen=True)
class Window:
    name: str
    channels: int
    outputs: int
    size: int  # of the input, in both dimensions
    kernel: int
    stride: int = 1
    groups: int = 1

    @property
    def padding(self) -> int:
        return self.kernel // 2

    @property
    def pixels(self) -> int:
        """Of a result image."""
        return ((self.size + 2 * self.padding - self.kernel) // self.stride + 1) ** 2

    @property
    def k(self) -> int:
        return self.channels // self.groups * self.kernel**2


def _resnet50() -> list[Window]:
    windows = [Window("resnet50.stem", 3, 64, 224, 7, 2)]
    size, before = 56, 64
    for stage, width in enumerate((64, 128, 256, 512), 1):
        name, wide = f"resnet50.stage{stage}", 4 * width
        stride = 1 if stage == 1 else 2
        windows += [
            Window(f"{name}.first", before, width, size, 1),
            Window(f"{name}.down", width, width, size, 3, stride),
            Window(f"{name}.shortcut", before, wide, size, 1, stride),
        ]
        size, before = size // stride, wide
        windows += [
            Window(f"{name}.reduce", wide, width, size, 1),
            Window(f"{name}.window", width, width, size, 3),
            Window(f"{name}.expand", width, wide, size, 1),
        ]
    return windows


def _mobilenet() -> list[Window]:
    layers = ((32, 112, 1), (96, 112, 2), (144, 56, 1), (192, 28, 1), (384, 14, 1), (960, 7, 1))
    return [
        Window(f"mobilenet.depthwise{width}_{size}", width, width, size, 3, stride, groups=width)
        for width, size, stride in layers
    ]


WINDOWS = _resnet50() + _mobilenet()


def select_windows(wanted: str) -> list[Window]:
    """Those that `wanted` names: models, or names and what they begin with, separated by commas.

    Raises ShapeError for a name that is none of them.
    """
    selected: list[Window] = []
    for name in wanted.split(","):
        found = [window for window in WINDOWS if window.name.startswith(name)]
        if not name or not found:
            raise ShapeError(f"no convolution begins with '{name}'")
        selected += [window for window in found if window not in selected]
    return selected
