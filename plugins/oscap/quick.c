/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quick.c - loaded into the oscap program (LD_PRELOAD) for local and chroot
 * scans. Distributions build libopenscap without NDEBUG, so that every use of
 * one of its S-expressions is followed by an assertion about its form: two
 * thirds of a scan's processor time. This is what NDEBUG makes of it. The
 * function asserts and does nothing else; where a libopenscap has no such
 * function, this changes nothing. Option "self_checks" leaves it out.
 */
#include <stdint.h>

void __SEXP_VALIDATE(const void *sexp, const char *file, uint32_t line,
                     const char *function);

void __SEXP_VALIDATE(const void *sexp, const char *file, uint32_t line,
                     const char *function)
{
    (void)sexp;
    (void)file;
    (void)line;
    (void)function;
}
