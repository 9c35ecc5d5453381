/* SPDX-License-Identifier: Apache-2.0 */
/* model_private.h - what the files of AWS's model have in common. */
#ifndef PLUGINS_AWS_MODEL_PRIVATE_H
#define PLUGINS_AWS_MODEL_PRIVATE_H

#include "plugins/aws/model.h"
#include "plugins/aws/model_file.h"
#include "sdk/base/hash.h"
#include "sdk/kit/value_builder.h"

#define AWS_MAX_DEPTH 64    /* of parameters and of elements in answers */
#define AWS_MAX_NODES 8000000u /* values of an answer */
#define AWS_MAX_BODY (16u << 20) /* of a request */
#define AWS_SENSITIVE "(sensitive)"

struct aws_operation {
    const struct aws_service *service;
    const struct model_operation *row;
    const char **lists; /* made when first asked for */
};

struct aws_service {
    struct model_file file;
    const char *name;
    struct aws_operation *operations; /* as in the file */
};

struct aws_model {
    char *directory;
    struct arena arena;
    struct value index; /* index.json */
    struct table services;
    const char ***regions; /* of each partition */
    size_t partitions;
};

/** Text of the operation's file. */
static inline const char *aws_text(const struct aws_operation *operation,
                                   uint32_t text)
{
    return model_text(&operation->service->file, text);
}

static inline uint32_t aws_protocol(const struct aws_operation *operation)
{
    return operation->service->file.service->protocol;
}

/** The member, or NULL for MODEL_NONE. */
static inline const struct model_member *
aws_member(const struct model_file *file, uint32_t member)
{
    return member == MODEL_NONE ? NULL : &file->members[member];
}

/** A row of one of a service's lists: the count, then texts. */
static inline const uint32_t *aws_list(const struct aws_operation *operation,
                                       uint32_t list)
{
    return operation->service->file.lists + list;
}

/* ---- names that come near ------------------------------------------------ */

#define NEAR_MAX 3

/** The names that are most like a wrong one. */
struct near {
    const char *wanted;
    const char *names[NEAR_MAX];
    size_t cost[NEAR_MAX];
    size_t count;
};

void near_init(struct near *near, const char *wanted);
void near_add(struct near *near, const char *name);
/** Sets the hint: "did you mean "a" or "b"?"; nothing when none is near. */
void near_hint(const struct near *near, engine_error *err);

/* ---- times --------------------------------------------------------------- */

/** Reads RFC 3339 (also without a zone: UTC), RFC 7231 dates and seconds since
 * 1970; -1: it is none of these. */
int aws_time_parse(const char *text, int64_t *unix_us);
/** RFC 3339 in UTC; fractions of a second only where there are any. */
void aws_time_format(int64_t unix_us, char out[40]);
/** As a request wants it (enum model_format, not MODEL_ANY). */
void aws_time_send(int64_t unix_us, uint32_t format, char out[40]);

/* ---- texts --------------------------------------------------------------- */

/** Percent-encodes all but unreserved characters, and '/' where asked. */
void aws_encode(struct buffer *out, const char *text, size_t len, bool slash);
/** Decodes %XX and '+'-free text in place; the new length. */
size_t aws_decode(char *text, size_t len);
/** base64 with padding, appended; and back: false when it is none. */
void aws_base64(struct buffer *out, const char *data, size_t len);
bool aws_unbase64(struct buffer *out, const char *text, size_t len);

/* ---- requests ------------------------------------------------------------ */

/** A request on its way from parameters to bytes. */
struct request {
    const struct aws_operation *operation;
    const struct model_file *file;
    const struct aws_place *place;
    struct arena arena;
    const struct value *parameters; /* checked, names as in the model */
    struct buffer path, query;
    struct buffer host; /* with the scheme, and the path of an endpoint */
    bool open;         /* placeholders may still be in the parameters */
    const char *uri;   /* the template; without S3's bucket if it is in host */
    struct aws_request *out;
    size_t headers, headers_room;
};

/** Checks parameters against a shape, and brings names and numbers into the
 * model's form: a copy in the arena. */
engine_status request_check(struct request *request,
                            const struct value *parameters,
                            struct value *out, engine_error *err);
/** Appends "Name: value"; texts with control characters are refused. */
engine_status request_header(struct request *request, const char *name,
                             const char *value, size_t len, engine_error *err);
/** A member that is a header, or many with one prefix. */
engine_status request_header_member(struct request *request,
                                    const struct model_member *member,
                                    const struct value *value,
                                    engine_error *err);
engine_status request_header_map(struct request *request,
                                 const struct model_member *member,
                                 const struct value *value,
                                 engine_error *err);
engine_status request_form(struct request *request, engine_error *err);
engine_status request_json(struct request *request,
                           const struct model_member *member,
                           const struct value *value, engine_error *err);
engine_status request_xml(struct request *request,
                          const struct model_member *member,
                          const struct value *value, engine_error *err);
engine_status request_rest(struct request *request, engine_error *err);
/** Finds scheme and host, and the credential scope; takes S3's bucket out of
 * the path where it goes into the host. */
engine_status request_place(struct aws_model *model, struct request *request,
                            engine_error *err);
/** Puts host, path and query together. */
engine_status request_url(struct request *request, engine_error *err);
/** A scalar as text in the arena, times in `format`; NULL: no memory. */
const char *request_scalar(struct request *request,
                           const struct model_member *member,
                           const struct value *value, uint32_t format,
                           size_t *len);

/* ---- answers ------------------------------------------------------------- */

/** Elements of an XML document. */
struct xml_node {
    const char *name; /* without a prefix; equal names are one text */
    const char *text; /* of an element without others in it; NULL: none */
    struct xml_node *next, *first;
    struct xml_attribute *attributes;
    uint32_t text_len;
    bool taken; /* by the reader of values */
};
struct xml_attribute {
    const char *name; /* without a prefix */
    const char *value;
    struct xml_attribute *next;
};

struct xml_document {
    struct xml_node *root;
    struct arena nodes;
    void *names;
};

/** Reads a document: no DTD, no entities of its own, nothing from outside,
 * no deeper than AWS_MAX_DEPTH. Texts of elements go to `texts`. */
engine_status xml_read(const char *body, size_t len,
                       struct value_builder *texts, struct xml_document *out,
                       engine_error *err);
void xml_clear(struct xml_document *document);
/** The first child of that name, or NULL. */
struct xml_node *xml_child(const struct xml_node *node, const char *name);

struct answer {
    const struct aws_operation *operation;
    const struct model_file *file;
    const struct aws_head *head;
    struct value_builder builder;
    struct arena *arena;
    bool documents; /* the service has texts that are documents */
    engine_error *err;
};

/** Makes a value of an element or of JSON by the shape of member. */
engine_status answer_xml(struct answer *answer,
                         const struct model_member *member,
                         struct xml_node *node, struct value *out);
/** Pushes the members of a structure that are in the body. */
engine_status answer_xml_members(struct answer *answer,
                                 const struct model_shape *shape,
                                 struct xml_node *node);
engine_status answer_json_members(struct answer *answer,
                                  const struct model_shape *shape,
                                  const struct value *from);
/** Pushes a member of the object that is being made. */
engine_status answer_put(struct answer *answer, const char *name,
                         const struct value *value);
engine_status answer_object(struct answer *answer, size_t base,
                            struct value *out);
engine_status answer_array(struct answer *answer, size_t base,
                           struct value *out);
engine_status answer_json(struct answer *answer,
                          const struct model_member *member,
                          const struct value *from, struct value *out);
/** A scalar that came as text, which lives as long as the answer. */
engine_status answer_scalar(struct answer *answer,
                            const struct model_member *member,
                            const char *text, size_t len, struct value *out);
/** A text of the answer's arena. */
engine_status answer_text(struct answer *answer, const char *text, size_t len,
                          struct value *out);

#endif
