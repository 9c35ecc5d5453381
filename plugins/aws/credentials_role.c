/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_role.c - roles that are assumed, one, or many at once: an
 * organization has hundreds of accounts. */
#include <string.h>

#include "plugins/aws/credentials_private.h"

/* ---- one --------------------------------------------------------------------- */

/* keys may end in between, or be taken back */
static bool role_has_ended(const engine_error *why)
{
    return why->status == ENGINE_EDENIED &&
           strstr(why->message, "answered Expired");
}

engine_status aws_fetch_role(struct aws_credentials *self,
                             struct aws_keys *out, engine_error *err)
{
    struct aws_sts how = {.action = "AssumeRole"};
    engine_status status =
        aws_credentials_get(self->base, false, &how.keys, err);
    engine_error why = {0};

    if (status < 0)
        return status;
    status = aws_sts_assume(self, &how, out, &why);
    if (role_has_ended(&why) &&
        aws_credentials_get(self->base, true, &how.keys, NULL) == ENGINE_OK) {
        aws_keys_clear(out);
        status = aws_sts_assume(self, &how, out, &why);
    }
    if (status < 0 && err)
        *err = why;
    return status;
}

engine_status aws_fetch_web(struct aws_credentials *self,
                            struct aws_keys *out, engine_error *err)
{
    struct secret token;
    const struct aws_sts how = {.action = "AssumeRoleWithWebIdentity",
                                .token = &token};
    engine_status status;

    secret_init(&token);
    /* the file is written anew before its token ends */
    status = secret_from_file(&token, self->token_file, err);
    if (status < 0 && status != ENGINE_ENOMEM)
        engine_error_prefix(err, "%s", self->label);
    if (status == ENGINE_OK)
        status = aws_sts_assume(self, &how, out, err);
    secret_clear(&token);
    return status;
}

/* ---- many at once --------------------------------------------------------- */

static void role_ended(struct aws_credentials *self, struct aws_keys *keys,
                       const engine_error *why, void *user)
{
    engine_error *out = user;

    *out = (engine_error){0};
    if (why->status < 0)
        *out = *why;
    else
        out->status = aws_credentials_keep(self, keys, out);
}

static void role_begin(struct aws_credentials *self, engine_error *why)
{
    struct aws_sts how = {.action = "AssumeRole"};

    engine_error failed = {0};

    *why = (engine_error){0};
    failed.status =
        aws_credentials_get(self->base, false, &how.keys, &failed);
    if (failed.status == ENGINE_OK)
        failed.status = aws_sts_begin(self, &how, role_ended, why, &failed);
    if (failed.status < 0)
        *why = failed;
}

/* with fresh ones, for those that could not be assumed */
static void role_again(struct aws_credentials *self, engine_error *why)
{
    const struct aws_keys *keys;

    if (!role_has_ended(why))
        return;
    *why = (engine_error){0};
    why->status = aws_credentials_get(self, false, &keys, why);
}

engine_status aws_credentials_get_all(struct aws_credentials *const *list,
                                      size_t count, engine_error *whys,
                                      engine_error *err)
{
    struct http_client *client = NULL;
    engine_status status = ENGINE_OK;

    for (size_t i = 0; i < count; i++) {
        struct aws_credentials *self = list[i];

        whys[i] = (engine_error){0};
        if (self->source != AWS_SOURCE_ROLE || self->keys.id[0])
            continue;
        client = self->setup->client;
        role_begin(self, &whys[i]);
    }
    if (client)
        status = http_run(client, err);
    for (size_t i = 0; status == ENGINE_OK && i < count; i++) {
        role_again(list[i], &whys[i]);
        if (whys[i].status == ENGINE_ENOMEM)
            status = engine_fail_memory(err);
    }
    return status;
}
