#!/usr/bin/env bash
# Makes a virtual environment: venv.sh PYTHON FOLDER. Where Debian's python3-venv is missing, root gets it installed.
set -euo pipefail
python=$1
folder=$2

if ! command -v "$python" >/dev/null; then
    echo "There is no $python. Install Python 3.11 or later (Debian: apt-get install python3 python3-venv)." >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Ringfence needs Python 3.11 or later, and $python is $("$python" --version)." >&2
    echo "Name another one: make PYTHON=python3.12 test" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $package, which makes virtual environments ..." >&2
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "$package" >/dev/null
    else
        echo "$python cannot make virtual environments. Install $package, for example:" >&2
        echo "  sudo apt-get install $package" >&2
        exit 1
    fi
fi
rm -rf "$folder"
trap 'rm -rf "$folder"' ERR INT TERM
"$python" -m venv "$folder"
