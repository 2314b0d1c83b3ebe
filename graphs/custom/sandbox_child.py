"""Runs users' modules on the meta device: `python -P sandbox_child.py`, started by
sandbox.py, imports nothing of ours.

A question is one line of JSON: `source` and `class`, `arguments` of the constructor, `tensors` and
`named` for `forward`, each a shape and a dtype. The answer has `outputs` and the shapes of
`weights`, or a `problem`.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any

IDLE_SECONDS = 300.0
"""After so long without a question the process ends; the next question starts another."""


def main() -> None:
    """Answer until nobody asks any more. Users' code sees neither questions nor answers."""
    questions = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    import torch  # noqa: F401

    print(json.dumps("ready"), file=answers, flush=True)
    while True:
        end = threading.Timer(IDLE_SECONDS, os._exit, [0])
        end.daemon = True
        end.start()
        line = questions.readline()
        end.cancel()
        if not line:
            os._exit(0)
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """What a module makes of what arrives."""
    import torch

    try:
        with torch.device("meta"):
            module = _class(question)(**question["arguments"])
            if not isinstance(module, torch.nn.Module):
                return {"problem": "it is no nn.Module"}
            tensors = [_tensor(entry) for entry in question["tensors"]]
            named = {name: _tensor(entry) for name, entry in question["named"].items()}
            outputs = _entry(module(*tensors, **named))
            weights = [list(weight.shape) for weight in module.parameters()]
            return {"outputs": outputs, "weights": weights}
    except BaseException as error:  # whatever users' code raises is the node's problem
        lines = str(error).split("\n")[0].split()
        words = " ".join(lines)[:300]
        kind = type(error).__name__
        return {"problem": words if kind == "RuntimeError" and words else f"{kind}: {words}"}


def _class(question: dict[str, Any]) -> Any:
    names: dict[str, Any] = {"__name__": "user_module"}
    exec(compile(question["source"], "<user module>", "exec"), names)
    return names[question["class"]]


def _tensor(entry: dict[str, Any]) -> Any:
    import torch

    shape, dtype = entry["shape"], getattr(torch, entry["dtype"])
    return torch.empty(shape, dtype=dtype, device="meta")


def _entry(value: Any) -> Any:
    import torch

    if isinstance(value, tuple | list):
        return [_entry(part) for part in value]
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"forward gives a {type(value).__name__}, and a tensor is needed")
    return {"shape": list(value.shape), "dtype": str(value.dtype).removeprefix("torch.")}


if __name__ == "__main__":
    main()
