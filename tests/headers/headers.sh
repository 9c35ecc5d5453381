#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every installed header compiles alone, as C11 and as C++17, without a
# warning. Prints TAP.
source=${SCAN_ENGINE_SRC:-.}
cc=${CC:-cc}
cxx=${CXX:-c++}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0
status=0

# check LANGUAGE HEADER COMPILER ARGUMENT...
check() {
    language=$1
    header=$2
    shift 2
    number=$((number + 1))
    if "$@" -x "$language" -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
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
    check c "$header" $cc -std=c11
    # shellcheck disable=SC2086
    if command -v ${cxx%% *} >/dev/null || test "$CI" = true; then
        check c++ "$header" $cxx -std=c++17
    else
        number=$((number + 1))
        echo "ok $number - $header as c++ # SKIP no C++ compiler: install g++"
    fi
done
echo "1..$number"
exit $status
