# SPDX-License-Identifier: Apache-2.0
# The scanner of AWS accounts; what it stands on is in access.mk and model.mk.
if WITH_AWS
plugins_LTLIBRARIES += plugins/aws.la
plugins_aws_la_SOURCES = $(aws_access_sources) \
	plugins/aws/aws.c plugins/aws/aws.h \
	plugins/aws/accounts.c \
	plugins/aws/bucket.c \
	plugins/aws/call.c \
	plugins/aws/call_detour.c \
	plugins/aws/call_pages.c \
	plugins/aws/call_sign.c \
	plugins/aws/errors.c \
	plugins/aws/nowhere.c \
	plugins/aws/probe.c \
	plugins/aws/provider.c \
	plugins/aws/regions.c \
	plugins/aws/scopes.c \
	plugins/aws/target.c
plugins_aws_la_LIBADD = plugins/aws/libmodel.la \
	sdk/kit/cloud/libscankit-cloud.la sdk/kit/libscankit-http.la \
	sdk/kit/libscankit-expr.la sdk/kit/libscankit-core.la \
	$(CRYPTO_LIBS) $(XML_LIBS)
plugins_aws_la_LDFLAGS = $(plugin_ldflags)
endif
EXTRA_DIST += plugins/aws/README
