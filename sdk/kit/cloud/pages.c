/* SPDX-License-Identifier: Apache-2.0 */
/* pages.c - the pages of an answer become one; each element is moved once. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/hash.h"
#include "sdk/kit/cloud/cloud.h"

struct cloud_page {
    struct value value;
    const char *const *lists;
};

struct cloud_pages {
    struct cloud_page *pages;
    size_t count, room;
};

engine_status cloud_pages_new(struct cloud_pages **out)
{
    *out = engine_calloc(1, sizeof(**out));
    return *out ? ENGINE_OK : ENGINE_ENOMEM;
}

void cloud_pages_free(struct cloud_pages *pages)
{
    if (!pages)
        return;
    engine_free(pages->pages);
    engine_free(pages);
}

engine_status cloud_pages_add(struct cloud_pages *pages,
                              const struct value *page,
                              const char *const *lists, engine_error *err)
{
    if (pages->count == pages->room) {
        const size_t room = pages->room ? 2 * pages->room : 8;
        struct cloud_page *more =
            engine_realloc(pages->pages, room * sizeof(*more));

        if (!more)
            return engine_fail_memory(err);
        pages->pages = more;
        pages->room = room;
    }
    pages->pages[pages->count++] = (struct cloud_page){*page, lists};
    return ENGINE_OK;
}

/* ---- joining ------------------------------------------------------------ */

struct pages_join {
    const struct cloud_pages *pages;
    struct arena *arena;
    engine_error *err;
};

/* what is at a dotted path */
static const struct value *pages_at(const struct value *page, const char *path)
{
    while (page && *path) {
        const size_t len = strcspn(path, ".");

        page = value_member_n(page, path, len);
        path += len + (path[len] == '.');
    }
    return page;
}

static engine_status join_lists(struct pages_join *join,
                                const struct value *const *from, size_t count,
                                struct value *out)
{
    size_t most = 0;
    struct value *items;

    for (size_t i = 0; i < count; i++)
        most += from[i]->kind == VALUE_ARRAY ? from[i]->count : 0;
    if (most > UINT32_MAX)
        return engine_fail(join->err, ENGINE_ELIMIT, "a list is too long");
    items = arena_alloc(join->arena, (most + 1) * sizeof(*items));
    if (!items)
        return engine_fail_memory(join->err);
    *out = (struct value){.kind = VALUE_ARRAY, .items = items};
    for (size_t i = 0; i < count; i++) {
        if (from[i]->kind != VALUE_ARRAY || !from[i]->count)
            continue;
        memcpy(items + out->count, from[i]->items,
               from[i]->count * sizeof(*items));
        out->count += from[i]->count;
    }
    return ENGINE_OK;
}

static engine_status join_values(struct pages_join *join,
                                 const struct value *const *from, size_t count,
                                 unsigned depth, struct value *out);

/* Values of one key in the order of pages: a chain in an array. */
struct join_entry {
    const struct value_member *member;
    size_t next, last; /* index + 1 of the next one; of the chain's last */
    bool first;
};

static engine_status join_chain(struct pages_join *join,
                                const struct join_entry *entries, size_t at,
                                unsigned depth, struct value *out)
{
    const struct value **values;
    size_t count = 0;
    engine_status status;

    *out = entries[at].member->value;
    if (!entries[at].next)
        return ENGINE_OK;
    for (size_t i = at + 1; i; i = entries[i - 1].next)
        count++;
    values = engine_calloc(count, sizeof(*values));
    if (!values)
        return engine_fail_memory(join->err);
    count = 0;
    for (size_t i = at + 1; i; i = entries[i - 1].next)
        values[count++] = &entries[i - 1].member->value;
    status = join_values(join, values, count, depth, out);
    engine_free(values);
    return status;
}

/* all members, those of one key chained; keys is how many there are */
static engine_status join_entries(const struct value *const *from,
                                  size_t count, struct join_entry *entries,
                                  uint32_t *keys)
{
    struct table index;
    size_t used = 0;
    engine_status status = ENGINE_OK;

    table_init(&index);
    *keys = 0;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t k = 0; from[i]->kind == VALUE_OBJECT &&
                             status == ENGINE_OK && k < from[i]->count;
             k++) {
            const struct value_member *member = &from[i]->members[k];
            const size_t first = (uintptr_t)table_get(&index, member->key);

            entries[used++] =
                (struct join_entry){.member = member, .first = !first};
            if (first) {
                entries[entries[first - 1].last - 1].next = used;
                entries[first - 1].last = used;
                continue;
            }
            entries[used - 1].last = used;
            (*keys)++;
            status = table_set(&index, member->key, (void *)(uintptr_t)used);
        }
    }
    table_clear(&index);
    return status;
}

static engine_status join_objects(struct pages_join *join,
                                  const struct value *const *from,
                                  size_t count, unsigned depth,
                                  struct value *out)
{
    size_t most = 0;
    struct join_entry *entries;
    struct value_member *members;
    uint32_t keys = 0;
    engine_status status;

    for (size_t i = 0; i < count; i++)
        most += from[i]->kind == VALUE_OBJECT ? from[i]->count : 0;
    entries = engine_calloc(most + 1, sizeof(*entries));
    status = entries ? join_entries(from, count, entries, &keys)
                     : ENGINE_ENOMEM;
    members = arena_alloc(join->arena, ((size_t)keys + 1) * sizeof(*members));
    if (status < 0 || !members) {
        engine_free(entries);
        return engine_fail_memory(join->err);
    }
    *out = (struct value){.kind = VALUE_OBJECT, .members = members};
    for (size_t i = 0; status == ENGINE_OK && i < most; i++) {
        if (!entries[i].first)
            continue;
        members[out->count] = *entries[i].member;
        status = join_chain(join, entries, i, depth + 1,
                            &members[out->count].value);
        out->count++;
    }
    engine_free(entries);
    return status;
}

/* what is neither a list nor an object is what the first page says */
static engine_status join_values(struct pages_join *join,
                                 const struct value *const *from, size_t count,
                                 unsigned depth, struct value *out)
{
    *out = *from[0];
    if (depth > VALUE_MAX_DEPTH)
        return ENGINE_OK;
    if (from[0]->kind == VALUE_ARRAY)
        return join_lists(join, from, count, out);
    if (from[0]->kind == VALUE_OBJECT)
        return join_objects(join, from, count, depth, out);
    return ENGINE_OK;
}

/* ---- the answer --------------------------------------------------------- */

/* a value with another one at a dotted path; what is around it is made anew */
static engine_status pages_put(struct pages_join *join,
                               const struct value *page, const char *path,
                               const struct value *anew, struct value *out)
{
    const size_t len = strcspn(path, ".");
    struct value_member *members;
    struct value inner;
    uint32_t at = 0;

    if (!*path) {
        *out = *anew;
        return ENGINE_OK;
    }
    *out = *page;
    if (page->kind != VALUE_OBJECT) {
        *out = (struct value){.kind = VALUE_OBJECT};
        page = out;
    }
    members = arena_alloc(join->arena,
                          ((size_t)page->count + 1) * sizeof(*members));
    if (!members)
        return engine_fail_memory(join->err);
    if (page->count)
        memcpy(members, page->members, page->count * sizeof(*members));
    while (at < page->count && (members[at].key_len != len ||
                                memcmp(members[at].key, path, len) != 0))
        at++;
    if (at == page->count) {
        members[at].key = arena_strndup(join->arena, path, len);
        members[at].key_len = (uint32_t)len;
        if (!members[at].key)
            return engine_fail_memory(join->err);
    }
    out->count = at == page->count ? at + 1 : page->count;
    out->members = members;
    inner = members[at].value;
    return pages_put(join, &inner, path + len + (path[len] == '.'), anew,
                     &members[at].value);
}

static engine_status pages_join_path(struct pages_join *join,
                                     const char *path, struct value *answer)
{
    const struct cloud_pages *pages = join->pages;
    const struct value **from = engine_calloc(pages->count, sizeof(*from));
    struct value joined, page = *answer;
    size_t count = 0;
    engine_status status = ENGINE_OK;

    if (!from)
        return engine_fail_memory(join->err);
    for (size_t i = 0; i < pages->count; i++) {
        const struct value *found = pages_at(&pages->pages[i].value, path);

        if (found && found->kind != VALUE_NULL)
            from[count++] = found;
    }
    if (count)
        status = join_values(join, from, count, 0, &joined);
    if (count && status == ENGINE_OK)
        status = pages_put(join, &page, path, &joined, answer);
    engine_free(from);
    return status;
}

engine_status cloud_pages_join(struct cloud_pages *pages, struct arena *arena,
                               const struct value **out, engine_error *err)
{
    struct pages_join join = {pages, arena, err};
    struct value *answer = arena_alloc(arena, sizeof(*answer));
    const char *const *lists = NULL;
    engine_status status = ENGINE_OK;

    if (!answer)
        return engine_fail_memory(err);
    if (pages->count)
        *answer = pages->pages[0].value;
    for (size_t i = 1; !lists && i < pages->count; i++)
        lists = pages->pages[i].lists;
    for (; status == ENGINE_OK && lists && *lists; lists++)
        status = pages_join_path(&join, *lists, answer);
    *out = answer;
    return status;
}
