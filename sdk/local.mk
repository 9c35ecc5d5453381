# SPDX-License-Identifier: Apache-2.0
# What third parties get: files for pkg-config and autoconf, templates, and
# libscankit. Included after the kit's own.

pkgconfig_DATA += sdk/engine-scanner.pc
EXTRA_DIST += sdk/engine-scanner.pc.in

aclocaldir = $(datadir)/aclocal
dist_aclocal_DATA = sdk/scan-engine.m4

templatedir = $(pkgdatadir)/template
dist_template_DATA = sdk/README
templateminimaldir = $(templatedir)/minimal
dist_templateminimal_DATA = \
	sdk/template/minimal/Makefile \
	sdk/template/minimal/README \
	sdk/template/minimal/engine.conf \
	sdk/template/minimal/minimal.c \
	sdk/template/minimal/rules.yaml
if WITH_CURL
templatekitdir = $(templatedir)/kit
dist_templatekit_DATA = \
	sdk/template/kit/Makefile \
	sdk/template/kit/README \
	sdk/template/kit/engine.conf \
	sdk/template/kit/health.json \
	sdk/template/kit/jsonapi.c \
	sdk/template/kit/rules.yaml
endif
templaterustdir = $(templatedir)/rust
dist_templaterust_DATA = \
	sdk/template/rust/Makefile \
	sdk/template/rust/README \
	sdk/template/rust/engine.conf \
	sdk/template/rust/minimal_rs.rs \
	sdk/template/rust/rules.yaml

# --- libscankit --------------------------------------------------------------

# Headers are included as they are here, <sdk/kit/value.h>, so that plugins of
# ours and of others look alike: scankit.pc names the directory of that "sdk".
scankitincludedir = $(includedir)/scankit
nobase_scankitinclude_HEADERS = \
	sdk/base/alloc.h \
	sdk/base/arena.h \
	sdk/base/buffer.h \
	sdk/base/clock.h \
	sdk/base/error.h \
	sdk/base/file.h \
	sdk/base/hash.h \
	sdk/base/log.h \
	sdk/base/pattern.h \
	sdk/document/document.h \
	sdk/document/match.h \
	sdk/kit/check.h \
	sdk/kit/collect.h \
	sdk/kit/condition.h \
	sdk/kit/expr.h \
	sdk/kit/host.h \
	sdk/kit/process.h \
	sdk/kit/secret.h \
	sdk/kit/template.h \
	sdk/kit/value.h \
	sdk/kit/value_mask.h \
	sdk/kit/value_stream.h
scankit_parts = sdk/kit/libscankit-expr.la sdk/kit/libscankit-core.la
scankit_requires = libbson-1.0 yaml-0.1 yajl libpcre2-8 libcrypto
if WITH_CURL
nobase_scankitinclude_HEADERS += \
	sdk/kit/http.h \
	sdk/kit/cloud/cloud.h \
	sdk/kit/cloud/guard.h \
	sdk/kit/cloud/jwt.h \
	sdk/kit/cloud/options.h \
	sdk/kit/cloud/token.h
scankit_parts += sdk/kit/libscankit-http.la sdk/kit/cloud/libscankit-cloud.la
endif

# An archive, never a shared library: its API changes with every release, so a
# plugin carries the one that it was built with. Objects are position
# independent and their symbols hidden: a plugin exports none of them.
noinst_LTLIBRARIES += sdk/libscankit.la
sdk_libscankit_la_SOURCES =
sdk_libscankit_la_LIBADD = $(scankit_parts)
scankitlibdir = $(libdir)
scankitlib_DATA = sdk/libscankit.a
sdk/libscankit.a: sdk/libscankit.la
	$(AM_V_GEN)rm -f $@ && cp sdk/.libs/libscankit.a $@
CLEANFILES += sdk/libscankit.a

pkgconfig_DATA += sdk/scankit.pc
EXTRA_DIST += sdk/scankit.pc.in

unit_tests += tests/unit/test_buffer_xml tests/unit/test_distance \
	tests/unit/test_scanner_util tests/unit/test_tree
