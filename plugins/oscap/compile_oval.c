/* SPDX-License-Identifier: Apache-2.0 */
/* compile_oval.c - OVAL components and the CPE dictionary of a compiled
 * datastream. */
#include <string.h>

#include "plugins/oscap/compile.h"
#include "plugins/oscap/xml.h"

static const struct {
    enum fragment_kind kind;
    const char *list;
} oval_lists[] = {{FRAGMENT_DEFINITION, "definitions"},
                  {FRAGMENT_TEST, "tests"},
                  {FRAGMENT_OBJECT, "objects"},
                  {FRAGMENT_STATE, "states"},
                  {FRAGMENT_VARIABLE, "variables"}};

static const char oval_generator[] =
    "      <generator>\n"
    "        <oval:product_name>scan-engine</oval:product_name>\n"
    "        <oval:schema_version>5.11</oval:schema_version>\n"
    "        <oval:timestamp>1970-01-01T00:00:00</oval:timestamp>\n"
    "      </generator>\n";

static void compile_oval_list(const struct compile_set *set, uint32_t component,
                              enum fragment_kind kind, const char *name,
                              struct buffer *out)
{
    bool open = false;

    for (uint32_t i = 0; i < set->content->head->items_count; i++) {
        const struct fragment *at = &set->content->items[i];

        if (!set->marked[i] || at->kind != (uint32_t)kind ||
            at->component != component)
            continue;
        if (!open)
            buffer_printf(out, "      <%s>\n", name);
        open = true;
        compile_slice(set, i, out);
    }
    if (open)
        buffer_printf(out, "      </%s>\n", name);
}

void compile_oval(const struct compile_set *set, uint32_t component,
                  struct buffer *out)
{
    const struct fragment *at = &set->content->items[component];
    const char *names = fragments_string(set->content, at->extra);

    buffer_printf(out, "    <oval_definitions%s", names);
    if (!at->slice_len && !strstr(names, " xmlns:oval="))
        buffer_puts(out, " xmlns:oval=\"" XML_OVAL_COMMON "\"");
    buffer_puts(out, ">\n");
    if (at->slice_len)
        compile_slice(set, component, out);
    else
        buffer_puts(out, oval_generator);
    for (size_t i = 0; i < sizeof(oval_lists) / sizeof(*oval_lists); i++)
        compile_oval_list(set, component, oval_lists[i].kind,
                          oval_lists[i].list, out);
    buffer_puts(out, "    </oval_definitions>\n");
}

/* ---- applicability ------------------------------------------------------ */

/* True on every system: an object that may or may not exist. */
void compile_applicable_oval(struct buffer *out)
{
    buffer_puts(out, "    <oval_definitions xmlns=\"" XML_OVAL
                     "\" xmlns:oval=\"" XML_OVAL_COMMON
                     "\" xmlns:ind=\"" XML_OVAL_IND "\">\n");
    buffer_puts(out, oval_generator);
    buffer_puts(
        out, "      <definitions>\n"
             "        <definition id=\"oval:scan-engine:def:1\" version=\"1\" "
             "class=\"inventory\">\n"
             "          <metadata>\n"
             "            <title>The operator says that it applies</title>\n"
             "            <description>Always true</description>\n"
             "          </metadata>\n"
             "          <criteria>\n"
             "            <criterion comment=\"always true\" "
             "test_ref=\"oval:scan-engine:tst:1\"/>\n"
             "          </criteria>\n"
             "        </definition>\n"
             "      </definitions>\n"
             "      <tests>\n"
             "        <ind:family_test id=\"oval:scan-engine:tst:1\" "
             "version=\"1\" comment=\"always true\" "
             "check_existence=\"any_exist\" check=\"all\">\n"
             "          <ind:object object_ref=\"oval:scan-engine:obj:1\"/>\n"
             "        </ind:family_test>\n"
             "      </tests>\n"
             "      <objects>\n"
             "        <ind:family_object id=\"oval:scan-engine:obj:1\" "
             "version=\"1\"/>\n"
             "      </objects>\n"
             "    </oval_definitions>\n");
}

static void compile_applicable_item(const char *cpe, struct buffer *out)
{
    buffer_puts(out, "      <cpe-item name=\"");
    xml_escape(out, cpe, true);
    buffer_puts(
        out, "\">\n"
             "        <title xml:lang=\"en-us\">The operator says that it "
             "applies</title>\n"
             "        <check system=\"" XML_OVAL "\" href=\"" COMPILE_APPLICABLE
             "\">oval:scan-engine:def:1</check>\n"
             "      </cpe-item>\n");
}

void compile_dictionary(const struct compile_set *set, const char *cpe,
                        struct buffer *out)
{
    const struct oscap_content *content = set->content;
    uint32_t count;
    const uint32_t at =
        fragments_range(content, FRAGMENT_DICTIONARY, FRAGMENT_NONE, &count);
    const char *names =
        count ? fragments_string(content,
                                 content->items[content->sorted[at]].extra)
              : " xmlns=\"" XML_CPE_DICT "\"";

    buffer_printf(out, "    <cpe-list%s>\n", names);
    for (uint32_t i = 0; i < content->head->items_count; i++) {
        const struct fragment *item = &content->items[i];

        if (!set->marked[i] || item->kind != FRAGMENT_CPE_ITEM)
            continue;
        if (!cpe || strcmp(cpe, fragments_string(content, item->id)) != 0)
            compile_slice(set, i, out);
    }
    if (cpe)
        compile_applicable_item(cpe, out);
    buffer_puts(out, "    </cpe-list>\n");
}
