# SPDX-License-Identifier: Apache-2.0
oscap_sources =

if WITH_OSCAP
plugins_LTLIBRARIES += plugins/oscap/oscap.la
plugins_oscap_oscap_la_SOURCES = $(oscap_sources)
plugins_oscap_oscap_la_LIBADD = sdk/kit/libscankit-core.la $(XML_LIBS)
plugins_oscap_oscap_la_LDFLAGS = $(plugin_ldflags)
endif
