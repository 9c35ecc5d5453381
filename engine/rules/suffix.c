/* SPDX-License-Identifier: Apache-2.0 */
/* suffix.c - short names for long ids. */
#include <stdio.h>
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"

int rules_name_rank(const char *id, const char *name)
{
    static const char *const marks[] = {"_rule_", "_profile_", "_benchmark_"};
    const size_t id_len = strlen(id), name_len = strlen(name);
    const char *start = id;

    if (name_len == 0 || name_len > id_len)
        return 0;
    start += id_len - name_len;
    if (strcmp(start, name) != 0)
        return 0;
    if (start == id)
        return 3;
    if (start[-1] != '_')
        return 0;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        /* the first mark counts: what follows is the name, "_" or not */
        const char *mark = strncmp(id, "xccdf_", 6) == 0
                               ? strstr(id, marks[i])
                               : NULL;
        if (mark && mark + strlen(marks[i]) == start)
            return 2;
    }
    return 1;
}

void name_search_init(struct name_search *search, const char *name)
{
    *search = (struct name_search){.name = name};
}

static void name_search_drop(struct name_search *search)
{
    for (size_t i = 0; i < search->count && i < NAME_CANDIDATES; i++)
        engine_free(search->ids[i]);
    search->count = 0;
}

void name_search_clear(struct name_search *search)
{
    name_search_drop(search);
    name_search_init(search, search->name);
}

engine_status name_search_add(struct name_search *search, const char *id,
                              engine_error *err)
{
    const int rank = rules_name_rank(id, search->name);

    if (rank == 0 || rank < search->rank)
        return ENGINE_OK;
    if (rank > search->rank)
        name_search_drop(search);
    search->rank = rank;
    for (size_t i = 0; i < search->count && i < NAME_CANDIDATES; i++)
        if (strcmp(search->ids[i], id) == 0)
            return ENGINE_OK;
    if (search->count < NAME_CANDIDATES) {
        search->ids[search->count] = engine_strdup(id);
        if (!search->ids[search->count])
            return engine_fail_memory(err);
    }
    search->count++;
    return ENGINE_OK;
}

engine_status name_search_take(struct name_search *search, const char *what,
                               char **out, engine_error *err)
{
    char text[ENGINE_MESSAGE_MAX / 2];
    struct name_list list;

    if (search->count == 0)
        return engine_fail(err, ENGINE_EINVAL, "there is no %s \"%s\"", what,
                           search->name);
    if (search->count == 1) {
        *out = search->ids[0];
        search->count = 0;
        return ENGINE_OK;
    }
    name_list_init(&list, text, sizeof(text));
    for (size_t i = 0; i < search->count && i < NAME_CANDIDATES; i++)
        name_list_add(&list, search->ids[i]);
    if (search->count > NAME_CANDIDATES)
        name_list_add(&list, "...");
    engine_fail(err, ENGINE_EINVAL, "%s \"%s\" is ambiguous: %s", what,
                search->name, text);
    engine_hint(err, "write more of the id");
    return ENGINE_EINVAL;
}

void name_list_init(struct name_list *list, char *text, size_t room)
{
    *list = (struct name_list){.text = text, .room = room};
    text[0] = '\0';
}

void name_list_add(struct name_list *list, const char *name)
{
    const char *comma = list->len > 0 ? ", " : "";
    const size_t need = strlen(comma) + strlen(name);

    if (list->full)
        return;
    list->full = list->len + need + sizeof(", ...") > list->room;
    if (list->full)
        name = "...";
    list->len += (size_t)snprintf(list->text + list->len,
                                  list->room - list->len, "%s%s", comma,
                                  name);
}
