# SPDX-License-Identifier: Apache-2.0
# The ABI of plugins and of libengine: what never changes. See HACKING.
script_tests += tests/abi/abi.sh
EXTRA_DIST += tests/abi/layout.c tests/abi/suppressions tests/abi/scanner.c \
	tests/abi/libengine.c tests/abi/libengine.abi tests/abi/scanner.abi tests/abi/1.0/README tests/abi/1.0/x86_64/alpha.so
