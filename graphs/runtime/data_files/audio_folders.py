"""Audio files in folders, one folder a class."""

import functools
import math
from pathlib import Path

import soundfile
import torch
from torch import Tensor

from graphs.runtime.data_files.class_folders import class_files
from graphs.runtime.data_files.splits import Files, random_split, split_files

SOUNDS = (".wav", ".flac", ".ogg")


def sound_folder(
    folder: Path, rate: int, length: int, validation: float, test: float, seed: int
) -> dict[str, dict[str, Tensor]]:
    """All audio files of a folder with a folder for each class, in memory."""
    paths, label = class_files(folder, SOUNDS)
    wave = torch.stack([read_sound(path, rate, length) for path in paths])
    return random_split({"wave": wave, "label": label}, validation, test, seed)


def sound_files(
    folder: Path, rate: int, length: int, validation: float, test: float, seed: int
) -> dict[str, Files]:
    """The audio files of a folder with a folder for each class, each read when it is asked for."""
    paths, label = class_files(folder, SOUNDS)
    read = functools.partial(read_sound, rate=rate, length=length)
    return split_files("wave", paths, label, read, validation, test, seed)


def read_sound(path: Path, rate: int, length: int) -> Tensor:
    """The beginning of an audio file as a waveform, -1 to 1, mixed to one channel: (1, T), padded
    with silence.

    `rate` is the sample rate, in hertz. Raises ValueError, which names the file.
    """
    try:
        with soundfile.SoundFile(path) as sound:
            wanted = math.ceil(length * sound.samplerate / rate)
            wave = sound.read(wanted, dtype="float32", always_2d=True).mean(1)
            factor = math.gcd(rate, sound.samplerate)
            up, down = rate // factor, sound.samplerate // factor
    except (soundfile.SoundFileError, OSError) as error:
        raise ValueError(f"{path.parent.name}/{path.name} is no sound: {error}") from error
    if up != down and len(wave):
        import scipy.signal  # takes a second, and is seldom needed

        wave = scipy.signal.resample_poly(wave, up, down)
    result = torch.zeros(1, length)
    part = torch.tensor(wave[:length], dtype=torch.float32)
    result[0, : len(part)] = part
    return result
