#!/bin/sh
# Installs what a bare Debian 12 machine lacks: Python by apt, uv into .tools, the locked packages into .venv.
# Idempotent and quick when nothing is missing; `servers` adds the servers, `laboratory` what
# harms them and the public clients of the tests, `clients` those in Node too, `uv` stops after uv.
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
SERVERS="mariadb-server etcd-server etcd-client memcached haproxy prometheus radosgw ceph-mon ceph-osd"
LABORATORY="iproute2 nftables libfaketime"

say() { printf '%s\n' "$*" >&2; }
die() { say "portico: $*"; exit 1; }

apt_install() {
    [ "$(id -u)" = 0 ] || die "these Debian packages are missing and only root can install them: $*. Run: sudo apt-get install --no-install-recommends $*"
    say "installing Debian packages: $*"
    export DEBIAN_FRONTEND=noninteractive
    # a broken index of one mirror is not a reason to stop: the install below says what is really missing
    apt-get -qq update || say "apt-get update failed, going on with the lists at hand"
    # Portico starts its own servers; the packages' services stay off
    policy=/usr/sbin/policy-rc.d made=
    if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod +x "$policy"; made=1; fi
    apt-get -qq install -y --no-install-recommends "$@" >/dev/null || { [ -z "$made" ] || rm -f "$policy"; die "apt-get could not install: $*"; }
    [ -z "$made" ] || rm -f "$policy"
}

missing() { for package in "$@"; do dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"; done; }

uv_tool() {
    command -v apt-get >/dev/null || die "apt-get is needed (Debian 12)"
    lack=$(missing python3 python3-venv)
    # shellcheck disable=SC2086  # a list of package names
    [ -z "$lack" ] || apt_install $lack
    if [ "$(.tools/uv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "$UV_VERSION" ]; then
        /usr/bin/python3 -m venv .tools/uv
        .tools/uv/bin/pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
    fi
}

python_stack() {
    stamp=.venv/.installed
    want=$(cat requirements.lock libs/*/pyproject.toml services/*/pyproject.toml deploy/cluster/pyproject.toml | sha256sum)
    [ "$(cat $stamp 2>/dev/null)" = "$want" ] && return 0
    [ -x .venv/bin/python ] || .tools/uv/bin/uv venv --quiet --python /usr/bin/python3 .venv
    say "installing locked Python packages"
    # `install`, not `sync`: that would take our own packages away for a moment from whoever runs them.
    # Compiled now, so that the first start of twenty processes does not do it twenty times
    .tools/uv/bin/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
    # ours: editable, no dependency resolution (the lock did it), built by the locked hatchling
    set --
    for package in libs/* services/* deploy/cluster; do set -- "$@" -e "$package"; done
    .tools/uv/bin/uv pip install --quiet --no-deps --no-build-isolation "$@"
    printf '%s' "$want" >$stamp
}

# Apart from our own packages: what they need must not decide what we use
python_clients() {
    stamp=.tools/clients/.installed
    want=$(sha256sum <tests/clients/requirements.lock)
    [ "$(cat $stamp 2>/dev/null)" = "$want" ] && return 0
    say "installing public clients for the tests"
    .tools/uv/bin/uv venv --quiet --clear --python /usr/bin/python3 .tools/clients
    .tools/uv/bin/uv pip install --quiet --python .tools/clients/bin/python --compile-bytecode --require-hashes \
        -r tests/clients/requirements.lock
    printf '%s' "$want" >$stamp
}

node_clients() {
    major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
    { [ "${major:-0}" -ge 20 ] && command -v npm >/dev/null; } ||
        die "Node 20 or newer with npm is needed for the clients in JavaScript; Debian 12 has an older one"
    stamp=tests/clients/js/node_modules/.installed
    want=$(sha256sum <tests/clients/js/package-lock.json)
    [ "$(cat $stamp 2>/dev/null)" = "$want" ] && return 0
    (cd tests/clients/js && npm ci --silent --ignore-scripts)
    printf '%s' "$want" >$stamp
}

# The tests that a client brings along are in its source package only
client_suites() {
    stamp=.tools/suites/.installed
    want=$(sha256sum <tests/clients/suites.lock)
    [ "$(cat $stamp 2>/dev/null)" = "$want" ] && return 0
    rm -rf .tools/suites
    mkdir -p .tools/suites
    .tools/uv/bin/pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --no-build-isolation \
        --require-hashes -r tests/clients/suites.lock -d .tools/suites
    for archive in .tools/suites/*.tar.gz; do tar -xzf "$archive" -C .tools/suites; done
    printf '%s' "$want" >$stamp
}

mkdir -p .tools
# one at a time: two terminals, one machine
exec 9>.tools/lock
flock 9

uv_tool
[ "${1:-}" = uv ] && exit 0
python_stack
case "${1:-}" in
servers) wanted=$SERVERS ;;
laboratory)
    wanted="$SERVERS $LABORATORY"
    python_clients
    ;;
clients)
    wanted=$SERVERS
    python_clients
    node_clients
    client_suites
    ;;
bench)
    wanted="$SERVERS wrk"
    python_clients
    ;;
*) wanted= ;;
esac
if [ -n "$wanted" ]; then
    # shellcheck disable=SC2086
    lack=$(missing $wanted)
    # shellcheck disable=SC2086
    [ -z "$lack" ] || apt_install $lack
fi
