"""Weights that start from a file: what blocks need, what the file has, whether the two fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from graphs.check.block_uses import references_in
from graphs.check.quick_fixes import use_parameters
from graphs.check.results import CheckedGraph
from graphs.check.shape_inference import meta_of
from graphs.codegen.classes.block_classes import BlockClasses
from graphs.codegen.expressions.descriptions import described_nodes
from graphs.codegen.expressions.imports import Imports
from graphs.codegen.expressions.merge_uses import Argument, PrintedClass
from graphs.codegen.expressions.statements import Construct
from graphs.custom.module_stub import UserClass
from graphs.document.document import MAIN, End
from graphs.document.identifiers import Names
from graphs.document.parameter_expressions import Number, evaluate
from graphs.document.problems import Problem
from graphs.nodetypes.expressions import Call, Expression
from graphs.nodetypes.node_type import NodeType
from graphs.nodetypes.safetensors_header import Start, WeightsError, metas_in
from graphs.nodetypes.tensor_kinds import Meta

Metas = Mapping[str, Meta]
"""Shapes and dtypes of weights by their names."""
FILE, PART = "start_from", "start_part"
"""The parameters in which a node says it."""


def start_problems(checked: CheckedGraph) -> list[Problem]:
    """What is wrong with the files that weights of a graph start from.

    A training that goes on has no need of these files, and is not asked for them.
    """
    starting = {id: type_ for id, type_ in checked.types.items() if type_.starts_from}
    misfits = {id: _misplaced(checked, type_) for id, type_ in starting.items()}
    misfits |= _disagreeing(checked)
    sound = [id for id in starting if not misfits.get(id) and _is_known(checked, id)]
    if sound and not checked.library.started:
        needed = _needed(checked)
        misfits |= {id: _file_misfit(checked, starting[id], needed[id]) for id in sound}
    return [_problem(checked, id, misfit) for id, misfit in misfits.items() if misfit]


class _Misfit(NamedTuple):
    """What is wrong, and parts of the file that would do."""

    text: str
    parameter: str = FILE
    parts: tuple[str, ...] = ()


def _problem(checked: CheckedGraph, id: str, misfit: _Misfit) -> Problem:
    fixes = (fix for part in misfit.parts for fix in use_parameters(checked.name, id, {PART: part}))
    place = {"graph": checked.name, "node": id, "parameter": misfit.parameter}
    return Problem(**place, text=misfit.text, fixes=tuple(fixes))


def _misplaced(checked: CheckedGraph, type_: NodeType) -> _Misfit | None:
    if checked.name != MAIN:
        return _Misfit("files of weights are named in main: name one where this block is used")
    if type_.follows:
        return _Misfit("an average starts as the weights that it follows: name no file for it")
    return None


def _disagreeing(checked: CheckedGraph) -> dict[str, _Misfit | None]:
    """Nodes with the same weights that start from different files."""
    first: dict[str, str] = {}
    found: dict[str, _Misfit | None] = {}
    for id, type_ in checked.types.items():
        other = first.setdefault(type_.shared_weights, id) if type_.shared_weights else id
        if checked.types[other].starts_from != type_.starts_from:
            text = f"it shares its weights with {other}, which starts otherwise: make them alike"
            found[id] = _Misfit(text)
    return found


def _is_known(checked: CheckedGraph, id: str) -> bool:
    """Whether what leaves a node is known, so that it is sound with all before it."""
    return all(End(id, port.name) in checked.metas for port in checked.outputs(id))


def _file_misfit(checked: CheckedGraph, type_: NodeType, needed: Metas | None) -> _Misfit | None:
    start, folder = type_.starts_from, checked.library.folder
    assert start is not None
    if needed is None:
        text = "it holds a module of your own, which names its weights only when it runs"
        return _Misfit(f"{text}: start it from no file")
    if folder is None:
        return _Misfit("save the document first: files of weights lie in its folder")
    path = (folder / start.file).resolve()
    if not path.is_relative_to(folder.resolve()):
        return _Misfit(f"{start.file} lies outside the document's folder: copy it there")
    if not path.exists():
        return _Misfit(f"there is no file {start.file} in the document's folder")
    try:
        return _misfit(start, metas_in(path), needed)
    except WeightsError as error:
        return _Misfit(f"{error}: choose another")


def _misfit(start: Start, came: Metas, needed: Metas) -> _Misfit | None:
    differences = _differences(start, under(start.part, came), needed)
    if not differences:
        return None
    if parts := fitting_parts(came, needed):
        text = f"{start.file} has weights that fit under {' or '.join(parts)}: say so in {PART}"
        return _Misfit(text, PART, tuple(parts))
    more = f" (and {len(differences) - 1} more that do not fit)" if len(differences) > 1 else ""
    return _Misfit(f"{differences[0]}{more}")


def under(part: str, metas: Metas) -> Metas:
    """The weights of a part, by the names that they have inside it. Files name the network itself
    first or do not (`network.encoder.conv`): either fits a part that does or does not.
    """
    start = f"{part}." if part else ""
    starts = (start, f"network.{start}", start.removeprefix("network."))
    found = ({n.removeprefix(s): m for n, m in metas.items() if n.startswith(s)} for s in starts)
    return next(filter(None, found), {})


def fitting_parts(came: Metas, needed: Metas) -> list[str]:
    """The parts of a file that hold just what is needed."""
    first = next(iter(needed), "")
    starts = [name.removesuffix(first) for name in came if name.endswith(first)]
    parts = [start.removesuffix(".") for start in starts if start == "" or start.endswith(".")]
    return [part for part in parts if not _differences(Start(""), under(part, came), needed)]


def _differences(start: Start, came: Metas, needed: Metas) -> list[str]:
    """What does not fit, each in a sentence."""
    if not needed:
        return ["it has no weights that could start from a file: name none"]
    names = dict.fromkeys([*needed, *came])
    found = (_difference(start, name, came.get(name), needed.get(name)) for name in names)
    return [text for text in found if text]


def _difference(start: Start, name: str, came: Meta | None, needed: Meta | None) -> str:
    """Numbers may be of another precision; torch turns one into the other."""
    full = f"{start.part}.{name}" if start.part else name
    if came is None or needed is None:
        needs = f"needs {needed.text}" if needed else "is not needed"
        return f"{full} {needs}, {start.file} has {came.text if came else 'none'}"
    if came.shape != needed.shape:
        return f"{full} needs {needed.text}, {start.file} has {came.text}"
    if came.floating != needed.floating:
        return f"{full} needs {needed.dtype}, {start.file} has {came.dtype}"
    return ""


def _needed(checked: CheckedGraph) -> dict[str, Metas | None]:
    """Names, shapes and dtypes of the weights of each block, as its class has them; None where a
    module of the user's own is inside, which names its weights when it runs.
    """
    holders = [id for id, type_ in checked.types.items() if type_.block_fields()]
    nodes = described_nodes(checked, [id for id in holders if _is_known(checked, id)])
    classes = BlockClasses(Imports(), Names())
    classes.collect(nodes.values())
    made = _Modules({merged.name: classes.constructs(merged) for merged in classes.merge()})
    blocks = {id: _block_in(list(node.outputs.values())) for id, node in nodes.items()}
    starting = [id for id in nodes if checked.types[id].starts_from]
    return {id: made.weights(classes.resolve(blocks[id])) for id in starting}


def _block_in(values: Sequence[Expression]) -> Call:
    return references_in(values)[0]


class _OwnModule(Exception):
    """A module of the user's own, which is not made here."""


class _Modules:
    """Modules on the meta device, made of what their classes construct; they compute nothing."""

    def __init__(self, constructs: Mapping[str, list[Construct]]) -> None:
        self._constructs = constructs

    def weights(self, call: Call) -> Metas | None:
        """A block's weights by name; None where a module of the user's own is inside."""
        try:
            with torch.device("meta"):
                module = self._value(call, {})
        except _OwnModule:
            return None
        return {name: meta_of(value) for name, value in module.state_dict().items()}

    def _value(self, value: Any, arguments: Mapping[str, Number]) -> Any:
        match value:
            case list() | tuple():
                return type(value)(self._value(part, arguments) for part in value)
            case Argument(text=text):
                return evaluate(text, arguments)
            case Call(target=UserClass()):
                raise _OwnModule
            case Call(target=target, args=args, kwargs=kwargs):
                given = {name: self._value(part, arguments) for name, part in kwargs.items()}
                if isinstance(target, PrintedClass):
                    return self._module(target.__name__, given)
                return target(*self._value(args, arguments), **given)
        return value

    def _module(self, name: str, arguments: Mapping[str, Number]) -> nn.Module:
        module = nn.Module()
        for construct in self._constructs[name]:
            module.add_module(construct.attribute, self._value(construct.module, arguments))
        return module
