# SPDX-License-Identifier: Apache-2.0
# Made by "scan-engine config example"; test_config checks that it is current.
examplesdir = $(docdir)/examples
dist_examples_DATA = conf/engine.conf
