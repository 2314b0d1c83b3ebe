"""A class of the user's as the target of a description. It is never made in this process: a meta
run asks a child process what leaves it, and only where the user trusts its file.
"""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any

import torch
from torch import nn

from graphs.custom.import_statements import import_block
from graphs.custom.module_signature import Signature, signature_of
from graphs.custom.python_files import PythonFile
from graphs.custom.sandbox import ask
from graphs.custom.source_extraction import UserCode
from graphs.custom.trust import is_trusted
from graphs.nodetypes.node_type import Misfit
from graphs.nodetypes.outputs import output_paths
from graphs.nodetypes.tensor_kinds import in_words


class UserClass:
    """Stands for a class in a user's file. Calling it constructs a module for meta runs."""

    is_module = True

    def __init__(self, file: PythonFile, name: str) -> None:
        self.file = file
        self.__name__ = name
        self.__signature__ = _python_signature(self.signature)

    @property
    def signature(self) -> Signature:
        """What the class shows."""
        return signature_of(self.file, self.__name__)

    def __call__(self, **arguments: Any) -> UserModule:
        return UserModule(self, arguments)


def _python_signature(signature: Signature) -> inspect.Signature:
    """The constructor's, so that printed code leaves defaults out."""
    empty = inspect.Parameter.empty
    made = [
        inspect.Parameter(
            parameter.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=empty if parameter.name in signature.required else parameter.default,
        )
        for parameter in signature.parameters
    ]
    return inspect.Signature(made)


@lru_cache(maxsize=1024)
def user_class(file: PythonFile, name: str) -> UserClass:
    """The one object that stands for a class."""
    return UserClass(file, name)


class UserModule(nn.Module):
    """A user's module on the meta device."""

    def __init__(self, class_: UserClass, arguments: dict[str, Any]) -> None:
        super().__init__()
        self.class_ = class_
        self.arguments = arguments

    def forward(self, *tensors: torch.Tensor, **named: torch.Tensor) -> Any:
        """What leaves the module, as meta tensors. Raises Misfit where it refuses, or where its
        file is not trusted.
        """
        name = self.class_.__name__
        if not is_trusted(self.class_.file.digest):
            raise Misfit(f"{self.class_.file.name} is not trusted")
        answer = ask(self._question(tensors, named))
        if "problem" in answer:
            raise Misfit(f"{name} does not work here: {in_words(answer['problem'])}")
        self.learned = nn.ParameterList(
            nn.Parameter(torch.empty(shape, device="meta")) for shape in answer["weights"]
        )
        self._require_count(answer["outputs"])
        return _tensors(answer["outputs"])

    def _question(
        self, tensors: tuple[torch.Tensor, ...], named: dict[str, torch.Tensor]
    ) -> dict[str, Any]:
        return {
            "source": standalone(self.class_),
            "class": self.class_.__name__,
            "arguments": self.arguments,
            "tensors": [_entry(tensor) for tensor in tensors],
            "named": {name: _entry(tensor) for name, tensor in named.items()},
        }

    def _require_count(self, outputs: Any) -> None:
        """Raise Misfit where something else comes out than the annotation of `forward` says."""
        said = len(output_paths(self.class_.signature.outputs))
        several = isinstance(self.class_.signature.outputs, tuple)
        got = len(outputs) if isinstance(outputs, list) else 1
        if said != got or several != isinstance(outputs, list):
            name = self.class_.__name__
            raise Misfit(f"forward of {name} says that it gives {said} tensors, and gives {got}")


def _entry(tensor: torch.Tensor) -> dict[str, Any]:
    return {"shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch.")}


def _tensors(entry: Any) -> Any:
    if isinstance(entry, list):
        return tuple(map(_tensors, entry))
    return torch.empty(entry["shape"], dtype=getattr(torch, entry["dtype"]), device="meta")


@lru_cache(maxsize=256)
def standalone(class_: UserClass) -> str:
    """A class's source alone, as it stands in exported files."""
    code = UserCode(taken={})
    code.add(class_.file, [class_.__name__])
    return "\n\n\n".join([import_block(code.imports), *code.texts]) + "\n"
