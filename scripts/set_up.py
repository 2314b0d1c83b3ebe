"""Fills .venv with what pyproject.toml lists: `python scripts/set_up.py [EXTRA...]`.

Uses the standard library alone. A note in .venv says what was installed, so that a second run
returns at once; a change of the dependencies installs again.
"""

import json
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
NOTE = VENV / "installed.json"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def main(extras: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    if unknown := set(extras) - optional.keys():
        sys.exit(f"No extra is called {', '.join(unknown)}; there are: {', '.join(optional)}.")
    needed = set(project["dependencies"]).union(*(optional[extra] for extra in extras))
    if needed <= (before := installed()):
        return
    make_venv()
    wanted = needed | (before & set().union(*optional.values()))  # keep the extras of earlier runs
    pip_install(sorted(wanted))
    NOTE.write_text(json.dumps(sorted(wanted), indent=1), encoding="utf-8")


def installed() -> set[str]:
    """What the last complete installation was asked for."""
    if not (NOTE.exists() and PYTHON.exists()):
        return set()
    return set(json.loads(NOTE.read_text(encoding="utf-8")))


def make_venv() -> None:
    """Make .venv, again if an interrupted run left it without pip."""
    has_pip = (
        PYTHON.exists()
        and not subprocess.run(
            [PYTHON, "-m", "pip", "--version"], capture_output=True, check=False
        ).returncode
    )
    if not has_pip:
        venv.create(VENV, with_pip=True, clear=VENV.exists())


def pip_install(requirements: list[str]) -> None:
    """Install everything in one command, so that pip finds versions that fit each other."""
    print(f"Installing {len(requirements)} packages and what they need into .venv …", flush=True)
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*command, *requirements], check=False).returncode:
        sys.exit("pip could not install everything; the lines above say why.")


if __name__ == "__main__":
    main(sys.argv[1:])
