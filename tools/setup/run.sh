#!/usr/bin/env bash
# Runs a command of this checkout's own virtual environment, made on first use: run.sh COMMAND ARGUMENTS...
set -euo pipefail
top=$(dirname "${BASH_SOURCE[0]}")/../..
make --silent --directory "$top" install >&2
exec "$top/.venv/bin/$1" "${@:2}"
