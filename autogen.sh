#!/bin/sh
# Makes configure and Makefile.in from a git checkout.
set -e
cd "$(dirname "$0")"
exec autoreconf --force --install --warnings=all,no-portability "$@"
