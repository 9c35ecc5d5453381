/* SPDX-License-Identifier: Apache-2.0 */
/* compile_xccdf.c - the benchmark of a compiled datastream. */
#include <string.h>

#include "plugins/oscap/compile.h"
#include "plugins/oscap/xml.h"

void compile_slice(const struct compile_set *set, uint32_t item,
                   struct buffer *out)
{
    const struct fragment *at = &set->content->items[item];

    buffer_append(out, set->content->pool + at->slice, at->slice_len);
}

/* Slices of all marked items of a kind; true when there were any. */
static void compile_kind(const struct compile_set *set, enum fragment_kind kind,
                         struct buffer *out)
{
    for (uint32_t i = 0; i < set->content->head->items_count; i++)
        if (set->marked[i] && set->content->items[i].kind == (uint32_t)kind)
            compile_slice(set, i, out);
}

static bool compile_has(const struct compile_set *set, enum fragment_kind kind)
{
    for (uint32_t i = 0; i < set->content->head->items_count; i++)
        if (set->marked[i] && set->content->items[i].kind == (uint32_t)kind)
            return true;
    return false;
}

/* ---- requires and conflicts --------------------------------------------- */

/* oscap aborts on the id of an item that is not there. */
static bool compile_is_there(const struct compile_set *set, const char *id)
{
    uint32_t found =
        fragments_find(set->content, FRAGMENT_RULE, FRAGMENT_NONE, id);

    if (found == FRAGMENT_NONE)
        found = fragments_find(set->content, FRAGMENT_GROUP, FRAGMENT_NONE, id);
    return found != FRAGMENT_NONE && set->marked[found];
}

/* One line of links; ids that are not in the set are left out, as oscap does
 * with rules that are asked for by name: they are evaluated all the same. */
static void compile_link(const struct compile_set *set, const char *line,
                         size_t len, int indent, struct buffer *out)
{
    const char *end = line + len, *at = line + 1;
    bool open = false;

    while (at < end) {
        char id[1024];
        size_t word;

        at += strspn(at, " \t");
        word = strcspn(at, " \t\r\n");
        if (!word || at >= end)
            break;
        if (word < sizeof(id)) {
            memcpy(id, at, word);
            id[word] = '\0';
            if (compile_is_there(set, id)) {
                if (!open) {
                    xml_write_indent(out, indent);
                    buffer_puts(out, *line == 'r' ? "<requires idref=\""
                                                  : "<conflicts idref=\"");
                } else {
                    buffer_putc(out, ' ');
                }
                xml_escape(out, id, true);
                open = true;
            }
        }
        at += word;
    }
    if (open)
        buffer_puts(out, "\"/>\n");
}

static void compile_links(const struct compile_set *set, uint32_t item,
                          int indent, struct buffer *out)
{
    const char *line =
        fragments_string(set->content, set->content->items[item].extra);

    while (*line) {
        const size_t len = strcspn(line, "\n");

        if (len > 2)
            compile_link(set, line, len, indent, out);
        line += len + (line[len] == '\n');
    }
}

/* ---- items -------------------------------------------------------------- */

static int compile_depth(const struct oscap_content *content, uint32_t item)
{
    int depth = 0;

    while ((item = content->items[item].parent) != FRAGMENT_NONE &&
           depth < XML_DEPTH_MAX)
        depth++;
    return depth;
}

static void compile_open(const struct compile_set *set, uint32_t item,
                         struct buffer *out)
{
    const struct fragment *at = &set->content->items[item];
    const char *slice = set->content->pool + at->slice;

    buffer_append(out, slice, at->split);
    compile_links(set, item, 10 + 2 * compile_depth(set->content, item), out);
    buffer_append(out, slice + at->split, at->slice_len - at->split);
}

static void compile_close(const struct compile_set *set, uint32_t item,
                          struct buffer *out)
{
    xml_write_indent(out, 8 + 2 * compile_depth(set->content, item));
    buffer_puts(out, "</Group>\n");
}

static bool compile_within(const struct oscap_content *content, uint32_t item,
                           uint32_t group)
{
    int depth = 0;

    for (; item != FRAGMENT_NONE && depth <= XML_DEPTH_MAX; depth++) {
        if (item == group)
            return true;
        item = content->items[item].parent;
    }
    return false;
}

/* Groups and rules lie in document order, each group before what it holds. */
static void compile_items(const struct compile_set *set, struct buffer *out)
{
    const struct oscap_content *content = set->content;
    uint32_t open = FRAGMENT_NONE;

    for (uint32_t i = 0; i < content->head->items_count; i++) {
        const uint32_t kind = content->items[i].kind;

        if (!set->marked[i] ||
            (kind != FRAGMENT_GROUP && kind != FRAGMENT_RULE))
            continue;
        while (open != FRAGMENT_NONE &&
               !compile_within(content, content->items[i].parent, open)) {
            compile_close(set, open, out);
            open = content->items[open].parent;
        }
        compile_open(set, i, out);
        if (kind == FRAGMENT_GROUP)
            open = i;
    }
    for (; open != FRAGMENT_NONE; open = content->items[open].parent)
        compile_close(set, open, out);
}

static bool compile_asked_for(const struct compile_set *set, const char *id,
                              size_t len)
{
    for (size_t i = 0; i < set->rules_count; i++) {
        const char *have = fragments_string(
            set->content, set->content->items[set->rules[i]].id);

        if (strncmp(have, id, len) == 0 && have[len] == '\0')
            return true;
    }
    return false;
}

/* Roles and check selectors that the chosen profile gives to rules. */
static void compile_refine(const struct compile_set *set, struct buffer *out)
{
    const uint32_t profile =
        set->profile ? fragments_find(set->content, FRAGMENT_PROFILE,
                                      FRAGMENT_NONE, set->profile)
                     : FRAGMENT_NONE;
    const char *line =
        profile == FRAGMENT_NONE
            ? ""
            : fragments_string(set->content,
                               set->content->items[profile].extra);

    while (*line) {
        const size_t id = strcspn(line, "\t\n");
        const size_t len = strcspn(line, "\n");

        if (line[id] == '\t' && compile_asked_for(set, line, id)) {
            buffer_puts(out, "        ");
            buffer_append(out, line + id + 1, len - id - 1);
            buffer_putc(out, '\n');
        }
        line += len + (line[len] == '\n');
    }
}

static void compile_profile(const struct compile_set *set, struct buffer *out)
{
    buffer_puts(out, "      <Profile id=\"" COMPILE_PROFILE "\">\n"
                     "        <title>The rules of this scan</title>\n");
    for (size_t i = 0; i < set->rules_count; i++) {
        const struct fragment *rule = &set->content->items[set->rules[i]];

        buffer_puts(out, "        <select idref=\"");
        xml_escape(out, fragments_string(set->content, rule->id), true);
        buffer_puts(out, "\" selected=\"true\"/>\n");
    }
    compile_refine(set, out);
    buffer_puts(out, "      </Profile>\n");
}

void compile_benchmark(const struct compile_set *set, struct buffer *out)
{
    const struct oscap_content *content = set->content;
    uint32_t count;
    const uint32_t at =
        fragments_range(content, FRAGMENT_BENCHMARK, FRAGMENT_NONE, &count);
    const uint32_t head = count ? content->sorted[at] : 0;

    buffer_puts(out, "    <Benchmark");
    buffer_puts(out, fragments_string(content, content->items[head].extra));
    buffer_puts(out, " id=\"");
    xml_escape(out, fragments_string(content, content->items[head].id), true);
    buffer_puts(out, "\" resolved=\"true\" xml:lang=\"en\">\n");
    compile_slice(set, head, out);
    if (compile_has(set, FRAGMENT_PLATFORM)) {
        buffer_puts(out, "      <cpe-lang:platform-specification>\n");
        compile_kind(set, FRAGMENT_PLATFORM, out);
        buffer_puts(out, "      </cpe-lang:platform-specification>\n");
    }
    compile_kind(set, FRAGMENT_TRAILER, out);
    compile_profile(set, out);
    compile_kind(set, FRAGMENT_VALUE, out);
    compile_items(set, out);
    buffer_puts(out, "    </Benchmark>\n");
}
