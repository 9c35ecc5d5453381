# SPDX-License-Identifier: Apache-2.0
script_tests += tests/style/style.sh
