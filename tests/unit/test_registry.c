/* SPDX-License-Identifier: Apache-2.0 */
/* test_registry.c - who serves what, and which options are valid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/plugin/registry.h"
#include "sdk/document/document.h"

static bson_t *described(const char *type, const char *alias)
{
    return BCON_NEW(
        "name", BCON_UTF8(type), "caps_bits", BCON_INT64(1), "types", "[",
        "{", "name", BCON_UTF8(type), "alias", BCON_UTF8(alias), "}", "]",
        "targets", "[", "{", "name", "local", "}", "{", "name", "host",
        "alias", "h", "}", "]", "content", "[", "{", "format", "native",
        "marker", "Root", "}", "]", "options", "[", "{", "name", "limit",
        "type", "int", "default", BCON_INT64(10), "minimum", BCON_INT64(1),
        "maximum", BCON_INT64(100), "}", "{", "name", "word", "type",
        "string", "}", "{", "name", "on", "type", "bool", "default",
        BCON_BOOL(true), "}", "]");
}

static void add(struct registry *registry, const struct plugin_spec *spec,
                const char *type, const char *alias)
{
    bson_t *description = described(type, alias);
    engine_error err = {0};

    assert_int_equal(registry_add(registry, spec, description, &err),
                     ENGINE_OK);
    bson_destroy(description);
}

static void finds_by_name_and_by_alias(void **state)
{
    const struct plugin_spec spec = {.name = "x", .path = "/x.so"};
    const struct plugin_entry *entry;
    struct registry *registry = NULL;

    (void)state;
    assert_int_equal(registry_new(&registry, NULL), ENGINE_OK);
    add(registry, &spec, "x", "x_alias");
    entry = registry_type(registry, "x");
    assert_non_null(entry);
    assert_ptr_equal(registry_type(registry, "x_alias"), entry);
    assert_null(registry_type(registry, "y"));
    assert_null(registry_type(registry, NULL));
    assert_string_equal(registry_type_name(registry, "x_alias"), "x");
    assert_string_equal(registry_target_name(registry, "h"), "host");
    assert_null(registry_target_name(registry, "moon"));
    assert_true(registry_accepts(entry, "host"));
    assert_false(registry_accepts(entry, "moon"));
    assert_ptr_equal(registry_content(registry, "native", NULL), entry);
    assert_ptr_equal(registry_content(registry, NULL, "Root"), entry);
    assert_null(registry_content(registry, "Root", "native"));
    assert_int_equal(entry->caps, 1);
    registry_free(registry);
}

static void refuses_a_type_twice_and_names_both(void **state)
{
    const struct plugin_spec one = {.name = "one", .path = "/1.so"};
    const struct plugin_spec two = {.name = "two", .path = "/2.so"};
    const struct plugin_entry *refused;
    struct registry *registry = NULL;

    (void)state;
    assert_int_equal(registry_new(&registry, NULL), ENGINE_OK);
    add(registry, &one, "x", "alias");
    add(registry, &two, "other", "x"); /* an alias clashes too */
    assert_string_equal(registry_type(registry, "x")->spec->name, "one");
    assert_null(registry_type(registry, "other"));
    refused = registry_at(registry, 1);
    assert_int_equal(refused->refused.status, ENGINE_ECONFLICT);
    assert_string_equal(refused->refused.message,
                        "scanner \"two\" (/2.so): scanner type \"x\" is "
                        "served by scanner \"one\" (/1.so) already");
    assert_null(registry_at(registry, 2));
    registry_free(registry);
}

static void lets_the_configuration_decide(void **state)
{
    static const char *const claim[] = {"x", NULL};
    const struct plugin_spec one = {.name = "one", .path = "/1.so"};
    const struct plugin_spec two = {
        .name = "two", .path = "/2.so", .types = claim};
    const struct plugin_spec three = {
        .name = "three", .path = "/3.so", .types = claim};
    struct registry *registry = NULL;

    (void)state;
    assert_int_equal(registry_new(&registry, NULL), ENGINE_OK);
    add(registry, &one, "x", "a");
    add(registry, &two, "x", "b");
    assert_int_equal(registry_at(registry, 1)->refused.status, ENGINE_OK);
    assert_string_equal(registry_type(registry, "x")->spec->name, "two");
    add(registry, &three, "x", "c"); /* two claims decide nothing */
    assert_int_equal(registry_at(registry, 2)->refused.status,
                     ENGINE_ECONFLICT);
    registry_free(registry);
}

static void keeps_refusals(void **state)
{
    const struct plugin_spec spec = {.name = "x", .path = "/x.so"};
    engine_error why = {.status = ENGINE_EVERSION, .message = "too old"};
    struct registry *registry = NULL;

    (void)state;
    assert_int_equal(registry_new(&registry, NULL), ENGINE_OK);
    assert_int_equal(registry_refuse(registry, &spec, &why), ENGINE_OK);
    assert_int_equal(registry_count(registry), 1);
    assert_string_equal(registry_at(registry, 0)->refused.message, "too old");
    registry_free(registry);
}

/* ---- options ------------------------------------------------------------- */

static void fills_in_defaults(void **state)
{
    bson_t *options = BCON_NEW("limit", BCON_INT32(20));
    const struct plugin_spec spec = {
        .name = "x", .path = "/x.so", .options = options};
    const struct plugin_entry *entry;
    struct registry *registry = NULL;
    bson_iter_t iter;

    (void)state;
    assert_int_equal(registry_new(&registry, NULL), ENGINE_OK);
    add(registry, &spec, "x", "a");
    entry = registry_type(registry, "x");
    assert_non_null(entry);
    assert_int_equal(document_int(&entry->options, "limit", 0), 20);
    assert_true(document_bool(&entry->options, "on", false));
    assert_true(document_find(&entry->options, "word", &iter));
    assert_true(BSON_ITER_HOLDS_NULL(&iter));
    registry_free(registry);
    bson_destroy(options);
}

static void check_bad_option(bson_t *options, const char *expected,
                             const char *hint)
{
    bson_t *lines = BCON_NEW("limit", BCON_INT64(12), "limti",
                             BCON_INT64(13));
    const struct plugin_spec spec = {.name = "x",
                                     .path = "/x.so",
                                     .file = "engine.conf",
                                     .line = 7,
                                     .options = options,
                                     .option_lines = lines};
    const struct plugin_entry *entry;
    struct registry *registry = NULL;

    assert_int_equal(registry_new(&registry, NULL), ENGINE_OK);
    add(registry, &spec, "x", "a");
    assert_null(registry_type(registry, "x"));
    entry = registry_at(registry, 0);
    assert_string_equal(entry->refused.message, expected);
    assert_string_equal(entry->refused.hint, hint);
    registry_free(registry);
    bson_destroy(lines);
    bson_destroy(options);
}

static void refuses_options_with_file_and_line(void **state)
{
    (void)state;
    check_bad_option(BCON_NEW("limti", BCON_INT32(1)),
                     "engine.conf:13: scanner \"x\": unknown option "
                     "\"limti\"", "known options: limit, word, on");
    check_bad_option(BCON_NEW("limit", BCON_INT32(101)),
                     "engine.conf:12: scanner \"x\": option \"limit\" is "
                     "101, it must be from 1 to 100", "");
    check_bad_option(BCON_NEW("limit", BCON_UTF8("5")),
                     "engine.conf:12: scanner \"x\": option \"limit\" must "
                     "be a whole number", "");
    check_bad_option(BCON_NEW("on", BCON_INT32(1)),
                     "engine.conf:7: scanner \"x\": option \"on\" must be "
                     "true or false", "");
    check_bad_option(BCON_NEW("word", BCON_BOOL(true)),
                     "engine.conf:7: scanner \"x\": option \"word\" must be "
                     "a text in quotes", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_name_and_by_alias),
        cmocka_unit_test(refuses_a_type_twice_and_names_both),
        cmocka_unit_test(lets_the_configuration_decide),
        cmocka_unit_test(keeps_refusals),
        cmocka_unit_test(fills_in_defaults),
        cmocka_unit_test(refuses_options_with_file_and_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
