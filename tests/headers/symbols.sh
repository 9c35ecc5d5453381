#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A plugin exports its entry point and nothing else; libengine exports what
# its header declares and nothing else. Prints TAP.
header=${SCAN_ENGINE_SRC:-.}/include/engine/engine.h
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

if test -f "$header"; then
    # Declarations, without what comments mention.
    sed -e 's:/\*.*\*/::' -e '/^ *\/\*/,/\*\//d' "$header" |
        grep -oE '\bengine_[a-z0-9_]+\(' | tr -d '(' | sort -u >"$work/wanted"
    exported engine/.libs/libengine.so >"$work/found"
    report "libengine exports what its header declares"
fi

echo "1..$number"
exit $status
