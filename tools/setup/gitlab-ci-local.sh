#!/usr/bin/env bash
# Installs gitlab-ci-local below .tools, once: gitlab-ci-local.sh VERSION. It runs pipelines of GitLab on this machine.
# Where npm is absent or cannot, the one test that needs it is skipped.
set -euo pipefail
version=$1
program=.tools/bin/gitlab-ci-local

if [ -x "$program" ] && [ "$("$program" --version 2>/dev/null)" = "$version" ]; then
    exit 0
fi
if ! command -v npm >/dev/null; then
    echo "There is no npm to install gitlab-ci-local with: the test that runs a pipeline is skipped." >&2
    exit 0
fi
echo "Installing gitlab-ci-local $version below .tools; this takes some seconds, once ..." >&2
mkdir -p .tools/bin .tools/npm
if npm install --prefix .tools/npm --no-audit --no-fund --ignore-scripts --loglevel=error \
    "gitlab-ci-local@$version" >/dev/null; then
    ln -sf ../npm/node_modules/.bin/gitlab-ci-local "$program"
else
    echo "npm cannot install gitlab-ci-local: the test that runs a pipeline is skipped." >&2
fi
