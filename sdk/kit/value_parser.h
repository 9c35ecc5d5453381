/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_parser.h - JSON text, in pieces, to values: a push-down machine that
 * stops where the text does and goes on when there is more.
 */
#ifndef SDK_KIT_VALUE_PARSER_H
#define SDK_KIT_VALUE_PARSER_H

#include "sdk/kit/value_builder.h"
#include "sdk/kit/value_mask_private.h"
#include "sdk/kit/value_scan.h"

/* An element of a list may be as deep as a document of its own. */
#define PARSER_DEPTH (VALUE_MAX_DEPTH + 4)

enum value_parser_state {
    PARSER_VALUE,       /* after ':' and ',' and at the start */
    PARSER_FIRST_VALUE, /* after '[': ']' may come too */
    PARSER_FIRST_KEY,   /* after '{': '}' may come too */
    PARSER_KEY,         /* after ',' in an object */
    PARSER_COLON,
    PARSER_COMMA, /* or the end of the container */
    PARSER_SKIP,  /* inside a container that nobody wants */
    PARSER_DONE
};

struct value_parser_frame {
    size_t base; /* of its members on the builder's stack */
    const struct mask_node *mask;
    bool array;
    bool list; /* its elements are handed out */
};

struct value_parser;

/** Receives an element of the list. */
typedef engine_status (*parser_item_fn)(struct value_parser *parser,
                                        const struct value *item,
                                        const char *text, size_t len);

struct value_parser {
    const char *name;
    engine_error *err; /* of the call that is running */
    engine_status status;
    struct value_builder builder;
    struct value_parser_frame frames[PARSER_DEPTH];
    int depth, depth_maximum;
    enum value_parser_state state;
    const struct mask_node *mask; /* of the value that comes next */
    struct value skipped; /* what stands for a container that is skipped */
    bool wanted;          /* such a value is given; else none is */
    bool final;           /* no more text comes */
    struct scan_skip skip;
    /* Of a string that goes on in the next piece: how much is known. */
    size_t scanned;
    bool scanned_escaped, scanned_high;
    struct value root;

    /* for value_stream */
    const char *list;
    size_t list_len;
    bool listed;      /* it was there */
    bool list_next;   /* its value comes next */
    const char *item; /* where the element began that is being read */
    const struct mask_node *item_mask;
    struct arena *item_arena, *rest_arena;
    parser_item_fn item_fn;

    /* for messages */
    const char *text; /* what is being read begins here */
    uint64_t offset;  /* of text in the input */
    uint64_t lines;   /* that ended before it */
};

void parser_open(struct value_parser *parser, const char *name,
                 struct arena *arena, size_t nodes_maximum);
/** Ready for the next document. */
void parser_again(struct value_parser *parser);
void parser_close(struct value_parser *parser);
/**
 * Reads on at text + at. Returns where it got to: what is before that, or
 * before the element that has begun, is needed no more. Look at status.
 */
size_t parser_run(struct value_parser *parser, const char *text, size_t len,
                  size_t at);
/** Text up to here goes away: counts what messages need. */
void parser_passed(struct value_parser *parser, const char *text, size_t len);

/* ---- between the files of the parser ------------------------------------- */

/** Fails with "name:line: what (byte n)"; always NULL. */
const char *parser_fail(struct value_parser *parser, const char *at,
                        engine_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/** Fails as the builder did. */
const char *parser_fail_builder(struct value_parser *parser, const char *at);

/* Each of these reads one token at `at` (which has a byte) and returns what
 * is behind it, or NULL when the text ends too early or on a failure. */

enum parser_mode {
    PARSER_PASS, /* nobody wants it: *out is undefined */
    PARSER_PEEK, /* its text, in the arena only if it had escapes */
    PARSER_KEEP  /* in the arena, as valid UTF-8 */
};

const char *parser_text(struct value_parser *parser, const char *at,
                        const char *end, enum parser_mode mode,
                        struct value *out);
const char *parser_scalar(struct value_parser *parser, const char *at,
                          const char *end, enum parser_mode mode,
                          struct value *out);

#endif
