"""Array work: what it does to samples, the same for the same seed, on every device."""

import math

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import torch
from torch import Tensor, nn

from graphs.runtime.layers import augmentation
from graphs.runtime.layers.augmentation import (
    AddNoise,
    CutOut,
    MixUp,
    RandomAffine,
    RandomFlip,
    RandomPlace,
)
from graphs.runtime.layers.spectra import Standardise, spectrogram

IMAGES = torch.rand(6, 3, 9, 12, generator=torch.Generator().manual_seed(0))
MODULES = [RandomAffine(20, 2, 0.1), RandomFlip(), AddNoise(), CutOut(4)]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: type(module).__name__)
def test_only_in_training_and_the_same_for_the_same_seed(module: nn.Module) -> None:
    results = []
    for _ in range(2):
        torch.manual_seed(3)
        results.append(module.train()(IMAGES))
    assert torch.equal(*results) and not torch.equal(results[0], IMAGES)
    assert not torch.equal(module(IMAGES), results[0])
    assert results[0].dtype == IMAGES.dtype and results[0].shape == IMAGES.shape
    assert torch.equal(module.eval()(IMAGES), IMAGES)


def moved(image: Tensor, angle: float, down: float, right: float) -> Tensor:
    values = [np.array([value], np.float32) for value in (angle, down, right, 1.0)]
    return augmentation.on_arrays(augmentation.moved, image[None], *values)[0]


def test_a_whole_shift_moves_pixels() -> None:
    result = moved(IMAGES[0], 0.0, 2.0, -3.0)
    torch.testing.assert_close(result[:, 2:, :-3], IMAGES[0][:, :-2, 3:])
    assert result[:, :2].abs().sum() == result[:, :, -3:].abs().sum() == 0


def test_a_turn_is_that_of_scipy() -> None:
    """And a quarter of it is exact."""
    square = IMAGES[0][:, :, :9]
    torch.testing.assert_close(
        moved(square, math.pi / 2, 0, 0), square.rot90(-1, (1, 2)), atol=1e-5, rtol=0
    )
    ours = moved(square, math.radians(17), 0.0, 0.0)
    theirs = scipy.ndimage.rotate(square.numpy(), -17, (1, 2), reshape=False, order=1)
    torch.testing.assert_close(
        ours[:, 2:-2, 2:-2], torch.tensor(theirs)[:, 2:-2, 2:-2], atol=1e-4, rtol=0
    )


def test_an_image_lies_somewhere_on_its_canvas() -> None:
    """Whole, elsewhere each time in training, and always at the same places in evaluation."""
    place = RandomPlace(20, 15)
    torch.manual_seed(0)
    first, second = place(IMAGES), place(IMAGES)
    assert not torch.equal(first, second)
    for image, canvas in zip(IMAGES, first, strict=True):
        assert canvas.shape == (3, 20, 15) and (canvas != 0).sum() == (image != 0).sum()
        rows, columns = ((canvas != 0).any(0).any(axis).nonzero()[:, 0] for axis in (1, 0))
        assert torch.equal(canvas[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], image)
    assert torch.equal(place.eval()(IMAGES), place(IMAGES))


def test_a_hole_is_a_square() -> None:
    torch.manual_seed(0)
    holes = (CutOut(4)(IMAGES + 1) == 0).all(1)
    assert holes.sum((1, 2)).max() == 16 and (holes.sum((1, 2)) > 0).all()


def test_some_images_are_flipped() -> None:
    torch.manual_seed(1)
    result = RandomFlip(0.5)(IMAGES)
    flipped = [torch.equal(a, b.flip(-1)) for a, b in zip(result, IMAGES, strict=True)]
    same = [torch.equal(a, b) for a, b in zip(result, IMAGES, strict=True)]
    assert any(flipped) and any(same) and all(a != b for a, b in zip(flipped, same, strict=True))


def test_classes_are_mixed_as_samples_are() -> None:
    torch.manual_seed(0)
    label = torch.arange(6) % 3
    shown = nn.functional.one_hot(label, 3).float()
    mixed, target = MixUp(3, 1.0)(shown, label)
    torch.testing.assert_close(mixed, target)
    torch.testing.assert_close(target.sum(1), torch.ones(6))
    assert not torch.equal(target, shown)
    still, plain = MixUp(3).eval()(IMAGES, label)
    assert torch.equal(still, IMAGES) and torch.equal(plain, shown)


def test_samples_on_one_scale() -> None:
    own = Standardise([], [])(IMAGES)
    torch.testing.assert_close(own.flatten(1).mean(1), torch.zeros(6), atol=1e-5, rtol=0)
    torch.testing.assert_close(own.flatten(1).std(1), torch.ones(6))
    known = Standardise([0.1, 0.2, 0.3], [1.0, 2.0, 4.0])(IMAGES)
    torch.testing.assert_close(known[:, 2], (IMAGES[:, 2] - 0.3) / 4)


def test_the_spectrogram_is_that_of_scipy() -> None:
    wave = torch.randn(2, 1, 256, generator=torch.Generator().manual_seed(0))
    ours = spectrogram(wave, 32, 16, logarithm=False)
    transform = scipy.signal.ShortTimeFFT(scipy.signal.windows.hann(32, sym=False), 16, 1)
    theirs = np.abs(transform.stft(wave[:, 0].numpy()))
    first = -transform.p_min
    inner = torch.tensor(theirs[:, :, first + 1 : first + 16], dtype=torch.float32)
    torch.testing.assert_close(ours[:, 0, :, 1:16], inner, atol=1e-4, rtol=1e-4)


def test_without_cuda_numpy_does_the_work() -> None:
    assert augmentation.array_libraries("cpu") == (np, scipy.ndimage)
    if not torch.cuda.is_available():
        assert augmentation.array_libraries("cuda") == (np, scipy.ndimage)
