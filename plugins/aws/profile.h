/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.h - the shared config and credentials files of AWS's SDKs ("AWS SDKs
 * and Tools Reference Guide", "Shared config and credentials files"): profiles,
 * SSO sessions and services, with the file and line of every setting.
 *
 *   [profile NAME], [default], [sso-session NAME], [services NAME]  in config
 *   [NAME]                                                  in credentials
 *   key = value   # comment, with a space before it
 *     more of the value, or of a key without one "sub = value"
 *
 * Of a setting that comes twice the last one counts, and the credentials file
 * comes after the config file.
 */
#ifndef PLUGINS_AWS_PROFILE_H
#define PLUGINS_AWS_PROFILE_H

#include "sdk/base/arena.h"
#include "sdk/base/error.h"

enum aws_section_kind {
    AWS_SECTION_PROFILE,
    AWS_SECTION_SSO,
    AWS_SECTION_SERVICES,
    AWS_SECTION_OTHER /* kept out of the way */
};

struct aws_setting {
    const char *parent; /* of "sub = value" below "parent ="; or NULL */
    const char *key;    /* lower case */
    const char *value;
    const char *file;
    long line;
    struct aws_setting *next;
};

struct aws_section {
    enum aws_section_kind kind;
    const char *name;
    const char *file; /* where it was first */
    long line;
    struct aws_setting *settings;
    unsigned count;
    struct aws_section *next;
};

/** Filled by aws_files_init; aws_files_clear wipes what was read. */
struct aws_files {
    struct arena arena;
    struct aws_section *sections;
    unsigned count;
};

#define AWS_FILE_MAXIMUM ((size_t)4 * 1024 * 1024)

void aws_files_init(struct aws_files *files);
void aws_files_clear(struct aws_files *files);

/** Adds the text of a file. ENGINE_EPARSE names the line; the message holds
 * nothing of a value. */
engine_status aws_files_add(struct aws_files *files, const char *file,
                            const char *text, size_t len, int is_config,
                            engine_error *err);
/** Reads a file and adds it; ENGINE_ENOTFOUND when there is none. */
engine_status aws_files_load(struct aws_files *files, const char *path,
                             int is_config, engine_error *err);

/** NULL when there is none. */
const struct aws_section *aws_files_section(const struct aws_files *files,
                                            enum aws_section_kind kind,
                                            const char *name);
/** A setting, its value or NULL; section may be NULL. Empty values are as if
 * they were not there. */
const struct aws_setting *aws_section_setting(const struct aws_section *section,
                                              const char *key);
const char *aws_section_get(const struct aws_section *section,
                            const char *key);
/** "endpoint_url" below "s3 =" is parent "s3". */
const char *aws_section_get_in(const struct aws_section *section,
                               const char *parent, const char *key);

#endif
