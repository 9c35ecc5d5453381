/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - a successful answer: which parts of it hold which members. */
#include <string.h>

#include "plugins/aws/model_private.h"

/* ---- the head ------------------------------------------------------------ */

static engine_status answer_header_list(struct answer *answer,
                                        const struct model_member *member,
                                        const char *text, struct value *out)
{
    const struct model_member *inner =
        &answer->file->members[model_shape(answer->file, member)->first];
    const size_t base = answer->builder.used;
    /* A date has a comma in it. */
    const bool dates =
        model_shape(answer->file, inner)->type == MODEL_TIMESTAMP &&
        (!MODEL_FORMAT(inner) || MODEL_FORMAT(inner) == MODEL_RFC822);
    engine_status status = ENGINE_OK;

    while (status == ENGINE_OK) {
        const char *comma = strchr(text, ',');
        const char *end;
        struct value value;

        if (comma && dates)
            comma = strchr(comma + 1, ',');
        end = comma ? comma : text + strlen(text);
        text += strspn(text, " \t");
        while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
        status = answer_text(answer, text, (size_t)(end - text), &value);
        if (status == ENGINE_OK)
            status = answer_scalar(answer, inner, value.text, value.count,
                                   &value);
        if (status == ENGINE_OK)
            status = answer_put(answer, "", &value);
        if (!comma)
            break;
        text = comma + 1;
    }
    return status == ENGINE_OK ? answer_array(answer, base, out) : status;
}

static engine_status answer_header(struct answer *answer,
                                   const struct model_member *member)
{
    const struct model_file *file = answer->file;
    const struct aws_head *head = answer->head;
    const char *text =
        head && head->header
            ? head->header(model_text(file, member->wire), head->user)
            : NULL;
    struct value value;
    engine_status status;

    if (!text)
        return ENGINE_OK;
    if (member->flags & MODEL_SENSITIVE)
        text = AWS_SENSITIVE;
    if (model_shape(file, member)->type == MODEL_LIST) {
        status = answer_header_list(answer, member, text, &value);
    } else {
        status = answer_text(answer, text, strlen(text), &value);
        if (status == ENGINE_OK)
            status = answer_scalar(answer, member, value.text, value.count,
                                   &value);
    }
    return status == ENGINE_OK
               ? answer_put(answer, model_text(file, member->name), &value)
               : status;
}

static engine_status answer_head(struct answer *answer,
                                 const struct model_shape *shape)
{
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; i < shape->count && status == ENGINE_OK; i++) {
        const struct model_member *member =
            &answer->file->members[shape->first + i];

        if (MODEL_LOCATION(member) == MODEL_HEADER) {
            status = answer_header(answer, member);
        } else if (MODEL_LOCATION(member) == MODEL_STATUS && answer->head) {
            const struct value code = {.kind = VALUE_INT,
                                       .integer = answer->head->status};

            status = answer_put(answer,
                                model_text(answer->file, member->name), &code);
        }
    }
    return status;
}

/* ---- the body ------------------------------------------------------------ */

/* Where an answer has no element but the text of the root is meant. */
static engine_status answer_location(struct answer *answer,
                                     const struct xml_node *root)
{
    const char *text = root->text ? root->text : "";
    struct value value;
    engine_status status;

    if (!*text)
        text = "us-east-1";
    else if (strcmp(text, "EU") == 0)
        text = "eu-west-1";
    status = answer_text(answer, text, strlen(text), &value);
    return status == ENGINE_OK
               ? answer_put(answer, "LocationConstraint", &value)
               : status;
}

/* The element whose children are the members. */
static engine_status answer_root(struct answer *answer, struct xml_node **root)
{
    const struct aws_operation *operation = answer->operation;
    const char *wrapper = aws_text(operation, operation->row->wrapper);
    struct xml_node *id;

    if (*wrapper) {
        struct xml_node *found = xml_child(*root, wrapper);

        if (!found)
            return engine_fail(answer->err, ENGINE_EPARSE,
                               "the answer to %s:%s has no element %s",
                               operation->service->name,
                               aws_operation_name(operation), wrapper);
        *root = found;
        return ENGINE_OK;
    }
    if (aws_protocol(operation) == MODEL_QUERY) {
        id = xml_child(*root, "ResponseMetadata");
        if (id)
            id->taken = true;
    }
    id = aws_protocol(operation) == MODEL_EC2 ? xml_child(*root, "requestId")
                                              : NULL;
    if (id)
        id->taken = true;
    return ENGINE_OK;
}

static engine_status answer_xml_body(struct answer *answer,
                                     const struct model_member *output,
                                     const struct model_member *payload,
                                     const char *body, size_t len)
{
    const struct aws_operation *operation = answer->operation;
    struct xml_document document;
    struct xml_node *root;
    struct value value;
    engine_status status = xml_read(body, len, &answer->builder, &document,
                                    answer->err);

    if (status != ENGINE_OK)
        return status;
    root = document.root;
    status = answer_root(answer, &root);
    if (status != ENGINE_OK)
        goto out;
    if (strcmp(operation->service->name, "s3") == 0 &&
        strcmp(aws_operation_name(operation), "GetBucketLocation") == 0) {
        status = answer_location(answer, root);
    } else if (payload) {
        status = answer_xml(answer, payload, root, &value);
        if (status == ENGINE_OK)
            status = answer_put(answer,
                                model_text(answer->file, payload->name),
                                &value);
    } else {
        status = answer_xml_members(answer, model_shape(answer->file, output),
                                    root);
    }
out:
    xml_clear(&document);
    return status;
}

static engine_status answer_json_body(struct answer *answer,
                                      const struct model_member *output,
                                      const struct model_member *payload,
                                      const char *body, size_t len)
{
    struct value parsed, value;
    engine_status status =
        value_from_json(body, len, "the answer", answer->arena, &parsed,
                        answer->err);

    if (status != ENGINE_OK)
        return status;
    if (!payload)
        return answer_json_members(answer, model_shape(answer->file, output),
                                   &parsed);
    status = answer_json(answer, payload, &parsed, &value);
    return status == ENGINE_OK
               ? answer_put(answer, model_text(answer->file, payload->name),
                            &value)
               : status;
}

/* A body that is a member as it is. What is no text goes as base64. */
static engine_status answer_raw_body(struct answer *answer,
                                     const struct model_member *payload,
                                     const char *body, size_t len)
{
    struct buffer encoded;
    struct value value;
    engine_status status;

    if (payload->flags & MODEL_SENSITIVE) {
        status = answer_text(answer, AWS_SENSITIVE, strlen(AWS_SENSITIVE),
                             &value);
    } else if (bson_utf8_validate(body, len, true)) {
        status = answer_text(answer, body, len, &value);
    } else {
        buffer_init(&encoded, 1u << 30);
        aws_base64(&encoded, body, len);
        status = buffer_status(&encoded, answer->err);
        if (status == ENGINE_OK)
            status = answer_text(answer, encoded.data, encoded.len, &value);
        buffer_clear(&encoded);
    }
    return status == ENGINE_OK
               ? answer_put(answer, model_text(answer->file, payload->name),
                            &value)
               : status;
}

static engine_status answer_body(struct answer *answer,
                                 const struct model_member *output,
                                 const char *body, size_t len)
{
    const struct model_file *file = answer->file;
    const uint32_t protocol = aws_protocol(answer->operation);
    const bool rest = protocol == MODEL_REST_JSON ||
                      protocol == MODEL_REST_XML;
    const uint32_t index = model_shape(file, output)->payload;
    const struct model_member *payload =
        rest ? aws_member(file, index) : NULL;
    const uint32_t type = payload ? model_shape(file, payload)->type : 0;

    if (payload && (type == MODEL_STRING || type == MODEL_BLOB) &&
        !(payload->flags & MODEL_DOCUMENT))
        return answer_raw_body(answer, payload, body, len);
    if (!len && protocol != MODEL_QUERY && protocol != MODEL_EC2)
        return ENGINE_OK;
    if (protocol == MODEL_JSON || protocol == MODEL_REST_JSON)
        return answer_json_body(answer, output, payload, body, len);
    return answer_xml_body(answer, output, payload, body, len);
}

engine_status aws_answer(const struct aws_operation *operation,
                         const struct aws_head *head, const char *body,
                         size_t len, struct arena *arena, struct value *out,
                         engine_error *err)
{
    const struct model_file *file = &operation->service->file;
    const struct model_member *output =
        aws_member(file, operation->row->output);
    struct answer answer = {.operation = operation,
                            .file = file,
                            .head = head,
                            .arena = arena,
                            .err = err};
    engine_status status = ENGINE_OK;

    answer.documents = strcmp(operation->service->name, "iam") == 0 ||
                       strcmp(operation->service->name, "cloudformation") == 0;
    *out = (struct value){.kind = VALUE_OBJECT};
    if (!output)
        return ENGINE_OK;
    builder_init(&answer.builder, arena, AWS_MAX_NODES);
    status = answer_head(&answer, model_shape(file, output));
    if (status == ENGINE_OK)
        status = answer_body(&answer, output, body ? body : "", body ? len : 0);
    if (status == ENGINE_OK)
        status = answer_object(&answer, 0, out);
    builder_clear(&answer.builder);
    return status;
}
