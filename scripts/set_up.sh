#!/usr/bin/env bash
# set_up.sh run|test [EXTRA...]: makes sure that Python and the system's libraries are there, then
# hands over to set_up.py, which fills .venv. Does nothing, and quickly, where all is there already.
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:?run or test}

# What Dear PyGui (OpenGL) and Qt (xcb) load, and what the tests use to see and steer windows.
windows="libgl1 libegl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 libxkbcommon-x11-0
    libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
screens="xvfb xdotool"

wanted=""
[ "$purpose" = run ] && [ -n "${DISPLAY:-}" ] && wanted=$windows
[ "$purpose" = test ] && wanted="$windows $screens"

is_supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
    for python in python3 python3.13 python3.12 python3.11; do
        if is_supported "$python"; then echo "$python"; return; fi
    done
}

is_installed() {  # newer releases add t64 to the names of some libraries
    states=$(dpkg-query -W -f '${db:Status-Status}\n' "$1" "$1t64" 2>/dev/null || true)
    grep -qx installed <<<"$states"
}

install() {
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif sudo -n true 2>/dev/null; then
        as_root="sudo"
    else
        echo "Patchbay needs system packages. Please run: sudo apt-get install -y $*" >&2
        exit 1
    fi
    echo "Installing system packages: $*"
    apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq"
    { $apt update || true; $apt install -y --no-install-recommends "$@"; } >/dev/null || {
        echo "That failed. Please install them by hand: apt-get install -y $*" >&2
        exit 1
    }
}

python=$(find_python)
if [ -z "$python" ] && command -v python3 >/dev/null; then
    echo "Patchbay needs Python 3.11, 3.12 or 3.13; python3 here is $(python3 --version 2>&1)." >&2
    exit 1
fi

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    missing=""
    for package in $wanted; do
        is_installed "$package" || missing="$missing $package"
    done
    if [ -z "$python" ]; then
        missing="$missing python3 python3-venv"
    elif [ ! -x .venv/bin/pip ] && ! "$python" -c 'import ensurepip' 2>/dev/null; then
        missing="$missing $python-venv"
    fi
    # shellcheck disable=SC2086 # a list of words
    [ -z "$missing" ] || install $missing
elif [ -n "$wanted" ] && [ "$(uname)" = Linux ] && [ ! -e .venv ]; then
    # shellcheck disable=SC2086 # on one line
    echo "This is no Debian or Ubuntu; windows need what these packages hold there:" $wanted
fi

[ "$purpose" = run ] || set -- "$@" dev
exec "${python:-python3}" scripts/set_up.py "${@:2}"
