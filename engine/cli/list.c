/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - prints stored documents, one at a time. */
#include "engine/cli/list.h"

#include <string.h>

#include "sdk/base/clock.h"
#include "sdk/document/document.h"

#define LIST_NARROW 120 /* fewer columns are a narrow terminal */
#define LIST_DOCUMENT_MAX ((size_t)128 * 1024 * 1024)

const char *const list_formats[] = {"table", "json", "jsonl", NULL};

static engine_status list_put_json(const struct text_out *out,
                                   const bson_t *document, unsigned flags,
                                   engine_error *err)
{
    bson_t shown = BSON_INITIALIZER;
    struct buffer text;
    engine_status status;

    bson_copy_to_excluding_noinit(document, &shown, "_id", "severity_rank",
                                  "rev", "found_by", "claim_by",
                                  "claimed_at", "claim_until", NULL);
    buffer_init(&text, LIST_DOCUMENT_MAX);
    document_to_json(&shown, flags, &text);
    status = buffer_status(&text, err);
    if (status == ENGINE_OK)
        fwrite(text.data, 1, text.len, out->file);
    buffer_clear(&text);
    bson_destroy(&shown);
    return status;
}

engine_status list_print_document(const struct text_out *out,
                                  const bson_t *document, engine_error *err)
{
    engine_status status =
        list_put_json(out, document, DOCUMENT_JSON_PRETTY, err);

    fputc('\n', out->file);
    return status;
}

engine_status list_print_line(const struct text_out *out,
                              const bson_t *document, engine_error *err)
{
    engine_status status = list_put_json(out, document, 0, err);

    fputc('\n', out->file);
    return status;
}

/* A value as one short text. */
static void list_value(const bson_t *document, const char *path, char *out,
                       size_t out_size)
{
    bson_iter_t iter;

    out[0] = '\0';
    if (!document_find(document, path, &iter))
        return;
    if (BSON_ITER_HOLDS_UTF8(&iter))
        snprintf(out, out_size, "%s", bson_iter_utf8(&iter, NULL));
    else if (BSON_ITER_HOLDS_DOUBLE(&iter))
        snprintf(out, out_size, "%.1f", bson_iter_double(&iter));
    else if (BSON_ITER_HOLDS_NUMBER(&iter))
        snprintf(out, out_size, "%lld", (long long)bson_iter_as_int64(&iter));
    else if (BSON_ITER_HOLDS_DATE_TIME(&iter)) {
        char date[32];

        clock_format(bson_iter_date_time(&iter), date);
        snprintf(out, out_size, "%.10s %.8sZ", date, date + 11);
    }
}

/* Columns of one cell; 0 for as many as it needs. */
static unsigned list_columns(const struct text_out *out,
                             const struct list_column *column, bool last,
                             unsigned used)
{
    if (last)
        return out->width > used + 10 ? out->width - used : 0;
    if (out->width && out->width < LIST_NARROW)
        return column->narrow;
    return column->columns;
}

static void list_cell(const struct text_out *out,
                      const struct list_column *column, const bson_t *document,
                      unsigned columns, bool last)
{
    enum text_style style = document ? TEXT_PLAIN : TEXT_BOLD;
    char text[512] = "";

    if (!document)
        snprintf(text, sizeof(text), "%s", column->heading);
    else if (column->text)
        column->text(document, text, sizeof(text));
    else
        list_value(document, column->path, text, sizeof(text));
    if (!out->width && text_width(text) > columns)
        columns = 0; /* no terminal: nothing is cut */
    if (column->end)
        text_cell_end(out, text, columns, !last, style);
    else
        text_cell(out, text, columns, !last, style);
}

static void list_row(const struct text_out *out, const struct list *list,
                     const bson_t *document)
{
    unsigned used = 0;

    for (size_t i = 0; i < list->columns_count; i++) {
        const struct list_column *column = &list->columns[i];
        bool last = i + 1 == list->columns_count;
        unsigned columns = list_columns(out, column, last, used);

        if (!columns && !last)
            continue;
        list_cell(out, column, document, columns, last);
        fputs(last ? "\n" : "  ", out->file);
        used += columns + 2;
    }
}

static engine_status list_one(const struct text_out *out,
                              const struct list *list, const bson_t *document,
                              size_t index, engine_error *err)
{
    if (strcmp(list->format, "json") == 0) {
        fputs(index ? ",\n" : "[\n", out->file);
        return list_put_json(out, document, 0, err);
    }
    if (strcmp(list->format, "jsonl") == 0)
        return list_print_line(out, document, err);
    if (index == 0)
        list_row(out, list, NULL);
    list_row(out, list, document);
    return ENGINE_OK;
}

engine_status list_print(struct session *session, const struct list *list,
                         engine_error *err)
{
    const struct text_out *out = &session_cli(session)->out;
    bool json = strcmp(list->format, "json") == 0;
    struct store_cursor *cursor = NULL;
    const bson_t *document;
    size_t count = 0;
    engine_status status;
    int more;

    status = store_find(session->store, list->collection, &list->query, &cursor,
                        err);
    if (status < 0)
        return status;
    while ((more = store_cursor_next(cursor, &document, err)) == 1 &&
           !ferror(out->file)) {
        status = list_one(out, list, document, count++, err);
        if (status < 0)
            break;
    }
    store_cursor_close(cursor);
    if (status == ENGINE_OK && more < 0)
        status = more;
    if (status == ENGINE_OK && json)
        fputs(count ? "\n]\n" : "[]\n", out->file);
    else if (status == ENGINE_OK && count == 0 &&
             strcmp(list->format, "table") == 0)
        fprintf(session_cli(session)->messages.file, "%s\n", list->nothing);
    return status;
}
