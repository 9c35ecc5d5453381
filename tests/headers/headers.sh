#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every installed header compiles alone, as C11 and as C++17, without a
# warning, and SCANNER_PLUGIN defines the entry point in both. Prints TAP.
source=${SCAN_ENGINE_SRC:-.}
cc=${CC:-cc}
cxx=${CXX:-c++}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0
status=0
# What strangers may have on; those of C++ know none of the second line.
warnings='-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
    -Wundef -Wcast-qual -Wcast-align -Wwrite-strings -Wformat=2 -Wvla'
of_c='-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition'

# check LANGUAGE HEADER COMPILER ARGUMENT...
check() {
    language=$1
    header=$2
    shift 2
    number=$((number + 1))
    # shellcheck disable=SC2086
    if "$@" -x "$language" $warnings -Werror -fsyntax-only \
        -I"$source/include" "$work/probe" 2>"$work/messages"; then
        echo "ok $number - $header as $language"
    else
        echo "not ok $number - $header as $language"
        sed 's/^/# /' "$work/messages"
        status=1
    fi
}

for file in "$source"/include/engine/*.h; do
    header=engine/${file##*/}
    # Twice, so that include guards are tried as well.
    printf '#include <%s>\n#include <%s>\nextern int probe;\n' \
        "$header" "$header" >"$work/probe"
    # shellcheck disable=SC2086 # CC may hold arguments
    check c "$header" $cc -std=c11 $of_c
    # shellcheck disable=SC2086
    if command -v ${cxx%% *} >/dev/null || test "$CI" = true; then
        check c++ "$header" $cxx -std=c++17
    else
        number=$((number + 1))
        echo "ok $number - $header as c++ # SKIP no C++ compiler: install g++"
    fi
done

# The name in the object is the one that the loader asks for, in both languages.
printf '%s\n' '#include <engine/scanner.h>' \
    'static const struct scanner_ops ops = {SCANNER_MAGIC};' \
    'SCANNER_PLUGIN(probe, ops)' >"$work/probe"
# entry LANGUAGE COMPILER ARGUMENT...
entry() {
    language=$1
    shift
    number=$((number + 1))
    if "$@" -x "$language" -fvisibility=hidden -I"$source/include" -c \
        -o "$work/probe.o" "$work/probe" 2>"$work/messages" &&
        nm --defined-only "$work/probe.o" 2>>"$work/messages" |
        tee -a "$work/messages" | grep -q ' T probe_LTX_scanner_query$'; then
        echo "ok $number - SCANNER_PLUGIN defines the entry point in $language"
    else
        echo "not ok $number - SCANNER_PLUGIN defines the entry point in $language"
        sed 's/^/# /' "$work/messages"
        status=1
    fi
}
# shellcheck disable=SC2086
entry c $cc -std=c11
# shellcheck disable=SC2086
if command -v ${cxx%% *} >/dev/null || test "$CI" = true; then
    entry c++ $cxx -std=c++17
else
    number=$((number + 1))
    echo "ok $number - the entry point in c++ # SKIP no C++ compiler: install g++"
fi
echo "1..$number"
exit $status
