/* SPDX-License-Identifier: Apache-2.0 */
/* fragments.c - opening a fragments file and finding things in it. */
#include "plugins/oscap/fragments.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/base/alloc.h"

static engine_status fragments_corrupt(const char *path, const char *what,
                                       engine_error *err)
{
    const engine_status status =
        engine_fail(err, ENGINE_ECORRUPT, "\"%s\": %s", path, what);

    engine_hint(err, "import the content again");
    return status;
}

static bool fragments_item_fits(const struct oscap_content *content,
                                const struct fragment *item)
{
    const uint32_t pool = content->head->pool_len;
    const uint32_t count = content->head->items_count;
    const uint32_t self = (uint32_t)(item - content->items);

    /* a group comes before what it holds, so parents never go in circles */
    return item->kind > 0 && item->kind < FRAGMENT_KINDS && item->id < pool &&
           item->extra < pool && item->slice <= pool &&
           item->slice_len <= pool - item->slice &&
           item->split <= item->slice_len &&
           item->refs <= content->head->refs_count &&
           item->refs_count <= content->head->refs_count - item->refs &&
           (item->parent == FRAGMENT_NONE || item->parent < self) &&
           (item->component == FRAGMENT_NONE || item->component < count);
}

/* Bounds only: what is inside was written by us, but disks fail. */
static const char *fragments_check(struct oscap_content *content)
{
    const struct fragments_head *head = content->head;
    size_t need = sizeof(*head);

    if (content->mapped < need ||
        memcmp(head->magic, FRAGMENTS_MAGIC, sizeof(head->magic)) != 0)
        return "is no file of imported SCAP content";
    if (head->order != FRAGMENTS_ORDER)
        return "was written on a machine with another byte order";
    need += (size_t)head->items_count * (sizeof(struct fragment) + 4) +
            (size_t)head->refs_count * 4 + head->pool_len;
    if (need != content->mapped || !head->pool_len)
        return "is damaged: its length is wrong";
    content->items = (const void *)(head + 1);
    content->refs = (const void *)(content->items + head->items_count);
    content->sorted = content->refs + head->refs_count;
    content->pool = (const char *)(content->sorted + head->items_count);
    if (content->pool[head->pool_len - 1] != '\0')
        return "is damaged: its strings have no end";
    for (uint32_t i = 0; i < head->items_count; i++)
        if (!fragments_item_fits(content, &content->items[i]) ||
            content->sorted[i] >= head->items_count)
            return "is damaged: an item reaches beyond the end";
    for (uint32_t i = 0; i < head->refs_count; i++)
        if (content->refs[i] >= head->items_count)
            return "is damaged: a reference leads nowhere";
    return NULL;
}

static engine_status fragments_map(const char *path,
                                   struct oscap_content *content,
                                   engine_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    void *data = MAP_FAILED;

    if (fd < 0 || fstat(fd, &info) < 0) {
        const int code = errno;

        if (fd >= 0)
            close(fd);
        return engine_fail(err, engine_status_from_errno(code),
                           "could not open \"%s\": %s", path, strerror(code));
    }
    if (info.st_size > 0)
        data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (data == MAP_FAILED)
        return fragments_corrupt(path, "is empty or cannot be mapped", err);
    content->head = data;
    content->mapped = (size_t)info.st_size;
    return ENGINE_OK;
}

engine_status oscap_content_open(const char *path, struct oscap_content **out,
                                 engine_error *err)
{
    struct oscap_content *content = engine_calloc(1, sizeof(*content));
    const char *wrong;
    engine_status status;

    if (!content)
        return engine_fail_memory(err);
    status = fragments_map(path, content, err);
    if (status == ENGINE_OK) {
        wrong = fragments_check(content);
        if (wrong)
            status = fragments_corrupt(path, wrong, err);
    }
    if (status < 0)
        oscap_content_close(content);
    else
        *out = content;
    return status;
}

void oscap_content_close(struct oscap_content *content)
{
    if (!content)
        return;
    if (content->head)
        munmap((void *)(uintptr_t)content->head, content->mapped);
    engine_free(content);
}

const char *fragments_string(const struct oscap_content *content, uint32_t at)
{
    return content->pool + at;
}

static int fragments_order(const struct oscap_content *content, uint32_t at,
                           enum fragment_kind kind, uint32_t component,
                           const char *id)
{
    const struct fragment *item = &content->items[content->sorted[at]];

    if (item->kind != (uint32_t)kind)
        return item->kind < (uint32_t)kind ? -1 : 1;
    if (item->component != component)
        return item->component < component ? -1 : 1;
    return id ? strcmp(content->pool + item->id, id) : 0;
}

/* The first item in `sorted` that does not come before the key. */
static uint32_t fragments_lower(const struct oscap_content *content,
                                enum fragment_kind kind, uint32_t component,
                                const char *id)
{
    uint32_t low = 0, high = content->head->items_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (fragments_order(content, middle, kind, component, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t fragments_find(const struct oscap_content *content,
                        enum fragment_kind kind, uint32_t component,
                        const char *id)
{
    const uint32_t at = fragments_lower(content, kind, component, id);

    if (at < content->head->items_count &&
        fragments_order(content, at, kind, component, id) == 0)
        return content->sorted[at];
    return FRAGMENT_NONE;
}

uint32_t fragments_range(const struct oscap_content *content,
                         enum fragment_kind kind, uint32_t component,
                         uint32_t *count)
{
    const uint32_t first = fragments_lower(content, kind, component, NULL);
    uint32_t end = first;

    while (end < content->head->items_count &&
           fragments_order(content, end, kind, component, NULL) == 0)
        end++;
    *count = end - first;
    return first;
}

const char *oscap_content_benchmark(const struct oscap_content *content)
{
    uint32_t count;
    const uint32_t at =
        fragments_range(content, FRAGMENT_BENCHMARK, FRAGMENT_NONE, &count);

    return count ? content->pool + content->items[content->sorted[at]].id : "";
}
