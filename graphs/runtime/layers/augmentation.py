"""Augmentation of batches, written once for NumPy and SciPy, and done by CuPy on a CUDA device.

All that is random is drawn by NumPy on the CPU from a seed of torch's, so results are the same on
every device and come again when a run is resumed.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


@functools.cache
def array_libraries(device_type: str) -> tuple[Any, Any]:
    """NumPy and SciPy's work on images; CuPy's on a CUDA device, where one element was computed."""
    if device_type == "cuda":
        try:
            import cupy
            from cupyx.scipy import ndimage

            if cupy.cuda.runtime.getDeviceCount() and float(cupy.ones(1).sum()) == 1.0:
                return cupy, ndimage
        except (ImportError, RuntimeError):
            pass  # not installed, or its driver is not: the CPU does the work
    import scipy.ndimage

    return np, scipy.ndimage


def on_arrays(work: Callable[..., Any], x: Tensor, *drawn: np.ndarray) -> Tensor:
    """Do array work on a tensor where it lies: `work(xp, ndimage, array, *drawn)`.

    DLPack hands the array over without a copy. Without CuPy the work is done on the CPU.
    """
    xp, ndimage = array_libraries(x.device.type)
    x = x.detach().contiguous()
    if xp is np:
        result = work(np, ndimage, x.cpu().numpy(), *drawn)
        return torch.from_numpy(np.ascontiguousarray(result)).to(x.device)
    with xp.cuda.Device(x.device.index), xp.cuda.ExternalStream(cuda_stream(x.device)):
        array = xp.from_dlpack(x)
        result = work(xp, ndimage, array, *(xp.asarray(values) for values in drawn))
        return torch.utils.dlpack.from_dlpack(xp.ascontiguousarray(result))


def cuda_stream(device: torch.device) -> int:
    """The stream that torch works on, so that both wait for each other."""
    return torch.cuda.current_stream(device).cuda_stream


def numpy_generator() -> np.random.Generator:
    """A generator of NumPy's whose seed comes from torch's, which checkpoints keep."""
    return np.random.default_rng(int(torch.randint(2**62, ())))


def moved(xp: Any, ndimage: Any, images: Any, angle: Any, down: Any, right: Any, scale: Any) -> Any:
    """Affine transformations of images, (N, C, H, W): rotated around their centre, by radians,
    scaled, and shifted, by pixels.

    Between pixels values are interpolated linearly; what comes in from outside is 0.
    """
    count, channels, height, width = images.shape
    y = xp.arange(height, dtype=xp.float32)[None, :, None] - (height - 1) / 2
    x = xp.arange(width, dtype=xp.float32)[None, None, :] - (width - 1) / 2
    y, x = y - down[:, None, None], x - right[:, None, None]
    cos = (xp.cos(angle) / scale)[:, None, None]
    sin = (xp.sin(angle) / scale)[:, None, None]
    rows, columns = cos * y - sin * x + (height - 1) / 2, sin * y + cos * x + (width - 1) / 2
    place = xp.arange(count * channels, dtype=xp.float32)[:, None, None]
    rows, columns = xp.repeat(rows, channels, 0), xp.repeat(columns, channels, 0)
    coordinates = xp.stack([xp.broadcast_to(place, rows.shape), rows, columns])
    flat = images.reshape(count * channels, height, width)
    result = ndimage.map_coordinates(flat, coordinates, order=1, mode="constant", cval=0.0)
    return result.reshape(images.shape)


def flipped(xp: Any, ndimage: Any, images: Any, chosen: Any) -> Any:
    """Images, (N, C, H, W), of which some are mirrored."""
    return xp.where(chosen[:, None, None, None], images[..., ::-1], images)


def noisy(xp: Any, ndimage: Any, values: Any, noise: Any) -> Any:
    """Values with noise added."""
    return values + noise


def cut(xp: Any, ndimage: Any, images: Any, top: Any, left: Any, size: Any) -> Any:
    """Images, (N, C, H, W), with a square of each set to 0."""
    y = xp.arange(images.shape[2])[None, :, None]
    x = xp.arange(images.shape[3])[None, None, :]
    top, left = top[:, None, None], left[:, None, None]
    inside = (y >= top) & (y < top + size) & (x >= left) & (x < left + size)
    return xp.where(inside[:, None], xp.zeros_like(images), images)


def mixed(xp: Any, ndimage: Any, values: Any, partner: Any, share: Any) -> Any:
    """Each sample blended with another: so much of itself, the rest of its partner."""
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    return share * values + (1 - share) * values[partner]


class RandomAffine(nn.Module):
    """Random affine augmentation: rotates, scales and shifts each image while training,
    (N, C, H, W).
    """

    def __init__(self, degrees: float = 0.0, shift: float = 0.0, scale: float = 0.0) -> None:
        super().__init__()
        self.degrees = degrees
        self.shift = shift
        self.scale = scale

    def forward(self, image: Tensor) -> Tensor:
        """The images, changed while training."""
        if not self.training:
            return image
        draw = numpy_generator()
        turn, down, right, size = draw.uniform(-1, 1, (4, len(image))).astype(np.float32)
        angle, scale = math.radians(self.degrees) * turn, np.exp(self.scale * size)
        return on_arrays(moved, image, angle, self.shift * down, self.shift * right, scale)


class RandomFlip(nn.Module):
    """Random horizontal flip while training: (N, C, H, W)."""

    def __init__(self, share: float = 0.5) -> None:
        super().__init__()
        self.share = share

    def forward(self, image: Tensor) -> Tensor:
        """The images, some flipped left to right while training."""
        if not self.training:
            return image
        return on_arrays(flipped, image, numpy_generator().random(len(image)) < self.share)


class AddNoise(nn.Module):
    """Adds Gaussian noise while training, to values of any shape."""

    def __init__(self, deviation: float = 0.1) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, x: Tensor) -> Tensor:
        """The values, with noise while training."""
        if not self.training:
            return x
        noise = numpy_generator().standard_normal(x.shape, np.float32)
        return on_arrays(noisy, x, np.float32(self.deviation) * noise)


class CutOut(nn.Module):
    """Cutout: sets a square of each image to 0 while training, at a random place, (N, C, H, W)
    (DeVries and Taylor 2017, arXiv 1708.04552).
    """

    def __init__(self, size: int = 8) -> None:
        super().__init__()
        self.size = size

    def forward(self, image: Tensor) -> Tensor:
        """The images, each with a hole while training."""
        if not self.training:
            return image
        draw, (height, width) = numpy_generator(), image.shape[2:]
        top = draw.integers(0, height, len(image)) - self.size // 2
        left = draw.integers(0, width, len(image)) - self.size // 2
        return on_arrays(cut, image, top, left, np.array(self.size))


class MixUp(nn.Module):
    """MixUp: blends each sample with another while training, and their labels in the same
    proportions (Zhang et al. 2017, arXiv 1710.09412).
    """

    def __init__(self, num_classes: int, strength: float = 0.2) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.strength = strength

    def forward(self, x: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        """The samples, (N, …), and their soft labels, (N, C)."""
        target = nn.functional.one_hot(label, self.num_classes).float()
        if not self.training:
            return x, target
        draw = numpy_generator()
        share = draw.beta(self.strength, self.strength, len(x)).astype(np.float32)
        partner = draw.permutation(len(x))
        return on_arrays(mixed, x, partner, share), on_arrays(mixed, target, partner, share)


class RandomPlace(nn.Module):
    """Lays each image on a larger canvas of zeros, at a random place: (N, C, H, W).

    In evaluation mode the places are as random, and the same each time.
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height = height
        self.width = width

    def forward(self, image: Tensor) -> Tensor:
        """The images, on canvases of this height and width."""
        count, channels, height, width = image.shape
        draw = None if self.training else torch.Generator().manual_seed(0)
        top = torch.randint(self.height - height + 1, (count, 1, 1), generator=draw)
        left = torch.randint(self.width - width + 1, (count, 1, 1), generator=draw)
        rows = (top + torch.arange(height)[:, None]).to(image.device)
        columns = (left + torch.arange(width)).to(image.device)
        sample = torch.arange(count, device=image.device)[:, None, None]
        canvas = image.new_zeros(count, channels, self.height, self.width)
        canvas[sample, :, rows, columns] = image.movedim(1, 3)
        return canvas
