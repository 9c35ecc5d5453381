#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A plugin exports its entry point and nothing else; libengine exports what
# its header declares and nothing else. Prints TAP.
headers=${SCAN_ENGINE_SRC:-.}/include/engine
map=${SCAN_ENGINE_SRC:-.}/engine/libengine.map
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0
status=0
cd "${SCAN_ENGINE_BUILD:-.}" || exit 1

# What a sanitizer puts into every object is not ours.
exported() {
    nm -D --defined-only "$1" | awk '$2 != "A" { print $3 }' |
        sed 's/@.*//' | grep -vE '^(__[a-z]+san_|___asan_|__odr_asan)' | sort
}

report() { # NAME
    number=$((number + 1))
    if diff "$work/wanted" "$work/found" >"$work/difference"; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        sed 's/^/# /' "$work/difference"
        status=1
    fi
}

for plugin in plugins/*/.libs/*.so; do
    test -f "$plugin" || continue
    name=$(basename "$plugin" .so)
    echo "${name}_LTX_scanner_query" >"$work/wanted"
    exported "$plugin" >"$work/found"
    report "$name exports one symbol"
done

# Declarations, without what comments mention.
declared() {
    for name in engine.h error.h; do
        sed -e 's:/\*.*\*/::' -e '/^ *\/\*/,/\*\//d' "$headers/$name"
    done | grep -oE '\bengine_[a-z0-9_]+\(' | tr -d '(' | sort -u
}

# Names in the map; a wildcard is one too, and equals none.
mapped() {
    sed -e '/^#/d' -e '/local:/,/;/d' "$map" | grep -oE '[a-z0-9_*]+;' |
        tr -d ';' | sort
}

declared >"$work/wanted"
exported engine/.libs/libengine.so >"$work/found"
report "libengine exports what its headers declare"
mapped >"$work/found"
report "libengine.map names what the headers declare"
nm -D --defined-only engine/.libs/libengine.so | grep -o 'engine_.*' | sort |
    grep -v '@@SCAN_ENGINE_1\.[0-9]*$' >"$work/found"
: >"$work/wanted"
report "every symbol of libengine has a version"

echo "1..$number"
exit $status
