/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kubernetes.h - the scanner instance and the seams of this folder.
 *
 * A scan is one line: rules (rule.h) name what they read; equal reads are one
 * (read.h); a source, which is a cluster or a dump, brings the bytes of each
 * read (source.h); every object that goes by is judged by all rules of its
 * read (judge.h), which end with one verdict each (report.h).
 */
#ifndef PLUGINS_KUBERNETES_KUBERNETES_H
#define PLUGINS_KUBERNETES_KUBERNETES_H

#include <bson/bson.h>
#include <engine/scanner.h>

#include "sdk/base/error.h"
#include "sdk/kit/host.h"

/** One configured instance. */
struct kube {
    const struct scanner_host *host;
    bson_t options; /* options.c, every option present */
};

#define KUBE_OPTIONS_COUNT 8
extern const struct scanner_option kube_options[KUBE_OPTIONS_COUNT];

/** An option that is a number; the engine has checked its bounds. */
int64_t kube_option(const struct kube *self, const char *name);

/* operations, one file each */
int32_t kube_op_scan(void *self, const struct scanner_job *job,
                     struct scanner_error *err);
int32_t kube_op_plan(void *self, const struct scanner_job *job,
                     struct scanner_error *err);
int32_t kube_op_import(void *self, const struct scanner_job *job,
                       struct scanner_error *err);
int32_t kube_op_probe(void *self, const struct scanner_job *job,
                      struct scanner_error *err);

#endif
