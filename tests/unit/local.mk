# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += tests/unit/skip.h
