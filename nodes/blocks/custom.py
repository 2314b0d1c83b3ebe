"""Blocks: modules of your own, from a Python file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr

from graphs.custom.module_signature import Signature, class_names, signature_of
from graphs.custom.module_stub import user_class
from graphs.custom.python_files import PythonFile, read_python
from graphs.custom.trust import is_trusted
from graphs.nodetypes.expressions import Apply, call
from graphs.nodetypes.file_dependencies import Complaint
from graphs.nodetypes.node_type import BlockInterface, File, Misfit, NodeType, Port
from graphs.nodetypes.outputs import Outputs
from graphs.nodetypes.parameters import Parameter
from graphs.nodetypes.tensor_kinds import Tensor

Value = bool | int | float | str | None
Arguments = Annotated[dict[str, Value], Field(json_schema_extra={"form": "arguments"})]
Seal = Annotated[str, Field(pattern="^([0-9a-f]{64})?$", json_schema_extra={"form": "seal"})]


class Custom(NodeType):
    """A layer of your own: an `nn.Module` that you have written in a Python file, as a node.

    Use it for what no other node does. The ports are the arguments of `forward`, each annotated as
    a `Tensor`, or as `Annotated[Tensor, "image"]` for one of the kinds that wires have; `Tensor |
    None = None` is a port that needs no wire. What leaves is annotated too: `-> Tensor`, or
    `-> tuple[Tensor, Tensor]`, named after what `return mean, spread` returns.

    The form is the arguments of `__init__`: `int`, `float`, `bool`, `str` or `Literal["a", "b"]`,
    with their defaults. A size that arrives on a wire is not asked for: `in_features` and
    `in_channels` are the last and the second axis of the first input, `memory_features` is the last
    axis of the input `memory`, and `Annotated[int, "x.shape[2]"]` is any axis. A line `width: how
    many there are` in a docstring is the help of `width`.

    A Python file is a program, so nothing in it runs before you have looked at it and said that you
    trust it: here, or by `python main.py trust FILE`. That is remembered on this computer for
    exactly this text; when the file changes, you are asked again. An exported program has the
    class's source in it, with the functions, values and imports that it needs from its file. While
    you draw, the class runs in a process of its own on tensors without numbers, so it must not look
    at values (`x.item()`, `if x.sum() > 0`).
    """

    keywords = (
        "nn.Module",
        "own module",
        "python file",
        "custom layer",
        "user code",
        "plugin",
        "script",
    )

    file: Annotated[str, File] = ""
    """The Python file, in the document's folder or below it."""
    class_name: str = ""
    """Which class of the file; empty where it has only one."""
    arguments: Arguments = Field(default={})
    """What the class is made with; what is not said has the class's own default."""
    sha256: Seal = ""
    """Seals the file as it was when you trusted it; set when you trust it."""

    remembered = False
    _source: PythonFile | None = PrivateAttr(default=None)
    _class: str = PrivateAttr(default="")

    def placed(self, folder: Path | None) -> Self:
        source = read_python(folder, self.file)
        node = self.model_copy()
        node._source, node._class = source, self.class_name or _only_class(source)
        signature_of(source, node._class)
        return node

    def _file(self) -> PythonFile:
        if self._source is None:
            raise Misfit("choose a Python file that lies in the document's folder")
        return self._source

    @property
    def signature(self) -> Signature:
        """What the class shows."""
        return signature_of(self._file(), self._class)

    @property
    def python_files(self) -> Mapping[str, bytes]:
        source = self._file()
        return {source.name: source.data}

    @property
    def about(self) -> str:
        return self.signature.help

    @property
    def argument_forms(self) -> tuple[Parameter, ...]:
        return self.signature.parameters

    def ports(self, blocks: Mapping[str, BlockInterface]) -> tuple[Port, ...]:
        return self.signature.ports if self._source else ()

    def results(self, blocks: Mapping[str, BlockInterface]) -> Outputs:
        return self.signature.outputs if self._source else ()

    def complaints(self, folder: Path | None) -> list[Complaint]:
        found = [Complaint(text, "arguments") for text in self._wrong_arguments()]
        return [*found, *self._distrust()]

    def _distrust(self) -> list[Complaint]:
        """Why the file may not run."""
        name, digest = self._file().name, self._file().digest
        if digest == self.sha256 and is_trusted(digest):
            return []
        if digest == self.sha256 or not self.sha256:
            text = (
                f"the file {name} is a program that you do not trust yet: look at it and trust it"
            )
        elif is_trusted(self.sha256):
            text = (
                f"the file {name} has changed since you trusted it: look at it and trust it again"
            )
        else:
            text = f"the file {name} is not what the document means: look at it and trust it"
        return [Complaint(text, "file", {"sha256": digest}, trusts=name)]

    def _wrong_arguments(self) -> list[str]:
        signature = self.signature
        known = {parameter.name: parameter for parameter in signature.parameters}
        missing = [name for name in known if name in signature.required - {*self.arguments}]
        return [
            *(f"{name} needs a value: {self._class} has no default for it" for name in missing),
            *(
                text
                for name, value in self.arguments.items()
                if (text := _complaint(name, value, known.get(name), self._class))
            ),
        ]

    def build(self, *inputs: Tensor | None) -> Apply:
        signature = self.signature
        ports = [port.name for port in signature.ports]
        arrived = dict(zip(ports, inputs, strict=True))
        sizes = {name: _size(name, arrived, *at) for name, at in signature.sizes.items()}
        made = call(user_class(self._file(), self._class), **sizes, **self.arguments)
        given = {name: value for name, value in arrived.items() if value is not None}
        first = 0
        while first < len(ports) and ports[first] in given:
            first += 1
        named = {name: value for name, value in given.items() if name in ports[first:]}
        return made(*(given[name] for name in ports[:first]), **named)


def _only_class(source: PythonFile) -> str:
    names = class_names(source)
    if len(names) == 1:
        return names[0]
    if not names:
        raise Misfit(f"{source.name} has no class with a forward: write an nn.Module there")
    there = ", ".join(names)
    raise Misfit(f"{source.name} has several classes: {there}", use={"class_name": names[0]})


def _size(name: str, arrived: Mapping[str, Tensor | None], port: str, axis: int) -> int:
    """A size of what arrives."""
    tensor = arrived[port]
    if tensor is None:
        raise Misfit(f"{name} is a size of {port}, which has no wire")
    if not -len(tensor.shape) <= axis < len(tensor.shape):
        raise Misfit(f"{name} is axis {axis} of {port}, which is {tensor.meta.text}")
    return tensor.shape[axis]


_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "integer": (int, "an integer"),
    "number": ((int, float), "a number"),
    "flag": (bool, "true or false"),
    "text": (str, "text"),
    "choice": (str, "one of its choices"),
}


def _complaint(name: str, value: Any, known: Parameter | None, class_name: str) -> str:
    """Why a class cannot be given a value; nothing when it can."""
    if known is None:
        return f"{class_name} has no argument {name}: remove it"
    if value is None and known.optional:
        return ""
    type_, words = _TYPES[known.form]
    if not isinstance(value, type_) or (isinstance(value, bool) and known.form != "flag"):
        return f"{name} needs {words}, got {value!r}"
    if known.choices and value not in known.choices:
        return f"{name} needs {' or '.join(map(repr, known.choices))}, got {value!r}"
    return ""
