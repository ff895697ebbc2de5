#!/usr/bin/env bash
# Makes sure that a kustomize is there: kustomize.sh VERSION. Any on PATH will do, kubectl has one built in; else Go
# builds VERSION into .tools/bin. Where nothing can, the tests that need it are skipped; in CI (CI=true) that is a failure.
set -euo pipefail
version=$1

if command -v kustomize >/dev/null || { command -v kubectl >/dev/null && kubectl kustomize --help >/dev/null 2>&1; }; then
    exit 0
fi

# From 1.21 on, Go fetches by itself the release that a module asks for.
enough() {
    [[ $1 =~ ^([0-9]+)\.([0-9]+) ]] && ((BASH_REMATCH[1] > 1 || BASH_REMATCH[2] >= 21))
}

if ! command -v go >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq || true
    candidate=$(apt-cache policy golang-go 2>/dev/null | sed -n 's/.*Candidate: \([0-9]*:\)\?//p')
    if enough "$candidate"; then
        echo "Installing golang-go, to build kustomize $version ..." >&2
        apt-get install -y -qq --no-install-recommends golang-go ca-certificates >/dev/null
    fi
fi
if command -v go >/dev/null && enough "$(go env GOVERSION | sed 's/^go//')"; then
    echo "Building kustomize $version into .tools/bin; this takes a minute, once ..." >&2
    GOBIN=$PWD/.tools/bin GOFLAGS=-trimpath go install "sigs.k8s.io/kustomize/kustomize/v5@$version"
    exit 0
fi
echo "There is no kustomize, and no Go 1.21 or later to build it with: tests that need it are skipped." >&2
echo "Install kustomize, kubectl or Go to run them." >&2
[ "${CI:-}" != true ]
