# SPDX-License-Identifier: Apache-2.0
# A fuzzer is tests/fuzz/fuzz_NAME.c, seeds in tests/fuzz/corpus/NAME/, and
# these two lines:
#   fuzzers += tests/fuzz/fuzz_NAME
#   tests_fuzz_fuzz_NAME_LDFLAGS = $(fuzz_ldflags)
fuzz_ldflags = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

# Replays the corpus in `make check`; with libFuzzer, its main() comes first.
check_LIBRARIES += tests/fuzz/libdriver.a
tests_fuzz_libdriver_a_SOURCES = tests/fuzz/driver.c

FUZZ_SECONDS = 30
FUZZ_CC = clang

.PHONY: fuzz fuzzers run-fuzzers

# In a build directory of its own, since everything is instrumented.
fuzz:
	$(MKDIR_P) fuzz-build
	cd fuzz-build && { test -f Makefile || $(abs_top_srcdir)/configure \
	  CC='$(FUZZ_CC)' --quiet --enable-fuzzers \
	  --enable-sanitizers=address,undefined; }
	cd fuzz-build && $(MAKE) $(AM_MAKEFLAGS) fuzzers
	cd fuzz-build && $(MAKE) $(AM_MAKEFLAGS) run-fuzzers \
	  FUZZ_SECONDS='$(FUZZ_SECONDS)'

fuzzers: $(fuzzers) $(fuzz_data)

run-fuzzers: $(fuzzers) $(fuzz_data)
	@$(SHELL) $(top_srcdir)/tests/fuzz/run $(top_srcdir)/tests/fuzz/corpus \
	  '$(FUZZ_SECONDS)' $(fuzzers)

clean-local:
	rm -rf fuzz-build valgrind-build tests/fuzz/found
	rm -f tests/fuzz/*.fuzz-log tests/fuzz/*.trs tests/fuzz/fuzz-*

fuzzers += tests/fuzz/fuzz_json
tests_fuzz_fuzz_json_LDFLAGS = $(fuzz_ldflags)

fuzzers += tests/fuzz/fuzz_yaml
tests_fuzz_fuzz_yaml_LDFLAGS = $(fuzz_ldflags)

fuzzers += tests/fuzz/fuzz_query
tests_fuzz_fuzz_query_LDFLAGS = $(fuzz_ldflags)

fuzzers += tests/fuzz/fuzz_frames
tests_fuzz_fuzz_frames_LDFLAGS = $(fuzz_ldflags)

fuzzers += tests/fuzz/fuzz_rules
tests_fuzz_fuzz_rules_LDFLAGS = $(fuzz_ldflags)
