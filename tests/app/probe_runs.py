"""Runs with looks of every kind of probe, for tests of the monitor."""

import json
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from app.runs.probe_files import probe_path
from app.runs.run_folder import Run

RATE = 4000
PROBES: dict[str, dict[str, Any]] = {
    "samples": {"picture": "images", "options": {"low": 0.0, "high": 1.0}},
    "reconstructions": {"picture": "images", "options": {}},
    "waves": {"picture": "curves"},
    "activations": {"picture": "histogram"},
    "codes": {"picture": "scatter", "options": {"names": []}},
    "mistakes": {"picture": "matrix", "options": {"names": []}},
    "strings": {"picture": "sound", "options": {"sample_rate": RATE}},
    "writes": {"picture": "text", "options": {"reading": "characters", "alphabet": " abcdefgh"}},
    "answers": {"picture": "table", "options": {"names": ["sepal", "petal", "guess", "right"]}},
}


def add_probes(run: Run, *steps: int, probes: dict[str, dict[str, Any]] = PROBES) -> None:
    """Give a run these probes, looked at after these steps."""
    info = json.loads(run.info_path.read_text())
    info["probes"] = {name: {"node": name, **probe} for name, probe in probes.items()}
    run.info_path.write_text(json.dumps(info))
    for step in steps:
        add_look(run, step, looked_at(step, probes))


def add_look(run: Run, step: int, arrays: dict[str, np.ndarray]) -> None:
    """Keep what the probes showed after a step."""
    run.probes_path.mkdir(exist_ok=True)
    save_file(arrays, probe_path(run.probes_path, step))


def looked_at(step: int, probes: dict[str, dict[str, Any]] = PROBES) -> dict[str, np.ndarray]:
    """What each probe shows after a step, better the later it is."""
    draw, skill = np.random.default_rng(0), step / (step + 40)
    y, x = np.mgrid[0:8, 0:8]
    ring = np.abs(np.hypot(x - 3.5, y - 3.5) - 2.5) < 1
    noise = draw.random((16, 1, 8, 8))
    images = (skill * ring + (1 - skill) * noise).astype(np.float32)
    label = np.arange(200) % 10
    centres = 4 * np.stack([np.cos(label * 0.628), np.sin(label * 0.628)], 1)
    ticks = np.linspace(0, 6, 30)
    counts = np.diag(np.full(10, 20)) + draw.integers(0, 3, (10, 10))
    time = np.arange(2000) / RATE
    found = {
        "samples.images": images,
        "reconstructions.images": np.stack([images, noise.astype(np.float32)], 1)[:8],
        "waves.y": np.stack([np.sin(ticks + k) * skill for k in range(3)])[..., None],
        "waves.target": np.stack([np.sin(ticks + k) for k in range(3)])[..., None],
        "waves.x": np.stack([ticks] * 3)[..., None],
        "activations.counts": np.histogram(draw.normal(size=900), 30)[0],
        "activations.edges": np.linspace(-3, 3, 31),
        "codes.points": (skill * centres + draw.normal(size=(200, 2))).astype(np.float32),
        "codes.label": label,
        "mistakes.counts": counts,
        "strings.sound": np.stack([np.sin(2760 * time) * np.exp(-6 * time)] * 2)[:, None],
        "writes.tokens": draw.integers(0, 9, (3, 90)),
        "answers.wire_1": draw.normal(size=(12, 2)).astype(np.float32),
        "answers.wire_2": draw.normal(size=12),
        "answers.wire_3": draw.integers(0, 3, 12),
    }
    kept = {name: a for name, a in found.items() if name.partition(".")[0] in probes}
    return {name: np.ascontiguousarray(array) for name, array in kept.items()}
