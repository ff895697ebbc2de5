#!/usr/bin/env bash
# Builds a real kube-apiserver with its etcd into .tools/bin/apiserver, once for a version: apiserver.sh
set -euo pipefail
source=${BASH_SOURCE[0]%/*}/apiserver
built=$PWD/.tools/bin/apiserver

if [ -x "$built" ] && ! [ "$source/go.mod" -nt "$built" ] && ! [ "$source/main.go" -nt "$built" ]; then
    exit 0
fi
# shellcheck source=tools/setup/go.sh
source "${BASH_SOURCE[0]%/*}/go.sh"
if ! have_go; then
    echo "There is no Go 1.21 or later to build a kube-apiserver with. Install Go." >&2
    exit 1
fi
echo "Building a kube-apiserver into .tools/bin; this takes five to ten minutes, once ..." >&2
mkdir -p .tools/bin
(cd "$source" && CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$built" .)
