/* SPDX-License-Identifier: Apache-2.0 */
/* failure.c - what a failed answer says, in whatever form. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "plugins/aws/model_private.h"

#define FAILURE_ARENA (8u << 20)
#define FAILURE_BODY (4u << 20)

/* One line of printable text; what is too long is cut between characters. */
static void failure_copy(char *out, size_t room, const char *text, size_t len)
{
    size_t used = 0;

    for (size_t i = 0; i < len && used + 1 < room; i++) {
        const unsigned char byte = (unsigned char)text[i];

        if (byte <= ' ' || byte == 0x7f) {
            if (used && out[used - 1] != ' ')
                out[used++] = ' ';
        } else {
            out[used++] = text[i];
        }
    }
    while (used && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
    while (used && !bson_utf8_validate(out, used, false))
        out[--used] = '\0';
}

/* "aws.protocol#Name:http://..." is Name. */
static void failure_code(struct aws_failure *out, const char *text, size_t len)
{
    const char *hash = memchr(text, '#', len);
    const char *colon;

    if (hash) {
        len -= (size_t)(hash + 1 - text);
        text = hash + 1;
    }
    colon = memchr(text, ':', len);
    if (colon)
        len = (size_t)(colon - text);
    failure_copy(out->code, sizeof(out->code), text, len);
}

/* ---- XML ------------------------------------------------------------------------ */

/* <Error>, <ErrorResponse><Error>, <Response><Errors><Error>. */
static const struct xml_node *failure_error(const struct xml_node *root)
{
    const struct xml_node *node = root;

    for (int depth = 0; node && depth < 4; depth++) {
        struct xml_node *inner = xml_child(node, "Error");

        if (strcmp(node->name, "Error") == 0 || xml_child(node, "Code"))
            return node;
        node = inner ? inner : xml_child(node, "Errors");
    }
    return NULL;
}

static void failure_xml_text(const struct xml_node *error, const char *name,
                             char *out, size_t room)
{
    const struct xml_node *node = xml_child(error, name);

    if (node && node->text)
        failure_copy(out, room, node->text, node->text_len);
}

/* The region in "BUCKET.s3.REGION.amazonaws.com" and in "s3-REGION.": where a
 * redirect of S3 leads to; the endpoint without one is of us-east-1. */
static void failure_endpoint(const struct xml_node *error,
                             struct aws_failure *out)
{
    const struct xml_node *node = xml_child(error, "Endpoint");
    const char *at = node && node->text ? node->text : "";
    char host[300];

    snprintf(host, sizeof(host), "%.*s",
             node && node->text ? (int)node->text_len : 0, at);
    for (at = strstr(host, "s3"); at; at = strstr(at + 2, "s3"))
        if ((at[2] == '.' || at[2] == '-') && (at == host || at[-1] == '.') &&
            strstr(at, ".amazonaws."))
            break;
    if (!at)
        return;
    at += 3;
    if (strncmp(at, "dualstack.", 10) == 0)
        at += 10;
    if (strncmp(at, "amazonaws.", 10) == 0)
        at = "us-east-1";
    failure_copy(out->region, sizeof(out->region), at, strcspn(at, "."));
}

static void failure_xml(const char *body, size_t len, struct aws_failure *out)
{
    struct xml_document document;
    struct value_builder texts;
    const struct xml_node *error;
    struct arena arena;

    arena_init(&arena, FAILURE_ARENA);
    builder_init(&texts, &arena, 1000);
    if (xml_read(body, len, &texts, &document, NULL) == ENGINE_OK) {
        error = failure_error(document.root);
        if (error) {
            failure_xml_text(error, "Code", out->code, sizeof(out->code));
            failure_xml_text(error, "Message", out->message,
                             sizeof(out->message));
            if (!*out->message)
                failure_xml_text(error, "message", out->message,
                                 sizeof(out->message));
            /* S3, about a bucket that is in another region. */
            failure_xml_text(error, "Region", out->region,
                             sizeof(out->region));
            if (!*out->region)
                failure_endpoint(error, out);
        }
        xml_clear(&document);
    }
    builder_clear(&texts);
    arena_clear(&arena);
}

/* ---- JSON ----------------------------------------------------------------------- */

static const struct value *failure_member(const struct value *body,
                                          const char *const *names)
{
    for (; *names; names++) {
        const struct value *value = value_member(body, *names);

        if (value && value->kind == VALUE_STRING && value->count)
            return value;
    }
    return NULL;
}

static void failure_json(const char *body, size_t len, struct aws_failure *out)
{
    static const char *const messages[] = {"message", "Message",
                                           "errorMessage", NULL};
    static const char *const codes[] = {"__type", "code", "Code", NULL};
    const struct value *value;
    struct value parsed;
    struct arena arena;

    arena_init(&arena, FAILURE_ARENA);
    if (value_from_json(body, len, "answer", &arena, &parsed, NULL) ==
        ENGINE_OK) {
        value = failure_member(&parsed, codes);
        if (value)
            failure_code(out, value->text, value->count);
        value = failure_member(&parsed, messages);
        if (value)
            failure_copy(out->message, sizeof(out->message), value->text,
                         value->count);
    }
    arena_clear(&arena);
}

/* ---- the head ------------------------------------------------------------------- */

static const char *failure_header(const struct aws_head *head,
                                  const char *name)
{
    const char *text = head && head->header ? head->header(name, head->user)
                                            : NULL;

    return text && *text ? text : NULL;
}

static void failure_head(const struct aws_head *head, struct aws_failure *out)
{
    /* "Code;Fault" of services that came from the query protocol */
    const char *query = failure_header(head, "x-amzn-query-error");
    const char *type = failure_header(head, "x-amzn-errortype");
    const char *region = failure_header(head, "x-amz-bucket-region");
    const char *end = query ? strchr(query, ';') : NULL;

    if (end && end > query)
        failure_code(out, query, (size_t)(end - query));
    else if (type)
        failure_code(out, type, strlen(type));
    if (region)
        failure_copy(out->region, sizeof(out->region), region, strlen(region));
}

void aws_failure_read(const struct aws_operation *operation,
                      const struct aws_head *head, const char *body,
                      size_t len, struct aws_failure *out)
{
    const char *at = body;

    (void)operation; /* proxies and gateways answer in forms of their own */
    *out = (struct aws_failure){0};
    if (len > FAILURE_BODY)
        len = 0;
    while (len && isspace((unsigned char)*at)) {
        at++;
        len--;
    }
    if (len && *at == '<')
        failure_xml(at, len, out);
    else if (len && *at == '{')
        failure_json(at, len, out);
    failure_head(head, out);
    if (!*out->code && head && head->status >= 300)
        snprintf(out->code, sizeof(out->code), "%ld", head->status);
}
