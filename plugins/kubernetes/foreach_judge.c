/* SPDX-License-Identifier: Apache-2.0 */
/* foreach_judge.c - which objects belong to a subject. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/kubernetes/foreach.h"
#include "plugins/kubernetes/selector.h"
#include "sdk/base/alloc.h"

#define EACH_TEXT_MAXIMUM ((size_t)64 * 1024)

static const char *each_namespace(const struct value *object)
{
    const char *text =
        value_text(value_at(object, "metadata", "namespace", NULL));

    return text ? text : "";
}

static const char *each_name(const struct value *object)
{
    const char *text = value_text(value_at(object, "metadata", "name", NULL));

    return text ? text : "";
}

static int each_order(const void *a, const void *b)
{
    const int order = strcmp(each_namespace(a), each_namespace(b));

    return order ? order : strcmp(each_name(a), each_name(b));
}

void kube_foreach_sort(struct kube_foreach *each)
{
    if (each->lists[1].count)
        qsort(each->lists[1].items, each->lists[1].count,
              sizeof(*each->lists[1].items), each_order);
}

size_t kube_foreach_count(const struct kube_foreach *each)
{
    return each->lists[0].count;
}

/* ---- a subject's texts -------------------------------------------------- */

/* what may stand in a selector and mean nothing but itself */
static bool each_is_plain(const char *text)
{
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("-._/", *text))
            return false;
    return true;
}

/* {app: web} as "app=web" */
static engine_status each_put_labels(struct buffer *out,
                                     const struct value *labels,
                                     engine_error *err)
{
    for (uint32_t i = 0; i < labels->count; i++) {
        const struct value_member *label = &labels->members[i];
        const char *text = value_text(&label->value);
        if (!text || !each_is_plain(text) || !each_is_plain(label->key))
            return engine_fail(err, ENGINE_EINVAL,
                               "\"%.200s\" of an object's labels is no "
                               "label", label->key);
        buffer_printf(out, "%s%s=%s", i ? "," : "", label->key, text);
    }
    return buffer_status(out, err);
}

/* labels: of a selector; whole: nothing else is in it */
static engine_status each_put(struct buffer *out, const struct value *value,
                              bool labels, bool whole, engine_error *err)
{
    const char *text = value_text(value);

    if (labels && whole && value->kind == VALUE_OBJECT)
        return each_put_labels(out, value, err);
    if (text && (!labels || each_is_plain(text)))
        buffer_puts(out, text);
    else if (value->kind == VALUE_INT)
        buffer_printf(out, "%" PRId64, value->integer);
    else if (value->kind == VALUE_BOOL)
        buffer_puts(out, value->boolean ? "true" : "false");
    else
        return engine_fail(err, ENGINE_EINVAL,
                           "a placeholder has a value of the kind %s that "
                           "names nothing", value_kind_name(value));
    return buffer_status(out, err);
}

/* *out is NULL when the subject has no such value: nothing belongs to it */
static engine_status each_expand(const struct kube_each_text *text,
                                 const struct value *subject, bool labels,
                                 struct arena *arena, char **out,
                                 engine_error *err)
{
    const bool whole =
        text->count == 1 && !*text->texts[0] && !*text->texts[1];
    engine_status status = ENGINE_OK;
    struct expr_values values;
    struct buffer made;
    size_t i = 0;

    *out = NULL;
    buffer_init(&made, EACH_TEXT_MAXIMUM);
    for (; status == ENGINE_OK && i < text->count; i++) {
        buffer_puts(&made, text->texts[i]);
        status = expr_evaluate(text->paths[i], subject, arena, &values, err);
        if (status < 0 || values.count == 0 ||
            values.values[0]->kind == VALUE_NULL)
            break;
        status = values.count == 1
                     ? each_put(&made, values.values[0], labels, whole, err)
                     : engine_fail(err, ENGINE_EINVAL,
                                   "a placeholder has %zu values",
                                   values.count);
    }
    if (status == ENGINE_OK && i == text->count) {
        buffer_puts(&made, text->texts[i]);
        *out = buffer_status(&made, err) == ENGINE_OK
                   ? arena_strdup(arena, made.data)
                   : NULL;
        if (!*out)
            status = engine_fail_memory(err);
    }
    buffer_clear(&made);
    return status;
}

/* ---- what belongs ------------------------------------------------------- */

struct each_query {
    const char *space, *name; /* NULL: any */
    const struct kube_selector *selector;
};

/* the first object that is not before a namespace */
static size_t each_first(const struct kube_each_list *list, const char *space)
{
    size_t low = 0, high = list->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(each_namespace(&list->items[middle]), space) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static engine_status each_collect(const struct kube_each_list *list,
                                  const struct each_query *query,
                                  struct arena *arena, struct value *out,
                                  engine_error *err)
{
    size_t first = query->space ? each_first(list, query->space) : 0;
    size_t last = first;
    struct value *items;

    while (last < list->count &&
           (!query->space ||
            strcmp(each_namespace(&list->items[last]), query->space) == 0))
        last++;
    *out = (struct value){.kind = VALUE_ARRAY};
    if (first == last)
        return ENGINE_OK;
    items = arena_alloc(arena, (last - first) * sizeof(*items));
    if (!items)
        return engine_fail_memory(err);
    for (; first < last; first++) {
        const struct value *item = &list->items[first];
        if ((query->name && strcmp(each_name(item), query->name) != 0) ||
            (query->selector &&
             !kube_selector_matches(query->selector, item)))
            continue;
        items[out->count++] = *item;
    }
    out->items = items;
    return ENGINE_OK;
}

engine_status kube_foreach_get(struct kube_foreach *each, size_t index,
                               struct arena *arena,
                               struct kube_belonging *out, engine_error *err)
{
    const struct value *subject = &each->lists[0].items[index];
    char *texts[KUBE_EACH_TEXTS] = {0};
    struct kube_selector *selector = NULL;
    struct each_query query;
    engine_status status = ENGINE_OK;

    *out = (struct kube_belonging){.subject = subject,
                                   .objects = {.kind = VALUE_ARRAY}};
    for (size_t i = 0; i < KUBE_EACH_TEXTS; i++) {
        if (!each->texts[i].count)
            continue;
        status = each_expand(&each->texts[i], subject, i == KUBE_EACH_LABELS,
                             arena, &texts[i], err);
        if (status < 0 || !texts[i])
            break;
    }
    for (size_t i = 0; i < KUBE_EACH_TEXTS; i++)
        if (each->texts[i].count && !texts[i])
            goto out;
    if (texts[KUBE_EACH_LABELS])
        status = kube_selector_new(texts[KUBE_EACH_LABELS], NULL, &selector,
                                   err);
    query = (struct each_query){texts[KUBE_EACH_SPACE],
                                texts[KUBE_EACH_NAME], selector};
    if (status == ENGINE_OK)
        status = each_collect(&each->lists[1], &query, arena, &out->objects,
                              err);
    kube_selector_free(selector);
out:
    if (status < 0 && err)
        engine_error_prefix(err, "the object \"%s\"", each_name(subject));
    return status;
}
