# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# The stages of `quickstart test`, which reads this file. Each has its log in
# build/logs/ and ends in a line of counts; the last line of all is their sum.

logs=$build/logs
# The one integration scan of the stages in which all would take too long.
smoke_test=tests/integration/test_pipeline.py
smoke_name=three_types_over_two_targets
total_passed=0
total_failed=0
total_skipped=0

# failures FOLDER: what each test that failed there said last: of TAP the end of
# its own comment, and of what was captured; else the end of the log.
failures() {
    find "$1" -name '*.trs' | sort | while read -r trs; do
        said=${trs%.trs}.log
        test -f "$said" || said=${trs%.fuzz.trs}.fuzz-log
        grep -qE '^:test-result: (FAIL|XPASS|ERROR)' "$trs" || continue
        awk '
            function last(lines, count, most) {
                for (i = count > most ? count - most + 1 : 1; i <= count; i++)
                    print lines[i]
            }
            function end() {
                if (name != "") {
                    printf "--- %s: %s\n", FILENAME, name
                    last(said, saids, 30)
                    last(captured, captureds, 15)
                }
                name = ""
                saids = captureds = 0
            }
            { all[NR] = $0 }
            /^(ok|not ok|1\.\.)/ { end() }
            /^not ok/ && !/# TODO/ { name = $0; found = 1; next }
            name != "" && /^# --- / { captured[++captureds] = $0; next }
            name != "" && captureds { captured[++captureds] = $0; next }
            name != "" { said[++saids] = $0 }
            END {
                end()
                if (!found) {
                    printf "--- the end of %s\n", FILENAME
                    last(all, NR, 30)
                }
            }' "$said"
    done
}

# stage NAME FUNCTION FOLDER: runs FUNCTION and counts the results that it
# leaves in FOLDER. A stage that fails without one, or that has no tests,
# counts as one.
stage() {
    name=$1
    folder=$3
    log=$logs/$(printf '%s' "$name" | tr -c 'a-zA-Z0-9\n' '-').log
    heading "$name"
    begun=$(date +%s)
    mkdir -p "$folder"
    find "$folder" -name '*.trs' -delete
    if $2 >"$log" 2>&1 </dev/null; then good=1; else good=0; fi
    # shellcheck disable=SC2046 # three numbers
    set -- $(find "$folder" -name '*.trs' -exec cat {} + | awk '
        /^:test-result: (PASS|XFAIL)/ { passed++ }
        /^:test-result: (FAIL|XPASS|ERROR)/ { failed++ }
        /^:test-result: SKIP/ { skipped++ }
        END { print passed + 0, failed + 0, skipped + 0 }')
    passed=$1 failed=$2 skipped=$3
    if test $good -eq 0 && test "$failed" -eq 0; then
        failed=1
    elif test $good -eq 1 && test $((passed + failed + skipped)) -eq 0; then
        passed=1
    fi
    if test "$failed" -gt 0; then
        grep -aE '^(FAIL|XPASS|ERROR):|: error: |^(configure: )?error:' \
            "$log" | sort -u | head -n 40
        failures "$folder" | head -n 600
        say "--- the end of $log"
        tail -n 40 "$log"
    fi
    say "$name: $passed passed, $failed failed, $skipped skipped," \
        "$(($(date +%s) - begun)) s"
    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
    total_skipped=$((total_skipped + skipped))
}

built() { # FOLDER ARGUMENT...: configured and compiled
    configured "$@" && make -C "$1" -j"$jobs"
}

check() { # FOLDER TARGET ARGUMENT...
    make -C "$@" -j"$jobs" VERBOSE=1
}

gcc_stage() {
    built "$build/gcc" CC=gcc --quiet --enable-werror &&
        check "$build/gcc" check
}

asan_stage() {
    built "$build/asan" CC=gcc CFLAGS='-g -O1' --quiet --enable-werror \
        --enable-sanitizers=address,undefined &&
        check "$build/asan" check
}

# Threads are found by unit tests and one scan; the rest would only be slow.
tsan_stage() {
    built "$build/tsan" CC=gcc CFLAGS='-g -O1' --quiet --enable-werror \
        --enable-sanitizers=thread &&
        PYTEST_ADDOPTS="-k $smoke_name" \
            check "$build/tsan" check-unit SMOKE="$smoke_test"
}

valgrind_stage() {
    PYTEST_ADDOPTS="-k $smoke_name" \
        check "$build/gcc" check-valgrind SMOKE="$smoke_test"
}

clang_stage() {
    built "$build/clang" CC=clang --quiet --enable-werror &&
        check "$build/clang" check TESTS=
}

distcheck_stage() {
    SCAN_ENGINE_SKIP_INTEGRATION=1 make -C "$build/gcc" -j"$jobs" distcheck
}

fuzz_stage() {
    configured "$build/fuzz" CC=clang --quiet --enable-fuzzers \
        --enable-sanitizers=address,undefined &&
        make -C "$build/fuzz" -j"$jobs" fuzzers &&
        make -C "$build/fuzz" run-fuzzers FUZZ_SECONDS=10
}

# A client of the REST API that nobody here wrote: from PyPI, for the tests
# alone, in a folder of its own.
schemathesis_version=4.32.5
schemathesis() {
    venv=$build/schemathesis
    "$venv/bin/st" --version 2>/dev/null | grep -q "$schemathesis_version" &&
        return 0
    rm -rf "$venv"
    python3 -m venv "$venv" &&
        "$venv/bin/pip" install --disable-pip-version-check --quiet \
            "schemathesis==$schemathesis_version"
}

# A server that plays AWS (moto), one that plays Google Cloud (gcplocal), what
# Google says of its APIs (google-api-python-client), and another scanner to
# agree with (Cloud Custodian): from PyPI as well.
moto_version=5.2.5
gcplocal_version=0.1.0
clouds() {
    venv=$build/clouds
    "$venv/bin/python" -c "import flask_cors, c7n, googleapiclient, gcplocal, moto
assert moto.__version__ == '$moto_version'" 2>/dev/null && return 0
    rm -rf "$venv"
    python3 -m venv "$venv" &&
        "$venv/bin/pip" install --disable-pip-version-check --quiet \
            "moto[ec2,iam,s3]==$moto_version" flask flask-cors jsonpath_ng \
            antlr4-python3-runtime c7n==0.9.53 \
            "gcplocal==$gcplocal_version" google-api-python-client==2.202.0
}

rm -rf "$logs"
mkdir -p "$logs" || exit 1

# made_once SCRIPT DIRECTORY WHAT: a server for tests. Without it they are
# skipped, or fail under CI=true.
made_once() {
    test -d "$2" || say "== $3: made once, which takes minutes"
    KUBERNETES_JOBS=$jobs nice "$top/tests/services/$1" "$2" \
        >"$logs/$1.log" 2>&1 </dev/null ||
        say "no server for tests of $3: $(tail -n 1 "$logs/$1.log")"
}

test -n "$SCAN_ENGINE_TEST_MONGODB_URI" ||
    made_once ferretdb "${SCAN_ENGINE_TEST_FERRETDB:-$build/ferretdb}" MongoDB
test -n "$SCAN_ENGINE_TEST_KUBECONFIG" ||
    made_once kubernetes \
        "${SCAN_ENGINE_TEST_KUBERNETES:-$build/kubernetes}" Kubernetes

schemathesis >"$logs/schemathesis.log" 2>&1 </dev/null ||
    say "no schemathesis: $(tail -n 1 "$logs/schemathesis.log")"

clouds >"$logs/clouds.log" 2>&1 </dev/null ||
    say "no server that plays AWS: $(tail -n 1 "$logs/clouds.log")"

# Microsoft's own fakes of Azure, made of Go modules.
test -x "$build/clouds/bin/azure_sdk" ||
    say "== Azure: made once, which takes minutes"
AZURE_SDK_JOBS=$jobs nice "$top/tests/services/azure_sdk/build" \
    "$build/clouds/bin" >"$logs/azure_sdk.log" 2>&1 </dev/null ||
    say "no server that plays Azure: $(tail -n 1 "$logs/azure_sdk.log")"

stage 'gcc' gcc_stage "$build/gcc"
if test "$CI" = true; then
    stage 'ASan and UBSan' asan_stage "$build/asan"
    stage 'TSan' tsan_stage "$build/tsan"
    stage 'Valgrind' valgrind_stage "$build/gcc"
    stage 'clang' clang_stage "$build/clang"
    stage 'Fuzzers' fuzz_stage "$build/fuzz"
    stage 'distcheck' distcheck_stage "$build/gcc"
fi

say
say "$total_passed passed, $total_failed failed, $total_skipped skipped"
test $total_failed -eq 0
