# SPDX-License-Identifier: Apache-2.0
# scan-engine.m4 - for configure.ac of scanners
#
# SCAN_ENGINE_SCANNER([MINIMUM-ABI], [ACTION-IF-FOUND], [ACTION-IF-NOT-FOUND])
#
# Looks for the headers of scan-engine's scanner ABI, at least MINIMUM-ABI
# (such as 1.0: the same major, that minor or a later one). Without
# ACTION-IF-NOT-FOUND configure ends when they are not there. aclocal finds this
# file below /usr; elsewhere it is told: ACLOCAL_PATH=PREFIX/share/aclocal. Sets,
# for Makefile.am:
#
#   ENGINE_SCANNER_CFLAGS   for the compiler
#   ENGINE_SCANNER_LDFLAGS  for a module that exports its entry point and
#                           nothing else
#   plugindir               where scan-engine looks for scanners, or
#                           --with-plugindir=DIR
#
# In configure.ac:
#
#   LT_INIT([disable-static])
#   SCAN_ENGINE_SCANNER([1.0])
#
# In Makefile.am, where automake wants to see -module:
#
#   plugin_LTLIBRARIES = example.la
#   example_la_SOURCES = example.c
#   example_la_CFLAGS = $(ENGINE_SCANNER_CFLAGS)
#   example_la_LDFLAGS = -module $(ENGINE_SCANNER_LDFLAGS)
#
# serial 2
AC_DEFUN([SCAN_ENGINE_SCANNER], [
AC_REQUIRE([PKG_PROG_PKG_CONFIG])dnl
AC_ARG_WITH([plugindir],
  [AS_HELP_STRING([--with-plugindir=DIR],
    [where scanners are installed (default: where scan-engine looks for them)])],
  [], [with_plugindir=])
PKG_CHECK_MODULES([ENGINE_SCANNER], [engine-scanner],
  [have_engine_scanner=yes], [have_engine_scanner=no])
AS_IF([test "x$have_engine_scanner" = xyes],
  [_SCAN_ENGINE_ABI([$1])
   ENGINE_SCANNER_LDFLAGS="-module -avoid-version -shared -export-symbols-regex _LTX_scanner_query\$\$"
   PKG_CHECK_VAR([engine_scanner_plugindir], [engine-scanner], [plugindir])
   plugindir=$with_plugindir
   AS_IF([test -z "$plugindir"], [plugindir=$engine_scanner_plugindir])])
AC_SUBST([ENGINE_SCANNER_LDFLAGS])
AC_SUBST([plugindir])
AS_IF([test "x$have_engine_scanner" = xyes], [m4_default([$2], [:])],
  [m4_default([$3], [AC_MSG_ERROR([scan-engine's headers for scanners were not
found, or are of another ABI: install scan-engine (make install), and name its
prefix's lib/pkgconfig in PKG_CONFIG_PATH])])])
])

# The same major, that minor or a later one.
AC_DEFUN([_SCAN_ENGINE_ABI], [
m4_ifval([$1], [
AC_MSG_CHECKING([for version $1 of the scanner ABI])
engine_scanner_abi=`$PKG_CONFIG --variable=abi_major engine-scanner`.`$PKG_CONFIG --variable=abi_minor engine-scanner`
AS_VERSION_COMPARE([$engine_scanner_abi], [$1], [have_engine_scanner=no])
AS_IF([test "`echo $1 | sed 's/\..*//'`" != "`$PKG_CONFIG --variable=abi_major engine-scanner`"],
  [have_engine_scanner=no])
AC_MSG_RESULT([$engine_scanner_abi])
])])
