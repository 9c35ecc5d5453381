/* SPDX-License-Identifier: Apache-2.0 */
/*
 * option.h - the option tables of the configuration file. Reading, the example
 * in conf/ and engine.conf(5) are made from them; nothing else knows a name.
 */
#ifndef ENGINE_CONFIG_OPTION_H
#define ENGINE_CONFIG_OPTION_H

#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_TEXT,      /* "..." */
    OPTION_DIRECTORY, /* "..." that is an absolute path */
    OPTION_NUMBER,    /* an integer between minimum and maximum */
    OPTION_BOOL,      /* true or false */
    OPTION_CHOICE,    /* one of a list of words */
    OPTION_TEXTS,     /* a list of texts, or one text */
    OPTION_GROUP,     /* { ... } */
    OPTION_LIST,      /* ( ... ) */
    OPTION_DOCUMENT   /* { ... }, or a text holding a JSON object */
};

struct option {
    const char *name;
    enum option_type type;
    const char *fallback; /* default as text, for documents; NULL: none */
    const char *sample;   /* what the example shows when there is no default */
    const char *help;     /* one sentence without its full stop */
    const char *const *choices; /* OPTION_CHOICE, NULL-ended */
    int64_t minimum, maximum;   /* OPTION_NUMBER */
    size_t offset; /* into struct engine_config, for those kept there */
};

/** The options that one group of the file may hold. */
struct option_table {
    const char *name; /* path of the group: "", "limits", "scan", ... */
    const char *help;
    const struct option *options;
    size_t count;
};

extern const struct option_table option_table_engine;
extern const struct option_table option_table_limits;
extern const struct option_table option_table_spool;
extern const struct option_table option_table_server;
extern const struct option_table option_table_server_tls;
extern const struct option_table option_table_plugin;
extern const struct option_table option_table_scan;
extern const struct option_table option_table_scan_options;
/** All of them in the order in which documents show them; NULL-ended. */
extern const struct option_table *const option_tables[];

const struct option *option_find(const struct option_table *table,
                                 const char *name);
/** "text", "number from 1 to 9", ... into out. */
void option_describe(const struct option *option, char *out, size_t out_size);

#endif
