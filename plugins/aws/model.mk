# SPDX-License-Identifier: Apache-2.0
# The model of AWS's APIs: files made of botocore's, and what reads them.
if WITH_AWS
noinst_LTLIBRARIES += plugins/aws/libmodel.la
plugins_aws_libmodel_la_SOURCES = \
	plugins/aws/answer.c \
	plugins/aws/answer_value.c \
	plugins/aws/answer_json.c \
	plugins/aws/answer_token.c \
	plugins/aws/answer_xml.c \
	plugins/aws/failure.c \
	plugins/aws/model.c plugins/aws/model.h plugins/aws/model_private.h \
	plugins/aws/model_file.c plugins/aws/model_file.h \
	plugins/aws/near.c \
	plugins/aws/request.c \
	plugins/aws/request_check.c \
	plugins/aws/request_form.c \
	plugins/aws/request_json.c \
	plugins/aws/request_place.c \
	plugins/aws/request_header.c \
	plugins/aws/request_rest.c \
	plugins/aws/request_xml.c \
	plugins/aws/text.c \
	plugins/aws/xml_read.c
plugins_aws_libmodel_la_CPPFLAGS = $(AM_CPPFLAGS) \
	-DSCAN_ENGINE_AWS_DATADIR='"$(pkgdatadir)/aws"'
plugins_aws_libmodel_la_LIBADD = $(XML_LIBS) $(BSON_LIBS)

# The models of this build, for tests.
aws_test_cppflags = $(AM_CPPFLAGS) \
	-DAWS_TEST_MODEL='"$(abs_top_builddir)/plugins/aws/model"'
aws_model_ldadd = plugins/aws/libmodel.la $(LDADD)
unit_tests += tests/unit/test_aws_model tests/unit/test_aws_answer
tests_unit_test_aws_model_LDADD = $(aws_model_ldadd)
tests_unit_test_aws_model_CPPFLAGS = $(aws_test_cppflags)
tests_unit_test_aws_answer_LDADD = $(aws_model_ldadd)
tests_unit_test_aws_answer_CPPFLAGS = $(aws_test_cppflags)
fuzzers += tests/fuzz/fuzz_aws_xml tests/fuzz/fuzz_aws_failure
tests_fuzz_fuzz_aws_xml_LDADD = $(aws_model_ldadd)
tests_fuzz_fuzz_aws_xml_CPPFLAGS = $(aws_test_cppflags)
tests_fuzz_fuzz_aws_xml_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_aws_failure_LDADD = $(aws_model_ldadd)
tests_fuzz_fuzz_aws_failure_CPPFLAGS = $(aws_test_cppflags)
tests_fuzz_fuzz_aws_failure_LDFLAGS = $(fuzz_ldflags)
fuzz_data += $(aws_model)
# What tests/integration/test_aws_protocols.py talks to.
check_PROGRAMS += tests/unit/aws_wire
tests_unit_aws_wire_LDADD = $(aws_model_ldadd)

# One file per service; index.json is written last.
aws_model = plugins/aws/model/index.json
all-local: $(aws_model)
$(aws_model): $(srcdir)/plugins/aws/mkmodel $(BOTOCORE_DATA)/endpoints.json
	$(AM_V_GEN)rm -rf plugins/aws/model plugins/aws/model.tmp && \
	$(MKDIR_P) plugins/aws && \
	$(PYTHON3) $(srcdir)/plugins/aws/mkmodel $(BOTOCORE_DATA) \
	  plugins/aws/model.tmp && \
	mv plugins/aws/model.tmp plugins/aws/model

awsdatadir = $(pkgdatadir)/aws
install-data-local: $(aws_model)
	$(MKDIR_P) $(DESTDIR)$(awsdatadir)
	$(INSTALL_DATA) plugins/aws/model/* $(DESTDIR)$(awsdatadir)
uninstall-local:
	for file in plugins/aws/model/*; do \
	  rm -f "$(DESTDIR)$(awsdatadir)/$$(basename "$$file")"; \
	done
	test ! -d $(DESTDIR)$(awsdatadir) || rmdir $(DESTDIR)$(awsdatadir) || :
CLEANFILES += plugins/aws/model/*
endif
EXTRA_DIST += plugins/aws/mkmodel
