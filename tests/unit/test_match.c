/* SPDX-License-Identifier: Apache-2.0 */
/* test_match.c - MongoDB's query semantics, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/document/match.h"

static void parse(const char *text, bson_t *out)
{
    engine_error err = {0};

    if (document_from_json(text, strlen(text), "test", out, &err) < 0)
        fail_msg("%s: %s", text, err.message);
}

static bool matches(const bson_t *filter, const bson_t *document)
{
    struct matcher *matcher = NULL;
    engine_error err = {0};
    bool found;

    if (matcher_new(filter, &matcher, &err) < 0)
        fail_msg("%s", err.message);
    found = matcher_test(matcher, document);
    matcher_free(matcher);
    return found;
}

struct row {
    const char *filter, *document;
    bool expected;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bson_t filter, document;
        bool found;

        parse(rows[i].filter, &filter);
        parse(rows[i].document, &document);
        found = matches(&filter, &document);
        if (found != rows[i].expected)
            fail_msg("%s on %s: %d, expected %d", rows[i].filter,
                     rows[i].document, found, rows[i].expected);
        bson_destroy(&filter);
        bson_destroy(&document);
    }
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof(*(rows)))

static void compares_equal(void **state)
{
    static const struct row rows[] = {
        {"{}", "{}", true},
        {"{}", "{\"a\":1}", true},
        {"{\"a\":1}", "{\"a\":1}", true},
        {"{\"a\":1}", "{\"a\":1.0}", true},
        {"{\"a\":1.0}", "{\"a\":1}", true},
        {"{\"a\":9007199254740993}", "{\"a\":9007199254740992.0}", false},
        {"{\"a\":9007199254740992}", "{\"a\":9007199254740992.0}", true},
        {"{\"a\":1}", "{\"a\":2}", false},
        {"{\"a\":1}", "{\"a\":\"1\"}", false},
        {"{\"a\":1}", "{\"a\":true}", false},
        {"{\"a\":\"x\"}", "{\"a\":\"x\"}", true},
        {"{\"a\":\"x\"}", "{\"a\":\"X\"}", false},
        {"{\"a\":\"x\"}", "{\"b\":\"x\"}", false},
        {"{\"a\":true}", "{\"a\":true}", true},
        {"{\"a\":false}", "{\"a\":0}", false},
        {"{\"a\":null}", "{\"a\":null}", true},
        {"{\"a\":null}", "{\"b\":1}", true},
        {"{\"a\":null}", "{\"a\":1}", false},
        {"{\"a\":null}", "{\"a\":[1,null]}", true},
        {"{\"a\":null}", "{\"a\":[]}", false},
        {"{\"a\":{\"$eq\":1}}", "{\"a\":1}", true},
        {"{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}", true},
        {"{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1.0}}", true},
        {"{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1,\"c\":2}}", false},
        {"{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"c\":2,\"b\":1}}", false},
        {"{\"a\":{}}", "{\"a\":{}}", true},
        {"{\"a\":{}}", "{\"a\":{\"b\":1}}", false},
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}", true},
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":3}", false},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void fans_out_over_arrays(void **state)
{
    static const struct row rows[] = {
        {"{\"a\":1}", "{\"a\":[1,2]}", true},
        {"{\"a\":[1,2]}", "{\"a\":[1,2]}", true},
        {"{\"a\":[1,2]}", "{\"a\":[[1,2],3]}", true},
        {"{\"a\":[1,2]}", "{\"a\":[2,1]}", false},
        {"{\"a\":[1]}", "{\"a\":[1,2]}", false},
        {"{\"a\":1}", "{\"a\":[[1]]}", false},
        {"{\"a\":[]}", "{\"a\":[]}", true},
        {"{\"a\":{\"b\":1}}", "{\"a\":[{\"b\":1},{\"b\":2}]}", true},
        {"{\"a.b\":1}", "{\"a\":{\"b\":1}}", true},
        {"{\"a.b\":1}", "{\"a\":[{\"b\":2},{\"b\":1}]}", true},
        {"{\"a.b\":1}", "{\"a\":[{\"b\":[3,1]}]}", true},
        {"{\"a.b\":1}", "{\"a\":[[{\"b\":1}]]}", false},
        {"{\"a.b\":1}", "{\"a\":1}", false},
        {"{\"a.b.c\":1}", "{\"a\":[{\"b\":[{\"c\":1}]}]}", true},
        {"{\"a.0\":1}", "{\"a\":[1,2]}", true},
        {"{\"a.1\":1}", "{\"a\":[1,2]}", false},
        {"{\"a.2\":1}", "{\"a\":[1,2]}", false},
        {"{\"a.01\":2}", "{\"a\":[1,2]}", false},
        {"{\"a.0\":1}", "{\"a\":{\"0\":1}}", true},
        {"{\"a.0\":1}", "{\"a\":[{\"0\":1}]}", true},
        {"{\"a.0.b\":1}", "{\"a\":[{\"b\":1}]}", true},
        {"{\"a.1.b\":1}", "{\"a\":[{\"b\":1}]}", false},
        {"{\"a.0.1\":2}", "{\"a\":[[1,2]]}", true},
        {"{\"a.0.b\":1}", "{\"a\":[[{\"b\":1}]]}", true},
        {"{\"a.b\":null}", "{\"a\":[{\"b\":1},{}]}", true},
        {"{\"a.b\":null}", "{\"a\":[{\"b\":1}]}", false},
        {"{\"a.b\":null}", "{\"a\":[1,2]}", false},
        {"{\"a.b\":null}", "{\"a\":[]}", false},
        {"{\"a.b\":null}", "{\"a\":5}", true},
        {"{\"a.b\":null}", "{}", true},
        {"{\"a\":{\"$gt\":1,\"$lt\":3}}", "{\"a\":[0,9]}", true},
        {"{\"a\":{\"$gt\":10}}", "{\"a\":[0,9]}", false},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void compares_within_a_type(void **state)
{
    static const struct row rows[] = {
        {"{\"a\":{\"$gt\":1}}", "{\"a\":2}", true},
        {"{\"a\":{\"$gt\":1}}", "{\"a\":1}", false},
        {"{\"a\":{\"$gt\":1}}", "{\"a\":1.5}", true},
        {"{\"a\":{\"$gt\":1}}", "{\"a\":\"2\"}", false},
        {"{\"a\":{\"$gt\":1}}", "{}", false},
        {"{\"a\":{\"$lt\":1}}", "{\"a\":null}", false},
        {"{\"a\":{\"$lt\":1}}", "{}", false},
        {"{\"a\":{\"$gte\":1}}", "{\"a\":1.0}", true},
        {"{\"a\":{\"$lte\":1}}", "{\"a\":1}", true},
        {"{\"a\":{\"$lte\":1}}", "{\"a\":true}", false},
        {"{\"a\":{\"$gt\":9007199254740992.0}}", "{\"a\":9007199254740993}",
         true},
        {"{\"a\":{\"$lt\":9223372036854775808}}", "{\"a\":9223372036854775807}",
         true},
        {"{\"a\":{\"$gte\":null}}", "{}", true},
        {"{\"a\":{\"$gte\":null}}", "{\"a\":1}", false},
        {"{\"a\":{\"$gt\":null}}", "{}", false},
        {"{\"a\":{\"$gt\":\"abc\"}}", "{\"a\":\"abd\"}", true},
        {"{\"a\":{\"$gt\":\"abc\"}}", "{\"a\":\"ab\"}", false},
        {"{\"a\":{\"$gt\":\"B\"}}", "{\"a\":\"a\"}", true},
        {"{\"a\":{\"$gt\":false}}", "{\"a\":true}", true},
        {"{\"a\":{\"$gt\":[1,2]}}", "{\"a\":[1,3]}", true},
        {"{\"a\":{\"$gt\":{\"b\":1}}}", "{\"a\":{\"b\":2}}", true},
        {"{\"a\":{\"$gt\":{\"b\":1}}}", "{\"a\":3}", false},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void negates_the_whole_test(void **state)
{
    static const struct row rows[] = {
        {"{\"a\":{\"$ne\":1}}", "{\"a\":2}", true},
        {"{\"a\":{\"$ne\":1}}", "{\"a\":1}", false},
        {"{\"a\":{\"$ne\":1}}", "{}", true},
        {"{\"a\":{\"$ne\":1}}", "{\"a\":[1,2]}", false},
        {"{\"a\":{\"$ne\":null}}", "{}", false},
        {"{\"a\":{\"$ne\":null}}", "{\"a\":0}", true},
        {"{\"a.b\":{\"$ne\":1}}", "{\"a\":[{\"b\":1},{\"b\":2}]}", false},
        {"{\"a.b\":{\"$ne\":3}}", "{\"a\":[{\"b\":1},{\"b\":2}]}", true},
        {"{\"a\":{\"$nin\":[1,2]}}", "{\"a\":3}", true},
        {"{\"a\":{\"$nin\":[1,2]}}", "{\"a\":[3,2]}", false},
        {"{\"a\":{\"$nin\":[1,2]}}", "{}", true},
        {"{\"a\":{\"$nin\":[null]}}", "{}", false},
        {"{\"a\":{\"$not\":{\"$gt\":1}}}", "{\"a\":1}", true},
        {"{\"a\":{\"$not\":{\"$gt\":1}}}", "{}", true},
        {"{\"a\":{\"$not\":{\"$gt\":1}}}", "{\"a\":[0,2]}", false},
        {"{\"a\":{\"$not\":{\"$gt\":1,\"$lt\":5}}}", "{\"a\":7}", true},
        {"{\"a\":{\"$not\":{\"$not\":{\"$gt\":1}}}}", "{\"a\":7}", true},
        {"{\"a\":{\"$not\":{\"$regex\":\"^x\"}}}", "{\"a\":\"y\"}", true},
        {"{\"a\":{\"$not\":{\"$regex\":\"^X\",\"$options\":\"i\"}}}",
         "{\"a\":\"xy\"}", false},
        {"{\"a\":{\"$exists\":true}}", "{\"a\":null}", true},
        {"{\"a\":{\"$exists\":true}}", "{\"a\":[]}", true},
        {"{\"a\":{\"$exists\":true}}", "{}", false},
        {"{\"a\":{\"$exists\":false}}", "{}", true},
        {"{\"a\":{\"$exists\":0}}", "{\"a\":1}", false},
        {"{\"a.b\":{\"$exists\":true}}", "{\"a\":[{},{\"b\":1}]}", true},
        {"{\"a.b\":{\"$exists\":false}}", "{\"a\":[{},{\"b\":1}]}", false},
        {"{\"a.b\":{\"$exists\":false}}", "{\"a\":[1]}", true},
        {"{\"a.1\":{\"$exists\":true}}", "{\"a\":[1]}", false},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void knows_lists_and_patterns(void **state)
{
    static const struct row rows[] = {
        {"{\"a\":{\"$in\":[]}}", "{\"a\":1}", false},
        {"{\"a\":{\"$in\":[3,1,2]}}", "{\"a\":2}", true},
        {"{\"a\":{\"$in\":[3,1,2]}}", "{\"a\":2.0}", true},
        {"{\"a\":{\"$in\":[3,1,2]}}", "{\"a\":[9,3]}", true},
        {"{\"a\":{\"$in\":[3,1,2]}}", "{\"a\":4}", false},
        {"{\"a\":{\"$in\":[[1,2]]}}", "{\"a\":[1,2]}", true},
        {"{\"a\":{\"$in\":[null,1]}}", "{}", true},
        {"{\"a\":{\"$in\":[\"x\",{\"$regex\":\"^y\"}]}}", "{\"a\":\"yes\"}",
         true},
        {"{\"a\":{\"$in\":[{\"$regex\":\"Y\",\"$options\":\"i\"}]}}",
         "{\"a\":[\"n\",\"y\"]}", true},
        {"{\"a\":{\"$in\":[{\"b\":1}]}}", "{\"a\":{\"b\":1}}", true},
        {"{\"a\":{\"$all\":[1,2]}}", "{\"a\":[2,3,1]}", true},
        {"{\"a\":{\"$all\":[1,2]}}", "{\"a\":[1]}", false},
        {"{\"a\":{\"$all\":[1]}}", "{\"a\":1}", true},
        {"{\"a\":{\"$all\":[]}}", "{\"a\":[]}", false},
        {"{\"a\":{\"$all\":[{\"$elemMatch\":{\"b\":1}},"
         "{\"$elemMatch\":{\"b\":2}}]}}",
         "{\"a\":[{\"b\":1},{\"b\":2}]}", true},
        {"{\"a\":{\"$all\":[{\"$elemMatch\":{\"b\":1}},"
         "{\"$elemMatch\":{\"b\":2}}]}}",
         "{\"a\":[{\"b\":1}]}", false},
        {"{\"a\":{\"$all\":[{\"$regex\":\"^x\"},\"y\"]}}",
         "{\"a\":[\"xx\",\"y\"]}", true},
        {"{\"a\":{\"$size\":2}}", "{\"a\":[1,2]}", true},
        {"{\"a\":{\"$size\":2}}", "{\"a\":[1]}", false},
        {"{\"a\":{\"$size\":0}}", "{\"a\":[]}", true},
        {"{\"a\":{\"$size\":1}}", "{\"a\":1}", false},
        {"{\"a\":{\"$size\":2}}", "{\"a\":[[1,2]]}", false},
        {"{\"a.b\":{\"$size\":1}}", "{\"a\":[{\"b\":[1]}]}", true},
        {"{\"a\":{\"$regex\":\"b+\"}}", "{\"a\":\"abbc\"}", true},
        {"{\"a\":{\"$regex\":\"^b\"}}", "{\"a\":\"abbc\"}", false},
        {"{\"a\":{\"$regex\":\"1\"}}", "{\"a\":1}", false},
        {"{\"a\":{\"$regex\":\"B\",\"$options\":\"i\"}}", "{\"a\":\"b\"}",
         true},
        {"{\"a\":{\"$options\":\"m\",\"$regex\":\"^b$\"}}", "{\"a\":\"a\\nb\"}",
         true},
        {"{\"a\":{\"$regex\":\"a.b\"}}", "{\"a\":\"a\\nb\"}", false},
        {"{\"a\":{\"$regex\":\"a.b\",\"$options\":\"s\"}}", "{\"a\":\"a\\nb\"}",
         true},
        {"{\"a\":{\"$regex\":\"a b # c\",\"$options\":\"x\"}}",
         "{\"a\":\"ab\"}", true},
        {"{\"a\":{\"$regex\":\"^.$\"}}", "{\"a\":\"\\u00e9\"}", true},
        {"{\"a\":{\"$regex\":\"x\",\"$ne\":\"xy\"}}", "{\"a\":\"xy\"}", false},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void matches_elements_and_branches(void **state)
{
    static const struct row rows[] = {
        {"{\"a\":{\"$elemMatch\":{\"$gt\":1,\"$lt\":3}}}", "{\"a\":[0,9]}",
         false},
        {"{\"a\":{\"$elemMatch\":{\"$gt\":1,\"$lt\":3}}}", "{\"a\":[0,2]}",
         true},
        {"{\"a\":{\"$elemMatch\":{\"$gt\":1}}}", "{\"a\":2}", false},
        {"{\"a\":{\"$elemMatch\":{\"$gt\":1}}}", "{\"a\":[[2]]}", false},
        {"{\"a\":{\"$elemMatch\":{\"$in\":[1,2]}}}", "{\"a\":[5,2]}", true},
        {"{\"a\":{\"$elemMatch\":{\"$ne\":1}}}", "{\"a\":[1,2]}", true},
        {"{\"a\":{\"$elemMatch\":{\"$ne\":1}}}", "{\"a\":[1,1]}", false},
        {"{\"a\":{\"$elemMatch\":{\"$not\":{\"$gt\":1}}}}", "{\"a\":[2,1]}",
         true},
        {"{\"a\":{\"$elemMatch\":{\"$elemMatch\":{\"$eq\":1}}}}",
         "{\"a\":[[1]]}", true},
        {"{\"a\":{\"$elemMatch\":{\"$size\":1}}}", "{\"a\":[[1]]}", true},
        {"{\"a\":{\"$elemMatch\":{\"b\":1,\"c\":2}}}",
         "{\"a\":[{\"b\":1},{\"c\":2}]}", false},
        {"{\"a\":{\"$elemMatch\":{\"b\":1,\"c\":2}}}",
         "{\"a\":[{\"b\":1,\"c\":2}]}", true},
        {"{\"a\":{\"$elemMatch\":{}}}", "{\"a\":[{}]}", true},
        {"{\"a\":{\"$elemMatch\":{}}}", "{\"a\":[1]}", false},
        {"{\"a\":{\"$elemMatch\":{\"$or\":[{\"b\":1},{\"c\":1}]}}}",
         "{\"a\":[{\"c\":1}]}", true},
        {"{\"x.a\":{\"$elemMatch\":{\"b\":1}}}",
         "{\"x\":[{\"a\":[{\"b\":1}]}]}", true},
        {"{\"$and\":[{\"a\":1},{\"b\":2}]}", "{\"a\":1,\"b\":2}", true},
        {"{\"$and\":[{\"a\":1},{\"b\":2}]}", "{\"a\":1}", false},
        {"{\"$or\":[{\"a\":1},{\"b\":2}]}", "{\"b\":2}", true},
        {"{\"$or\":[{\"a\":1},{\"b\":2}]}", "{}", false},
        {"{\"$or\":[{}]}", "{}", true},
        {"{\"$nor\":[{\"a\":1},{\"b\":2}]}", "{\"a\":2}", true},
        {"{\"$nor\":[{\"a\":1},{\"b\":2}]}", "{\"a\":1}", false},
        {"{\"c\":3,\"$or\":[{\"a\":1},{\"$and\":[{\"b\":1},{\"b\":2}]}]}",
         "{\"b\":[1,2],\"c\":3}", true},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void finds_keys_with_dots(void **state)
{
    static const struct row rows[] = {
        {"{\"f.pci.v4.0\":\"1.1\"}", "{\"f\":{\"pci\":{\"v4.0\":[\"1.1\"]}}}",
         true},
        {"{\"f.v4.0\":1}", "{\"f\":{\"v4.0\":1,\"v4\":[2]}}", true},
        {"{\"f.v4.0\":2}", "{\"f\":{\"v4.0\":1,\"v4\":[2]}}", false},
        {"{\"f.v4.x.y\":2}", "{\"f\":{\"v4.x\":1,\"v4\":{\"x\":{\"y\":2}}}}",
         true},
        {"{\"f.v4.0\":{\"$exists\":false}}", "{\"f\":{\"v4.1\":1}}", true},
        {"{\"f.v4.0\":{\"$exists\":true}}", "{\"f\":[{\"v4.0\":1}]}", true},
        {"{\"a.b\":1}", "{\"a.b\":1}", true},
        {"{\"a.b\":null}", "{\"a.b\":1}", false},
        {"{\"a.b.c\":null}", "{\"a.b\":{}}", true},
        {"{\"a.b.c\":{\"$ne\":1}}", "{\"a.b\":{\"c\":1}}", false},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void refuses_what_is_no_filter(void **state)
{
    static const struct {
        const char *filter, *first, *second;
    } rows[] = {
        {"{\"$where\":\"1\"}", "$where", ""},
        {"{\"$expr\":{}}", "$expr", ""},
        {"{\"$not\":{}}", "$not", ""},
        {"{\"a\":{\"$where\":1}}", "$where", "\"a\""},
        {"{\"a.b\":{\"$type\":1}}", "$type", "\"a.b\""},
        {"{\"a\":{\"$gt\":1,\"b\":2}}", "\"a\"", "b"},
        {"{\"a\":{\"b\":1,\"$gt\":2}}", "\"a\"", "$gt"},
        {"{\"$and\":[]}", "$and", ""},
        {"{\"$and\":{}}", "$and", ""},
        {"{\"$or\":[1]}", "$or", ""},
        {"{\"a\":{\"$in\":1}}", "$in", "\"a\""},
        {"{\"a\":{\"$in\":[{\"$gt\":1}]}}", "$in", "\"a\""},
        {"{\"a\":{\"$in\":[{\"$regex\":\"x\",\"b\":1}]}}", "$in", "\"a\""},
        {"{\"a\":{\"$all\":1}}", "$all", "\"a\""},
        {"{\"a\":{\"$all\":[{\"$gt\":1}]}}", "$all", "\"a\""},
        {"{\"a\":{\"$size\":\"x\"}}", "$size", "\"a\""},
        {"{\"a\":{\"$size\":-1}}", "$size", "\"a\""},
        {"{\"a\":{\"$size\":1.5}}", "$size", "\"a\""},
        {"{\"a\":{\"$exists\":\"x\"}}", "$exists", "\"a\""},
        {"{\"a\":{\"$not\":1}}", "$not", "\"a\""},
        {"{\"a\":{\"$not\":{}}}", "$not", "\"a\""},
        {"{\"a\":{\"$not\":{\"b\":1}}}", "$not", "\"a\""},
        {"{\"a\":{\"$elemMatch\":1}}", "$elemMatch", "\"a\""},
        {"{\"a\":{\"$elemMatch\":{\"$foo\":1}}}", "$foo", "$elemMatch"},
        {"{\"a\":{\"$elemMatch\":{\"b\":{\"$foo\":1}}}}", "$foo", "\"b\""},
        {"{\"a\":{\"$regex\":\"(\"}}", "$regex", "\"a\""},
        {"{\"a\":{\"$regex\":1}}", "$regex", "\"a\""},
        {"{\"a\":{\"$regex\":\"x\",\"$options\":\"q\"}}", "$regex", "\"a\""},
        {"{\"a\":{\"$regex\":\"x\",\"$options\":1}}", "$options", "\"a\""},
        {"{\"a\":{\"$options\":\"i\"}}", "$options", "\"a\""},
        {"{\"a\":{\"$regex\":\"\\\\C\"}}", "$regex", "\"a\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct matcher *matcher = NULL;
        engine_error err = {0};
        bson_t filter;

        parse(rows[i].filter, &filter);
        if (matcher_new(&filter, &matcher, &err) != ENGINE_EINVAL ||
            !strstr(err.message, rows[i].first) ||
            !strstr(err.message, rows[i].second))
            fail_msg("%s: \"%s\"", rows[i].filter, err.message);
        assert_null(matcher);
        bson_destroy(&filter);
    }
}

static void nested(bson_t *out, int depth)
{
    bson_t *inner = BCON_NEW("a", BCON_INT32(1));

    for (int i = 0; i < depth; i++) {
        bson_t *outer = BCON_NEW("$and", "[", BCON_DOCUMENT(inner), "]");

        bson_destroy(inner);
        inner = outer;
    }
    bson_copy_to(inner, out);
    bson_destroy(inner);
}

static void limits_the_depth_of_filters(void **state)
{
    struct matcher *matcher = NULL;
    engine_error err = {0};
    bson_t filter;

    (void)state;
    nested(&filter, 30);
    assert_int_equal(matcher_new(&filter, &matcher, &err), ENGINE_OK);
    matcher_free(matcher);
    bson_destroy(&filter);
    nested(&filter, 2000);
    assert_int_equal(matcher_new(&filter, &matcher, &err), ENGINE_EINVAL);
    bson_destroy(&filter);
}

static void gives_up_on_catastrophic_patterns(void **state)
{
    /* the last ones are slow at every single character */
    static const char *const patterns[] = {"^(a+)+$", "(a+a+)+[yz]",
                                           "a*a*a*[yz]",
                                           "(a{1,6}a{1,6}){1,2}[yz]"};
    const clock_t start = clock();
    char text[20001];

    (void)state;
    memset(text, 'a', sizeof(text));
    text[19999] = 'b';
    text[20000] = '\0';
    for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
        bson_t *filter =
            BCON_NEW("a", "{", "$regex", BCON_UTF8(patterns[i]), "}");
        bson_t *document = BCON_NEW("a", BCON_UTF8(text));

        assert_false(matches(filter, document));
        bson_destroy(filter);
        bson_destroy(document);
    }
    assert_true((clock() - start) / CLOCKS_PER_SEC < 5);
}

static void matches_types_json_does_not_have(void **state)
{
    bson_t *document = BCON_NEW(
        "d", BCON_DATE_TIME(1000), "s", "Abc", "n", BCON_DOUBLE(0.0 / 0.0), "b",
        BCON_BIN(BSON_SUBTYPE_BINARY, (const uint8_t *)"xy", 2));
    bson_t *yes[] = {
        BCON_NEW("d", "{", "$gt", BCON_DATE_TIME(999), "}"),
        BCON_NEW("s", BCON_REGEX("^a", "i")),
        BCON_NEW("s", "{", "$in", "[", BCON_REGEX("bc$", ""), "]", "}"),
        BCON_NEW("s", "{", "$not", BCON_REGEX("^x", ""), "}"),
        BCON_NEW("n", "{", "$gte", BCON_DOUBLE(0.0 / 0.0), "}"),
        BCON_NEW("b", BCON_BIN(BSON_SUBTYPE_BINARY, (const uint8_t *)"xy", 2)),
        BCON_NEW("s", "{", "$gt", BCON_MINKEY, "$lt", BCON_MAXKEY, "}"),
    };
    bson_t *no[] = {
        BCON_NEW("d", "{", "$gt", BCON_INT64(0), "}"),
        BCON_NEW("n", "{", "$lt", BCON_INT32(5), "}"),
        BCON_NEW("n", "{", "$gt", BCON_DOUBLE(0.0 / 0.0), "}"),
        BCON_NEW("b", BCON_BIN(BSON_SUBTYPE_UUID, (const uint8_t *)"xy", 2)),
        BCON_NEW("s", "xbc"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
        assert_true(matches(yes[i], document));
        bson_destroy(yes[i]);
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++) {
        assert_false(matches(no[i], document));
        bson_destroy(no[i]);
    }
    bson_destroy(document);
}

static void finds_in_long_lists_quickly(void **state)
{
    bson_t filter = BSON_INITIALIZER;
    bson_t in, list, document;
    struct matcher *matcher = NULL;
    char text[40];

    (void)state;
    bson_append_document_begin(&filter, "a", -1, &in);
    bson_append_array_begin(&in, "$in", -1, &list);
    for (int i = 0; i < 20000; i++) {
        snprintf(text, sizeof(text), "rule-%d", i * 7919 % 20000);
        bson_append_utf8(&list, "0", -1, text, -1);
    }
    bson_append_array_end(&in, &list);
    bson_append_document_end(&filter, &in);
    assert_int_equal(matcher_new(&filter, &matcher, NULL), ENGINE_OK);
    for (int i = 0; i < 40000; i++) {
        snprintf(text, sizeof(text), "rule-%d", i);
        bson_init(&document);
        bson_append_utf8(&document, "a", -1, text, -1);
        assert_int_equal(matcher_test(matcher, &document), i < 20000);
        bson_destroy(&document);
    }
    matcher_free(matcher);
    bson_destroy(&filter);
}

static void a_users_filter_only_narrows(void **state)
{
    bson_t engine, user, both;
    bson_t *document = BCON_NEW("a", BCON_INT32(1), "b", BCON_INT32(2));

    (void)state;
    parse("{\"a\":2}", &engine);
    parse("{\"$or\":[{\"b\":2},{\"a\":1}]}", &user);
    matcher_and(&engine, &user, &both);
    assert_false(matches(&both, document));
    bson_destroy(&both);
    matcher_and(NULL, &user, &both);
    assert_true(matches(&both, document));
    bson_destroy(&both);
    matcher_and(&engine, NULL, &both);
    assert_false(matches(&both, document));
    bson_destroy(&both);
    matcher_and(NULL, NULL, &both);
    assert_true(bson_empty(&both));
    bson_destroy(&both);
    bson_destroy(&engine);
    bson_destroy(&user);
    bson_destroy(document);
}

static void survives_failing_allocations(void **state)
{
    bson_t filter;
    long nth = 1;
    engine_status status;

    (void)state;
    parse("{\"a\":{\"$in\":[1,{\"$regex\":\"x\"}]},\"$or\":[{\"b\":1}]}",
          &filter);
    do {
        struct matcher *matcher = NULL;
        engine_error err = {0};

        engine_alloc_fail_at(nth++);
        status = matcher_new(&filter, &matcher, &err);
        engine_alloc_fail_at(0);
        matcher_free(matcher);
    } while (status == ENGINE_ENOMEM);
    assert_int_equal(status, ENGINE_OK);
    assert_true(nth > 2);
    bson_destroy(&filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_equal),
        cmocka_unit_test(fans_out_over_arrays),
        cmocka_unit_test(compares_within_a_type),
        cmocka_unit_test(negates_the_whole_test),
        cmocka_unit_test(knows_lists_and_patterns),
        cmocka_unit_test(matches_elements_and_branches),
        cmocka_unit_test(finds_keys_with_dots),
        cmocka_unit_test(refuses_what_is_no_filter),
        cmocka_unit_test(limits_the_depth_of_filters),
        cmocka_unit_test(gives_up_on_catastrophic_patterns),
        cmocka_unit_test(matches_types_json_does_not_have),
        cmocka_unit_test(finds_in_long_lists_quickly),
        cmocka_unit_test(a_users_filter_only_narrows),
        cmocka_unit_test(survives_failing_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
