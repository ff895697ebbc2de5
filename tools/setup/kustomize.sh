#!/usr/bin/env bash
# Makes sure that a kustomize is there: kustomize.sh VERSION. Any on PATH will do, kubectl has one built in; else Go
# builds VERSION into .tools/bin, fetched first where it is absent or too old. Where nothing can, the tests that need it are skipped; in CI (CI=true) that is a failure.
set -euo pipefail
version=$1

if command -v kustomize >/dev/null || { command -v kubectl >/dev/null && kubectl kustomize --help >/dev/null 2>&1; }; then
    exit 0
fi

# shellcheck source=tools/setup/go.sh
source "${BASH_SOURCE[0]%/*}/go.sh"
if have_go; then
    echo "Building kustomize $version into .tools/bin; this takes a minute, once ..." >&2
    CGO_ENABLED=0 GOBIN=$PWD/.tools/bin GOFLAGS=-trimpath go install "sigs.k8s.io/kustomize/kustomize/v5@$version"
    exit 0
fi
echo "There is no kustomize, and no Go 1.21 or later to build it with: tests that need it are skipped." >&2
echo "Install kustomize, kubectl or Go to run them." >&2
[ "${CI:-}" != true ]
