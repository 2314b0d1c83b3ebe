"""Array work on a GPU gives what it gives on the CPU."""

import copy

import pytest
import torch
from torch import nn

from graphs.runtime.layers.augmentation import (
    AddNoise,
    CutOut,
    MixUp,
    RandomAffine,
    RandomFlip,
    RandomPlace,
    array_libraries,
    on_arrays,
)
from graphs.runtime.layers.spectra import Standardise, spectrogram

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")

MODULES = [
    RandomAffine(20, 2, 0.1),
    RandomFlip(),
    AddNoise(),
    CutOut(4),
    RandomPlace(20, 15),
    Standardise([], []),
]


def images() -> torch.Tensor:
    return torch.rand(6, 3, 9, 12, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: type(module).__name__)
def test_on_both_devices(module: nn.Module) -> None:
    results = []
    for device in ("cpu", "cuda"):
        torch.manual_seed(3)
        result = copy.deepcopy(module).to(device)(images().to(device))
        assert result.device.type == device
        results.append(result.cpu())
    torch.testing.assert_close(*results, atol=1e-5, rtol=0)


def test_mixed_on_both_devices() -> None:
    results = []
    for device in ("cpu", "cuda"):
        torch.manual_seed(3)
        mixed, target = MixUp(3)(images().to(device), (torch.arange(6) % 3).to(device))
        results.append(torch.cat([mixed.flatten(1), target], 1).cpu())
    torch.testing.assert_close(*results, atol=1e-5, rtol=0)


def test_a_spectrogram_on_both_devices() -> None:
    wave = torch.randn(2, 1, 500, generator=torch.Generator().manual_seed(0))
    ours, theirs = (spectrogram(w, 64, 16, False).cpu() for w in (wave, wave.cuda()))
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_an_array_is_handed_over_without_a_copy() -> None:
    pytest.importorskip("cupy", reason="CuPy is not installed: the extra cuda has it")
    assert array_libraries("cuda")[0].__name__ == "cupy"
    given = images().cuda()
    seen = []

    def work(xp, ndimage, array):
        seen.append(array.data.ptr)
        return array

    result = on_arrays(work, given)
    assert seen == [given.data_ptr()] == [result.data_ptr()]
