/* SPDX-License-Identifier: Apache-2.0 */
/* test_buffer_xml.c - texts as XML has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "sdk/base/buffer.h"

static void expect(const char *text, size_t len, const char *special,
                   const char *wanted)
{
    struct buffer out;

    buffer_init(&out, 1 << 16);
    buffer_xml(&out, text, len, special);
    assert_int_equal(buffer_status(&out, NULL), ENGINE_OK);
    assert_int_equal(out.len, strlen(wanted));
    assert_memory_equal(out.data, wanted, out.len);
    buffer_clear(&out);
}

static void special_bytes_become_references(void **state)
{
    static const char text[] = "<a b=\"1\">&\r\n\t\xc3\xa4</a>";

    (void)state;
    expect(text, strlen(text), "&<>\"\r\n\t",
           "&lt;a b=&quot;1&quot;&gt;&amp;&#13;&#10;&#9;\xc3\xa4&lt;/a&gt;");
}

static void others_stay_as_they_are(void **state)
{
    (void)state;
    expect("a\"\n>b", 5, "&<", "a\"\n>b");
    expect("&&", 2, "&", "&amp;&amp;");
}

static void no_more_than_its_length_is_read(void **state)
{
    (void)state;
    expect("a<b", 2, "<", "a&lt;");
    expect("<b", 1, "<", "&lt;");
    expect("ab", 1, "<", "a");
}

static void a_limit_is_kept(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 8);
    buffer_xml(&out, "<<<<", 4, "<");
    assert_int_equal(buffer_status(&out, NULL), ENGINE_ELIMIT);
    buffer_clear(&out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_bytes_become_references),
        cmocka_unit_test(others_stay_as_they_are),
        cmocka_unit_test(no_more_than_its_length_is_read),
        cmocka_unit_test(a_limit_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
