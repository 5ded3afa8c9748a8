#!/bin/sh
# Makes the project's own environment: .venv with exactly what uv.lock says, browser libraries and fonts.
# Needs Python 3.11 or 3.12 and the PyPI and npm registries; no root. May be repeated: a second run takes a moment.
# FAHUO_PYTHON names the interpreter to use; FAHUO_SETUP_VERBOSE=1 shows all output.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
tools=$root/.tools
stamp=$root/.venv/.fahuo-setup

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { for line in "$@"; do printf 'setup: %s\n' "$line" >&2; done; exit 3; }

# Run quietly; show what was said only when it fails.
quietly() {
    if [ "${FAHUO_SETUP_VERBOSE:-}" = 1 ]; then "$@"; return $?; fi
    log=$tools/setup.log
    "$@" >"$log" 2>&1 && return 0
    code=$?
    cat "$log" >&2
    return "$code"
}

right_python() {
    "$1" -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 12) and sys.maxsize > 2**32; sys.exit(not ok)' \
        >/dev/null 2>&1
}

find_python() {
    for name in ${FAHUO_PYTHON:+"$FAHUO_PYTHON"} python3.11 python3.12 python3 python; do
        if command -v "$name" >/dev/null 2>&1 && right_python "$name"; then
            "$name" -c 'import sys; print(sys.executable)'
            return 0
        fi
    done
    return 1
}

# uv does not read pip's configuration. What a company sets there (certificates, proxy, its own index) is passed on.
pip_setting() {
    "$python" -m pip config list 2>/dev/null | sed -n "s/^[^=]*\.$1='\{0,1\}\([^']*\)'\{0,1\}\$/\1/p" | tail -n 1
}

learn_from_pip() {
    cert=$(pip_setting cert)
    if [ -n "$cert" ] && [ -z "${SSL_CERT_FILE:-}" ] && [ -r "$cert" ]; then
        SSL_CERT_FILE=$cert && export SSL_CERT_FILE
    fi
    proxy=$(pip_setting proxy)
    if [ -n "$proxy" ] && [ -z "${HTTPS_PROXY:-}${https_proxy:-}${ALL_PROXY:-}" ]; then
        HTTPS_PROXY=$proxy && export HTTPS_PROXY
    fi
    mirror=${UV_DEFAULT_INDEX:-$(pip_setting index-url)}
    case $mirror in https://pypi.org/simple | https://pypi.org/simple/) mirror='' ;; esac
}

uv_works() {
    # The lock file's format is younger than uv 0.8.
    version=$("$1" --version 2>/dev/null) || return 1
    major=$(printf '%s' "$version" | sed -n 's/^uv \([0-9]*\)\..*/\1/p')
    minor=$(printf '%s' "$version" | sed -n 's/^uv [0-9]*\.\([0-9]*\).*/\1/p')
    [ "${major:-0}" -gt 0 ] || [ "${minor:-0}" -ge 8 ]
}

in_own_venv() {
    quietly "$python" -m venv "$tools/uv" && quietly "$tools/uv/bin/python" -m pip install --quiet 'uv>=0.8,<1'
}

in_target_folder() {
    "$python" -m pip --version >/dev/null 2>&1 &&
        quietly "$python" -m pip install --quiet --target "$tools/uv-target" 'uv>=0.8,<1'
}

debian_root() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1
}

debian_venv() {
    DEBIAN_FRONTEND=noninteractive && export DEBIAN_FRONTEND
    quietly apt-get update -qq && quietly apt-get install -y -qq --no-install-recommends python3-venv </dev/null
}

find_uv() {
    for uv in uv "$tools/uv/bin/uv" "$tools/uv-target/bin/uv"; do
        if command -v "$uv" >/dev/null 2>&1 && uv_works "$uv"; then return 0; fi
    done
    say "fetching uv into .tools"
    if "$python" -c 'import ensurepip' 2>/dev/null && in_own_venv; then
        uv=$tools/uv/bin/uv
    elif in_target_folder; then
        uv=$tools/uv-target/bin/uv
    elif debian_root && debian_venv && in_own_venv; then
        uv=$tools/uv/bin/uv
    else
        fail "uv is not on PATH, and neither 'python3 -m venv' nor 'pip install --target' could bring it." \
            "Install uv (https://docs.astral.sh/uv/), or the venv module (Debian: apt install python3-venv), and try again."
    fi
}

# With another index than pypi.org the locked files are asked for there, by their locked hashes.
sync_from_mirror() {
    quietly "$uv" venv --quiet --allow-existing --python "$python" .venv &&
        "$uv" export --quiet --frozen --no-emit-project --format requirements-txt >"$tools/requirements.txt" &&
        quietly "$uv" pip sync --quiet --python .venv/bin/python --require-hashes --default-index "$mirror" \
            "$tools/requirements.txt" &&
        quietly "$uv" pip install --quiet --python .venv/bin/python --no-deps --default-index "$mirror" --editable .
}

sync() {
    UV_PYTHON_DOWNLOADS=never && export UV_PYTHON_DOWNLOADS
    # A machine without a usable home keeps its cache here.
    if [ ! -w "${HOME:-/nonexistent}" ]; then UV_CACHE_DIR=${UV_CACHE_DIR:-$tools/cache} && export UV_CACHE_DIR; fi
    unset VIRTUAL_ENV
    if [ -n "$mirror" ] && sync_from_mirror; then return 0; fi
    quietly "$uv" sync --quiet --frozen --python "$python"
}

# What the environment was made from; the folder counts too, since an environment cannot be moved.
fingerprint() {
    printf '%s\n' "$root"
    cksum uv.lock pyproject.toml scripts/setup.sh
}

moved() {
    [ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" != "$root" ]
}

environment() {
    if [ -x .venv/bin/fahuo ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ]; then return 0; fi
    python=$(find_python) ||
        fail "Python 3.11 or 3.12 (64 bit) was not found; tried ${FAHUO_PYTHON:-python3.11}, python3.12, python3, python." \
            "Install one (Debian: apt install python3 python3-venv), or name it: FAHUO_PYTHON=/path/to/python3.11 make setup"
    learn_from_pip
    trust_system
    find_uv
    say "filling .venv from uv.lock ($("$python" -V))"
    if ! right_python .venv/bin/python || moved; then rm -rf .venv; fi
    sync || fail "the packages of uv.lock could not be installed (see above)." \
        "Is https://pypi.org reachable? A proxy or an index of your own goes into pip's configuration or HTTPS_PROXY."
    fingerprint >"$stamp"
    say "environment ready"
}

# uv and Node bring their own certificates; a company's own authority is only among the system's.
trust_system() {
    NODE_USE_SYSTEM_CA=1 && export NODE_USE_SYSTEM_CA
    for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
        if [ -z "${SSL_CERT_FILE:-}" ] && [ -r "$bundle" ]; then SSL_CERT_FILE=$bundle && export SSL_CERT_FILE; fi
    done
}

mkdir -p "$tools"
environment
trust_system
if [ -f scripts/assets.py ]; then
    .venv/bin/python scripts/assets.py >&2 ||
        fail "browser libraries or fonts could not be fetched (see above). Is https://registry.npmjs.org reachable?"
fi
