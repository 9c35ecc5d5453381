# SPDX-License-Identifier: Apache-2.0
.PHONY: bench

# Measures the built programs against bare oscap; see the head of the script.
bench: all
	SCAN_ENGINE_SRC='$(abs_top_srcdir)' \
	SCAN_ENGINE_BUILD='$(abs_top_builddir)' $(top_srcdir)/tests/bench/run

# Verdicts per second into a store; see the head of the source.
EXTRA_PROGRAMS += tests/bench/store_writes
tests_bench_store_writes_LDADD = engine/libenginecore.la $(MONGOC_LIBS)
EXTRA_PROGRAMS += tests/bench/store_fill
tests_bench_store_fill_LDADD = engine/libenginecore.la

# MB/s of the kit's JSON reader; see the head of the source.
EXTRA_PROGRAMS += tests/bench/value_stream
tests_bench_value_stream_LDADD = sdk/kit/libscankit-expr.la
