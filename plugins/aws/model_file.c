/* SPDX-License-Identifier: Apache-2.0 */
/* model_file.c - reads a service's file and checks every index in it. */
#include "plugins/aws/model_file.h"

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define FILE_MAXIMUM (64u << 20)
#define FILE_TABLES 6
#define FILE_HEAD (2 + 2 * FILE_TABLES + 2)

/* Words of a row of each table. */
static const uint32_t file_widths[FILE_TABLES] = {
    sizeof(struct model_service) / 4, sizeof(struct model_operation) / 4,
    sizeof(struct model_shape) / 4,   sizeof(struct model_member) / 4,
    sizeof(struct model_place) / 4,   1};

/* The files are little-endian wherever they were made. */
static void file_order(uint32_t *words, size_t count)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (size_t i = 0; i < count; i++)
        words[i] = __builtin_bswap32(words[i]);
#else
    (void)words;
    (void)count;
#endif
}

static bool file_text(const struct model_file *file, const uint32_t *texts,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (texts[i] >= file->text_size)
            return false;
    }
    return true;
}

static bool file_list(const struct model_file *file, uint32_t at)
{
    return at < file->list_count &&
           file->lists[at] < file->list_count - at &&
           file_text(file, file->lists + at + 1, file->lists[at]);
}

static bool file_member(const struct model_file *file, uint32_t member)
{
    return member == MODEL_NONE || member < file->member_count;
}

static bool file_good_service(const struct model_file *file)
{
    return file_text(file, &file->service->name, 6) &&
           file_text(file, &file->service->xmlns, 1) &&
           file->service->protocol <= MODEL_REST_XML;
}

static bool file_good_operation(const struct model_file *file,
                                const struct model_operation *row)
{
    const uint32_t forced = row->forced & ~MODEL_FORCED_TRUE;

    if (!file_text(file, &row->name, 2))
        return false;
    if (row->verdict != MODEL_READS)
        return true;
    return file_text(file, &row->method, 2) &&
           file_text(file, &row->host_prefix, 2) &&
           file_member(file, row->input) && file_member(file, row->output) &&
           file_text(file, &row->wrapper, 1) &&
           file_list(file, row->page_input) &&
           file_list(file, row->page_output) &&
           file_list(file, row->page_lists) &&
           file_text(file, &row->limit_key, 2) && file_text(file, &forced, 1);
}

static bool file_good_shape(const struct model_file *file,
                            const struct model_shape *row)
{
    if (row->type >= MODEL_TYPES || row->first > file->member_count ||
        row->count > file->member_count - row->first)
        return false;
    if ((row->type == MODEL_LIST && row->count != 1) ||
        (row->type == MODEL_MAP && row->count != 2))
        return false;
    return file_member(file, row->payload) && file_text(file, &row->name, 1);
}

static bool file_good_member(const struct model_file *file,
                             const struct model_member *row)
{
    return file_text(file, &row->name, 1) &&
           row->shape < file->shape_count && file_text(file, &row->wire, 3) &&
           file_text(file, &row->xmlns, 2);
}

static bool file_good(const struct model_file *file)
{
    bool good = file->text_size && !file->texts[file->text_size - 1] &&
                file->list_count && !file->lists[0] &&
                file_good_service(file);

    for (uint32_t i = 0; good && i < file->operation_count; i++)
        good = file_good_operation(file, &file->operations[i]);
    for (uint32_t i = 0; good && i < file->shape_count; i++)
        good = file_good_shape(file, &file->shapes[i]);
    for (uint32_t i = 0; good && i < file->member_count; i++)
        good = file_good_member(file, &file->members[i]);
    for (uint32_t i = 0; good && i < file->place_count; i++)
        good = file_text(file, &file->places[i].partition, 5);
    return good;
}

/* Where the tables are; false when they are not all inside. */
static bool file_tables(struct model_file *file)
{
    const uint32_t *head = file->words;
    const uint32_t words = (uint32_t)(file->size / 4);
    const uint32_t *at[FILE_TABLES];
    uint32_t end = FILE_HEAD;

    for (size_t i = 0; i < FILE_TABLES; i++) {
        const uint32_t begin = head[2 + 2 * i], rows = head[3 + 2 * i];

        if (begin != end || rows > (words - begin) / file_widths[i])
            return false;
        at[i] = head + begin;
        end = begin + rows * file_widths[i];
    }
    if (head[3] != 1 || head[FILE_HEAD - 2] != end ||
        head[FILE_HEAD - 1] != file->size - 4 * (size_t)end)
        return false;
    file->service = (const struct model_service *)at[0];
    file->operations = (const struct model_operation *)at[1];
    file->shapes = (const struct model_shape *)at[2];
    file->members = (const struct model_member *)at[3];
    file->places = (const struct model_place *)at[4];
    file->lists = at[5];
    file->operation_count = head[5];
    file->shape_count = head[7];
    file->member_count = head[9];
    file->place_count = head[11];
    file->list_count = head[13];
    file->texts = (const char *)(head + end);
    file->text_size = head[FILE_HEAD - 1];
    return true;
}

engine_status model_file_open(const char *path, struct model_file *out,
                              engine_error *err)
{
    char *data = NULL;
    engine_status status;

    *out = (struct model_file){0};
    status = file_read(path, FILE_MAXIMUM, &data, &out->size, err);
    if (status != ENGINE_OK)
        return status;
    out->words = (uint32_t *)(void *)data;
    if (out->size >= FILE_HEAD * 4) {
        uint32_t texts;

        file_order(out->words, FILE_HEAD);
        texts = out->words[FILE_HEAD - 2];
        if (texts > FILE_HEAD && texts < out->size / 4)
            file_order(out->words + FILE_HEAD, texts - FILE_HEAD);
        if (out->words[0] == MODEL_MAGIC && out->words[1] == MODEL_VERSION &&
            file_tables(out) && file_good(out))
            return ENGINE_OK;
    }
    model_file_close(out);
    status = engine_fail(err, ENGINE_EPARSE,
                         "\"%s\" is not a model of an AWS service, or one of "
                         "another version", path);
    engine_hint(err, "install scan-engine's aws plugin and its data anew");
    return status;
}

void model_file_close(struct model_file *file)
{
    engine_free(file->words);
    *file = (struct model_file){0};
}
