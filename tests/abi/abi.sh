#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What was built against ABI 1.0 still fits: abidiff (libabigail) compares
# today's headers with tests/abi/*.abi. Prints TAP.
#
# abi.sh baseline NAME: writes tests/abi/NAME.abi anew. Only for a new major:
# a change that abidiff reports and that is none for those who were compiled
# before goes to tests/abi/suppressions, with the reason.
source=${SCAN_ENGINE_SRC:-.}
cc=${CC:-cc}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0
status=0

# The shared object that a baseline is about: what headers say, and nothing of
# how it is done.
made() { # NAME
    # shellcheck disable=SC2086 # CC may hold arguments
    $cc -g -O0 -fPIC -shared -I"$source/include" -o "$work/$1.so" \
        "$source/tests/abi/$1.c" && echo "$work/$1.so"
}

if test "$1" = baseline; then
    abidw --no-comp-dir-path --no-corpus-path --no-show-locs \
        --out-file "$source/tests/abi/$2.abi" \
        "$(made "$2")"
    exit
fi

result() { # ok|not ok, TEXT
    number=$((number + 1))
    echo "$1 $number - $2"
    test "$1" = ok || status=1
}

compare() { # NAME
    file=$(made "$1") || { result 'not ok' "$1 compiles"; return; }
    if abidiff --suppressions "$source/tests/abi/suppressions" \
        --no-added-syms \
        "$source/tests/abi/$1.abi" "$file" >"$work/report" 2>&1; then
        result ok "$1 is what it was"
    else
        result 'not ok' "$1 is what it was"
        sed 's/^/# /' "$work/report"
    fi
}

# shellcheck disable=SC2086
if $cc -Wall -Wextra -Werror -Wpadded -I"$source/include" -fsyntax-only \
    "$source/tests/abi/layout.c" 2>"$work/messages"; then
    result ok 'everything is where it was, without hidden padding'
else
    result 'not ok' 'everything is where it was, without hidden padding'
    sed 's/^/# /' "$work/messages"
fi
# every function of the map is looked at
names() { grep -oE '\bengine_[a-z0-9_]+' "$1" | sort -u; }
names "$source/engine/libengine.map" >"$work/mapped"
names "$source/tests/abi/libengine.c" >"$work/seen"
if diff "$work/mapped" "$work/seen" >"$work/report"; then
    result ok 'libengine.c has all functions of libengine.map'
else
    result 'not ok' 'libengine.c has all functions of libengine.map'
    sed 's/^/# /' "$work/report"
fi
for baseline in "$source"/tests/abi/*.abi; do
    test -f "$baseline" || continue
    name=$(basename "$baseline" .abi)
    if ! command -v abidiff >/dev/null && test "$CI" != true; then
        number=$((number + 1))
        echo "ok $number - $name is what it was # SKIP install abigail-tools"
    else
        compare "$name"
    fi
done
echo "1..$number"
exit $status
