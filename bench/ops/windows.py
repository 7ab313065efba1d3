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
    transposed: bool = False

    @property
    def padding(self) -> int:
        return (self.kernel - self.stride) // 2 if self.transposed else self.kernel // 2

    @property
    def pixels(self) -> int:
        """Of a result image; of a transposed convolution of an input's."""
        if self.transposed:
            return self.size**2
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
    """Versions 2 and 3 and EfficientNet: channels, size, kernel, stride."""
    layers = (
        (32, 112, 3, 1), (96, 112, 3, 2), (144, 56, 3, 1), (192, 28, 3, 1), (384, 14, 3, 1),
        (960, 7, 3, 1), (16, 112, 3, 2), (72, 56, 5, 2), (120, 28, 5, 1), (576, 14, 3, 2),
        (672, 14, 5, 1), (960, 7, 5, 1),
    )  # fmt: skip
    return [
        Window(
            f"mobilenet.depthwise{width}_{size}" + ("" if kernel == 3 else f"_{kernel}x{kernel}"),
            width, width, size, kernel, stride, groups=width,
        )
        for width, size, kernel, stride in layers
    ]  # fmt: skip


def _transposed() -> list[Window]:
    """Of generators (DCGAN) and of U-Net's way up; each doubles the image."""
    layers = (
        ("dcgan.up8", 512, 256, 4, 4),
        ("dcgan.up16", 256, 128, 8, 4),
        ("dcgan.up32", 128, 64, 16, 4),
        ("dcgan.image", 64, 3, 32, 4),
        ("unet.up28", 1024, 512, 14, 2),
        ("unet.up56", 512, 256, 28, 2),
        ("unet.up112", 256, 128, 56, 2),
        ("unet.up224", 128, 64, 112, 2),
    )
    return [Window(*layer, stride=2, transposed=True) for layer in layers]


WINDOWS, TRANSPOSED = _resnet50() + _mobilenet(), _transposed()


def select_transposed(wanted: str) -> list[Window]:
    return select_windows(wanted, TRANSPOSED)


def select_windows(wanted: str, windows: list[Window] = WINDOWS) -> list[Window]:
    """Those that `wanted` names: models, or names and what they begin with, separated by commas.

    Raises ShapeError for a name that is none of them.
    """
    selected: list[Window] = []
    for name in wanted.split(","):
        found = [window for window in windows if window.name.startswith(name)]
        if not name or not found:
            raise ShapeError(f"no convolution begins with '{name}'")
        selected += [window for window in found if window not in selected]
    return selected
