"""The rules of the house that a test can hold: who imports whom, what is listed, how long it is."""

import ast
import functools
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ["graphs", "nodes", "app", "main"]
"""Each may import itself and those before it."""

ROOMS = ["app.editor", "app.monitor", "app.training"]
"""They meet in the run folder, and do not import each other."""

HOMES = {
    "dearpygui": ("app.editor",),
    "pyqtgraph": ("app.monitor",),
    "PySide6": ("app.monitor",),
    "networkx": ("graphs",),
}
"""Where a library lives, and nowhere else; graphs.runtime is copied into exports."""

FOLDERS = ["assets", "docs", "scripts", "tests"]

LONG_FILES = {
    "docs/nodes.md": "printed by the program, one part for each node type",
}
"""Files of more than 400 lines, each with its reason. Exported files in tests/golden may be long: a
program has to be one file, with its layers and its data."""

IMPORT_NAMES = {
    "cupy-cuda13x": ["cupy", "cupyx"],
    "fonttools": ["fontTools"],
    "pillow": ["PIL"],
    "PySide6-Essentials": ["PySide6"],
    "pytest-qt": ["pytestqt"],
    "pytest-timeout": ["pytest_timeout"],
    "scikit-learn": ["sklearn"],
    "types-networkx": [],
}
"""What a distribution is imported as, where that is not its name."""


def files(*names: str) -> list[Path]:
    """The source files at the top and in these folders, as paths inside the repository."""
    found = [ROOT / name for name in names if (ROOT / name).is_file()]
    for name in names:
        for pattern in ("*.py", "*.sh", "*.md"):
            found += (ROOT / name).rglob(pattern)
    return [path.relative_to(ROOT) for path in found]


def module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


@functools.cache
def imports() -> dict[str, list[str]]:
    """Every module of the program and what it imports, at the top or inside functions."""
    sources = [path for path in files("main.py", *LAYERS) if path.suffix == ".py"]
    return {module(path): list(imported(ROOT / path)) for path in sources}


def imported(path: Path) -> Iterator[str]:
    """`from a import b` gives `a.b`, since b may be a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def is_inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@functools.cache
def project() -> dict[str, list[str]]:
    """The names of the dependencies, by extra; "" are those that everyone needs."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": table["dependencies"]} | table["optional-dependencies"]
    return {extra: [line.split("==")[0] for line in lines] for extra, lines in groups.items()}


def test_every_layer_was_found() -> None:
    assert {name.split(".")[0] for name in imports()} == set(LAYERS)
    assert all(any(is_inside(name, room) for name in imports()) for room in ROOMS)


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_run_one_way(layer: str) -> None:
    above = [*LAYERS[LAYERS.index(layer) + 1 :], "tests"]
    wrong = [
        (name, other)
        for name, others in imports().items()
        for other in others
        if is_inside(name, layer) and other.split(".")[0] in above
    ]
    assert not wrong


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_do_not_import_each_other(room: str) -> None:
    wrong = [
        (name, other)
        for name, others in imports().items()
        for other in others
        if is_inside(name, room)
        and any(is_inside(other, next_door) for next_door in ROOMS if next_door != room)
    ]
    assert not wrong


@pytest.mark.parametrize(("library", "homes"), HOMES.items())
def test_a_library_stays_in_its_home(library: str, homes: tuple[str, ...]) -> None:
    users = [n for n, others in imports().items() if any(is_inside(o, library) for o in others)]
    assert users, f"nothing imports {library}"
    assert [n for n in users if not any(is_inside(n, home) for home in homes)] == []


def test_copied_modules_import_nothing_of_ours() -> None:
    """The export copies their source, and that of each other, into files that run without us."""
    copied = {
        name: others for name, others in imports().items() if is_inside(name, "graphs.runtime")
    }
    assert copied, "there is no file in graphs/runtime"
    ours = [(n, o) for n, others in copied.items() for o in others if o.split(".")[0] in LAYERS]
    assert [(n, o) for n, o in ours if not is_inside(o, "graphs.runtime")] == []


def test_what_is_imported_is_declared() -> None:
    known = {name for names in project().values() for name in names} - set(project()["dev"])
    declared = {top for name in known for top in IMPORT_NAMES.get(name, [name])}
    used = {other.split(".")[0] for others in imports().values() for other in others}
    assert used - declared - set(LAYERS) - sys.stdlib_module_names == set()


def test_every_dependency_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in readme.splitlines() if line.startswith("|")]
    listed = {word for row in rows for word in re.findall(r"[\w-]+", row)}
    assert [name for names in project().values() for name in names if name not in listed] == []


def test_files_are_short() -> None:
    everything = files("main.py", "README.md", "Makefile", *LAYERS, *FOLDERS)
    lengths = {p.as_posix(): len((ROOT / p).read_text("utf-8").splitlines()) for p in everything}
    assert "tests/test_house.py" in lengths
    long = {name for name, length in lengths.items() if length > 400}
    assert {name for name in long if not name.startswith("tests/golden/")} == LONG_FILES.keys()


def test_there_is_a_changelog() -> None:
    assert "## " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing
