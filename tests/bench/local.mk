# SPDX-License-Identifier: Apache-2.0
.PHONY: bench bench-engine bench-cloud bench-daemon bench-kubernetes

engine_tools = tests/bench/pipeline tests/fixtures/plugins/noop.la
bench_tools = tests/bench/store_fill tests/bench/store_writes \
	tests/fixtures/plugins/alpha.la $(engine_tools)
bench_environment = SCAN_ENGINE_SRC='$(abs_top_srcdir)' \
	SCAN_ENGINE_BUILD='$(abs_top_builddir)'

# Measures the built programs against bare oscap, then the daemon and
# Kubernetes; see the heads of the scripts.
bench: all $(bench_tools)
	$(bench_environment) $(top_srcdir)/tests/bench/run
	$(bench_environment) $(top_srcdir)/tests/bench/engine
	$(bench_environment) $(top_srcdir)/tests/bench/daemon
	$(bench_environment) $(top_srcdir)/tests/bench/kubernetes
	$(bench_environment) $(top_srcdir)/tests/bench/cloud

# The engine alone; see the head of the script.
bench-engine: all $(engine_tools)
	$(bench_environment) $(top_srcdir)/tests/bench/engine

# AWS against other scanners and clients; see the head of the script.
bench-cloud: all
	$(bench_environment) $(top_srcdir)/tests/bench/cloud

# 200 rules over lists of pods; see the head of the script.
bench-kubernetes: all
	$(bench_environment) $(top_srcdir)/tests/bench/kubernetes

bench-daemon: all $(bench_tools)
	$(bench_environment) $(top_srcdir)/tests/bench/daemon

# Scans into a store, and verdicts per second; see the heads of the sources.
EXTRA_PROGRAMS += tests/bench/store_fill tests/bench/store_writes
tests_bench_store_fill_LDADD = engine/libenginecore.la
tests_bench_store_writes_LDADD = engine/libenginecore.la $(MONGOC_LIBS) \
	$(SQLITE_LIBS)

# MB/s of the kit's JSON reader; see the head of the source.
EXTRA_PROGRAMS += tests/bench/value_stream
tests_bench_value_stream_LDADD = sdk/kit/libscankit-expr.la \
	sdk/kit/libscankit-core.la

# A body as fast as curl(1) reads it; see the head of the source.
if WITH_CURL
EXTRA_PROGRAMS += tests/bench/http_get
tests_bench_http_get_LDADD = sdk/kit/libscankit-http.la \
	sdk/kit/libscankit-core.la
endif

# What the engine itself costs; see the head of the source.
EXTRA_PROGRAMS += tests/bench/pipeline
tests_bench_pipeline_LDADD = engine/libenginecore.la
