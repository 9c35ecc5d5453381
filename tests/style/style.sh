#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What tools can enforce: no function over 100 lines, no file over 800, none
# of the forbidden calls (tests may use system), an SPDX line in every source.
# Prints TAP.
cd "${SCAN_ENGINE_SRC:-.}" || exit 1
forbidden='system popen strcpy strcat sprintf vsprintf gets alloca pthread_cancel'
number=0
status=0

report() { # NAME MESSAGES
    number=$((number + 1))
    if test -z "$2"; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        echo "$2" | sed 's/^/# /'
        status=1
    fi
}

sources=$(find include sdk engine plugins tests -name '*.[ch]' -type f | sort)
# shellcheck disable=SC2086 # no file of ours has a space in its name
set -- $sources

report "no function is longer than 100 lines" "$(awk '
    FNR == 1 { start = 0 }
    /^{/ { start = FNR }
    /^}/ && start {
        if (FNR - start - 1 > 100)
            printf "%s:%d: %d lines\n", FILENAME, start, FNR - start - 1
        start = 0
    }' "$@")"

report "no file is longer than 800 lines" "$(awk '
    FNR == 801 { print FILENAME }' "$@")"

report "no forbidden call" "$(awk -v names="$forbidden" '
    BEGIN { gsub(/ /, "|", names); call = "(^|[^A-Za-z0-9_.>])(" names ") *[(]" }
    FNR == 1 { comment = 0 }
    {
        line = $0
        gsub(/\\./, "", line)
        gsub(/"[^"]*"/, "\"\"", line)
        gsub(/\/\*([^*]|\*[^\/])*\*\//, " ", line)
        if (comment) {
            if (!sub(/^.*\*\//, "", line))
                next
            comment = 0
        }
        if (sub(/\/\*.*$/, "", line))
            comment = 1
        if (FILENAME ~ /(^tests|\/test_)/)
            gsub(/system *[(]/, "(", line)
        if (line ~ call)
            printf "%s:%d: %s\n", FILENAME, FNR, $0
    }' "$@")"

report "every source names its licence" "$(awk '
    FNR == 1 && !/SPDX-License-Identifier: Apache-2.0/ { print FILENAME }' "$@")"

echo "1..$number"
exit $status
