"""Which device trains."""

from __future__ import annotations

import torch


class DeviceError(ValueError):
    """A device that this computer does not have; its text is one sentence."""


def available() -> list[torch.device]:
    """What this computer can train on, best first; the CPU is last."""
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if accelerator is None:
        return [torch.device("cpu")]
    if accelerator.type == "mps":
        return [torch.device("mps"), torch.device("cpu")]
    count = torch.accelerator.device_count()
    return [*(torch.device(accelerator.type, i) for i in range(count)), torch.device("cpu")]


def resolve(asked: str) -> torch.device:
    """The device of a name: auto (the best here), cpu, cuda, cuda:1, mps. Raises DeviceError."""
    there = available()
    if asked == "auto":
        return there[0]
    for device in there:
        if asked in (str(device), device.type):
            return device
    raise DeviceError(
        f"There is no device {asked} here: this computer has {_listed(there)}; auto takes the best."
    )


def _listed(devices: list[torch.device]) -> str:
    names = [str(device) for device in devices]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
