/* SPDX-License-Identifier: Apache-2.0 */
/* value_write.c - values as JSON. */

#include "sdk/document/document.h"
#include "sdk/document/number.h"
#include "sdk/kit/value.h"

static void write_line(struct buffer *out, bool pretty, int depth)
{
    if (pretty)
        buffer_printf(out, "\n%*s", 2 * depth, "");
}

static bool write_value(const struct value *value, bool pretty, int depth,
                        struct buffer *out);

static bool write_children(const struct value *value, bool pretty, int depth,
                           struct buffer *out)
{
    const bool array = value->kind == VALUE_ARRAY;

    if (depth >= VALUE_MAX_DEPTH + 4) /* an element with what is around it */
        return false;
    buffer_putc(out, array ? '[' : '{');
    for (uint32_t i = 0; i < value->count && out->status == ENGINE_OK; i++) {
        const struct value *child =
            array ? &value->items[i] : &value->members[i].value;

        if (i)
            buffer_putc(out, ',');
        write_line(out, pretty, depth + 1);
        if (!array) {
            document_text_to_json(value->members[i].key,
                                  value->members[i].key_len, out);
            buffer_puts(out, pretty ? ": " : ":");
        }
        if (!write_value(child, pretty, depth + 1, out))
            return false;
    }
    if (value->count)
        write_line(out, pretty, depth);
    buffer_putc(out, array ? ']' : '}');
    return true;
}

static bool write_value(const struct value *value, bool pretty, int depth,
                        struct buffer *out)
{
    switch (value->kind) {
    case VALUE_BOOL:
        buffer_puts(out, value->boolean ? "true" : "false");
        return true;
    case VALUE_INT:
        buffer_printf(out, "%lld", (long long)value->integer);
        return true;
    case VALUE_DOUBLE:
        number_put(out, value->number);
        return true;
    case VALUE_STRING:
        document_text_to_json(value->text, value->count, out);
        return true;
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        return write_children(value, pretty, depth, out);
    default:
        buffer_puts(out, "null");
        return true;
    }
}

engine_status value_to_json(const struct value *value, unsigned flags,
                            struct buffer *out)
{
    if (!write_value(value, flags & VALUE_JSON_PRETTY, 0, out))
        return ENGINE_ELIMIT;
    return out->status;
}
