#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What was built against ABI 1.0 still fits: abidiff (libabigail) compares
# today's headers and libengine with tests/abi/*.abi. Prints TAP.
#
# abi.sh baseline NAME: writes tests/abi/NAME.abi anew. Only for a new major:
# a change that abidiff reports and that is none for those who were compiled
# before goes to tests/abi/suppressions, with the reason.
source=${SCAN_ENGINE_SRC:-.}
build=${SCAN_ENGINE_BUILD:-.}
cc=${CC:-cc}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0
status=0

# The shared object that a baseline is about.
made() { # NAME
    case $1 in
    scanner)
        # shellcheck disable=SC2086 # CC may hold arguments
        $cc -g -O0 -fPIC -shared -I"$source/include" \
            -o "$work/scanner.so" "$source/tests/abi/surface.c" &&
            echo "$work/scanner.so"
        ;;
    libengine) echo "$build/engine/.libs/libengine.so" ;;
    esac
}

if test "$1" = baseline; then
    abidw --no-comp-dir-path --no-corpus-path --no-show-locs \
        --headers-dir "$source/include" \
        --drop-private-types --out-file "$source/tests/abi/$2.abi" \
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
        --no-added-syms --headers-dir2 "$source/include" \
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
for baseline in "$source"/tests/abi/*.abi; do
    test -f "$baseline" || continue
    name=$(basename "$baseline" .abi)
    if ! command -v abidiff >/dev/null; then
        number=$((number + 1))
        echo "ok $number - $name is what it was # SKIP install abigail-tools"
    elif nm "$build/engine/.libs/libengine.so" 2>/dev/null |
        grep -qE '__[at]san_'; then
        number=$((number + 1))
        echo "ok $number - $name is what it was # SKIP sanitizers add to it"
    else
        compare "$name"
    fi
done
echo "1..$number"
exit $status
