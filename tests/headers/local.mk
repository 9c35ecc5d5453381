# SPDX-License-Identifier: Apache-2.0
script_tests += tests/headers/headers.sh
script_tests += tests/headers/symbols.sh
