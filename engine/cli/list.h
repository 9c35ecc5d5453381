/* SPDX-License-Identifier: Apache-2.0 */
/* list.h - stored documents as rows, JSON or JSON Lines. */
#ifndef ENGINE_CLI_LIST_H
#define ENGINE_CLI_LIST_H

#include "engine/cli/session.h"

extern const char *const list_formats[]; /* table, json, jsonl; NULL-ended */

#define LIST_FORMAT_OPTION                                              \
    {                                                                   \
        "format", "FORMAT", "table (the default), json or jsonl", false \
    }

struct list_column {
    const char *heading;
    const char *path; /* of the document; NULL: `text` makes it */
    unsigned columns; /* of the terminal; the last takes what is left */
    unsigned narrow;  /* the same on a narrow terminal; 0: not shown */
    bool end;         /* when it must be cut, its end is what counts */
    void (*text)(const bson_t *document, char *out, size_t out_size);
};

struct list {
    const char *collection;
    struct store_query query;
    const struct list_column *columns;
    size_t columns_count;
    const char *format;  /* one of list_formats */
    const char *nothing; /* said on standard error when nothing is found */
};

engine_status list_print(struct session *session, const struct list *list,
                         engine_error *err);

/** One document as pretty JSON, without what only the store needs. */
engine_status list_print_document(const struct text_out *out,
                                  const bson_t *document, engine_error *err);
/** The same on one line. */
engine_status list_print_line(const struct text_out *out,
                              const bson_t *document, engine_error *err);

#endif
