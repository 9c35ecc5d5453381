# SPDX-License-Identifier: Apache-2.0
# Signing and credentials: what every call to AWS needs.
aws_sign_sources = \
	plugins/aws/sign.c plugins/aws/sign.h \
	plugins/aws/sign_canonical.c plugins/aws/sign_private.h

# For the tests.
check_LTLIBRARIES += plugins/aws/libsign.la
plugins_aws_libsign_la_SOURCES = $(aws_sign_sources)
plugins_aws_libsign_la_LIBADD = $(CRYPTO_LIBS)
unit_tests += tests/unit/test_aws_sign
tests_unit_test_aws_sign_LDADD = plugins/aws/libsign.la $(LDADD)
