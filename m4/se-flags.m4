# SPDX-License-Identifier: Apache-2.0
# Macros which probe compiler and linker flags one at a time.

# SE_CFLAG(VARIABLE, FLAG): append FLAG to VARIABLE if the compiler takes it
# without a warning.
AC_DEFUN([SE_CFLAG], [
  AS_VAR_PUSHDEF([cache], [se_cv_cflag_$2])
  AC_CACHE_CHECK([whether $CC accepts $2], [cache], [
    se_saved_cflags=$CFLAGS
    CFLAGS="$CFLAGS -Werror $2"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]],
                                    [[puts("probe");]])],
      [AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
    CFLAGS=$se_saved_cflags
  ])
  AS_VAR_IF([cache], [yes], [AS_VAR_APPEND([$1], [" $2"])])
  AS_VAR_POPDEF([cache])
])

# SE_LDFLAG(VARIABLE, FLAG): the same for a flag of the linker.
AC_DEFUN([SE_LDFLAG], [
  AS_VAR_PUSHDEF([cache], [se_cv_ldflag_$2])
  AC_CACHE_CHECK([whether the linker accepts $2], [cache], [
    se_saved_ldflags=$LDFLAGS
    LDFLAGS="$LDFLAGS $2"
    AC_LINK_IFELSE([AC_LANG_PROGRAM],
      [AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
    LDFLAGS=$se_saved_ldflags
  ])
  AS_VAR_IF([cache], [yes], [AS_VAR_APPEND([$1], [" $2"])])
  AS_VAR_POPDEF([cache])
])

# SE_EACH(MACRO, VARIABLE, FLAGS): one MACRO call per flag; a flag may hold
# commas.
AC_DEFUN([SE_EACH], [
  m4_map_args_w([$3], [$1([$2], m4_quote(], [))
])
])

# SE_PKG(VARIABLE, MODULE, DEBIAN-PACKAGE): a library that must be there. Its
# headers count as system headers, so that our warnings stop at our code.
AC_DEFUN([SE_PKG], [
  PKG_CHECK_MODULES([$1], [$2], [],
    [AC_MSG_ERROR([$2 was not found: install $3 (apt-get install $3)])])
  SE_SYSTEM_HEADERS([$1])
])

AC_DEFUN([SE_SYSTEM_HEADERS], [
  $1[]_CFLAGS=`AS_ECHO([" $$1[]_CFLAGS"]) | sed 's/ -I\(\S\)/ -isystem \1/g'`
])

# SE_SONAME(VARIABLE, LIBRARY, DEFAULT, FUNCTION)
# Substitutes VARIABLE_SONAME, the name under which a library that is loaded at run
# time is found: that which a program linked with $VARIABLE_LIBS asks for.
AC_DEFUN([SE_SONAME], [
  AC_CHECK_TOOL([READELF], [readelf], [false])
  AC_CACHE_CHECK([for the soname of $2], [se_cv_soname_$1],
    [se_cv_soname_$1=$3
     se_save_LIBS=$LIBS
     LIBS="$[]$1[]_LIBS $LIBS"
     AC_LINK_IFELSE([AC_LANG_CALL([], [$4])],
       [se_soname=`$READELF -d conftest$EXEEXT 2>/dev/null |
          sed -n 's/.*NEEDED.*\($2\S*\.so\.@<:@0-9@:>@*\).*/\1/p' | sed 1q`
        AS_IF([test "x$se_soname" != x], [se_cv_soname_$1=$se_soname])])
     LIBS=$se_save_LIBS])
  AC_SUBST([$1_SONAME], [$se_cv_soname_$1])
])
