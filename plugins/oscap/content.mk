# SPDX-License-Identifier: Apache-2.0
# Importing and compiling SCAP content; included by plugins/oscap/local.mk.
oscap_content_sources = \
	plugins/oscap/compile.c plugins/oscap/compile.h \
	plugins/oscap/compile_oval.c \
	plugins/oscap/compile_set.c \
	plugins/oscap/compile_xccdf.c \
	plugins/oscap/content.h \
	plugins/oscap/content_rules.c \
	plugins/oscap/fragments.c plugins/oscap/fragments.h \
	plugins/oscap/fragments_write.c \
	plugins/oscap/import_content.c \
	plugins/oscap/import_frameworks.c \
	plugins/oscap/import_locate.c \
	plugins/oscap/import_oval.c \
	plugins/oscap/import_private.h \
	plugins/oscap/import_profile.c \
	plugins/oscap/import_rule.c \
	plugins/oscap/import_text.c \
	plugins/oscap/import_value.c \
	plugins/oscap/import_xccdf.c \
	plugins/oscap/shard.c plugins/oscap/shard.h \
	plugins/oscap/tailoring.c \
	plugins/oscap/xml.c plugins/oscap/xml.h \
	plugins/oscap/xml_write.c
oscap_sources += $(oscap_content_sources)
