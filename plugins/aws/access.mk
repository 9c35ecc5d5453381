# SPDX-License-Identifier: Apache-2.0
# Signing and credentials: what every call to AWS needs.
aws_sign_sources = \
	plugins/aws/sign.c plugins/aws/sign.h \
	plugins/aws/sign_canonical.c plugins/aws/sign_headers.c \
	plugins/aws/sign_private.h
aws_access_sources = $(aws_sign_sources) \
	plugins/aws/credentials.c plugins/aws/credentials.h \
	plugins/aws/credentials_chain.c \
	plugins/aws/credentials_metadata.c \
	plugins/aws/credentials_private.h \
	plugins/aws/credentials_process.c \
	plugins/aws/credentials_profile.c \
	plugins/aws/credentials_read.c \
	plugins/aws/credentials_role.c \
	plugins/aws/credentials_settings.c \
	plugins/aws/credentials_sso.c \
	plugins/aws/profile.c plugins/aws/profile.h \
	plugins/aws/sts.c plugins/aws/sts_answer.c plugins/aws/sts_place.c

# For the tests.
if WITH_AWS
check_LTLIBRARIES += plugins/aws/libaccess.la
plugins_aws_libaccess_la_SOURCES = $(aws_access_sources)
plugins_aws_libaccess_la_LIBADD = $(aws_access_libs)
aws_access_libs = sdk/kit/cloud/libscankit-cloud.la sdk/kit/libscankit-http.la \
	$(CRYPTO_LIBS) $(XML_LIBS)
aws_access_ldadd = plugins/aws/libaccess.la $(aws_access_libs) $(LDADD)
unit_tests += tests/unit/test_aws_sign
tests_unit_test_aws_sign_LDADD = $(aws_access_ldadd)
unit_tests += tests/unit/test_aws_credentials
tests_unit_test_aws_credentials_LDADD = $(aws_access_ldadd)
# What tests/integration/test_aws_credentials.py asks for keys.
check_PROGRAMS += tests/unit/aws_keys
tests_unit_aws_keys_LDADD = $(aws_access_ldadd)
fuzzers += tests/fuzz/fuzz_aws_files
tests_fuzz_fuzz_aws_files_LDADD = $(aws_access_ldadd)
tests_fuzz_fuzz_aws_files_LDFLAGS = $(fuzz_ldflags)
endif
