/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_private.h - the sources of tokens. */
#ifndef PLUGINS_AZURE_CREDENTIALS_PRIVATE_H
#define PLUGINS_AZURE_CREDENTIALS_PRIVATE_H

#include "plugins/azure/credentials.h"
#include "sdk/kit/cloud/token.h"

#define CREDENTIALS_RESOURCES 4

/* A token, or why there is none. */
struct credentials_entry {
    char *resource;
    struct token token;
    int64_t asked_ms; /* steady; 0: never */
    bool again;       /* because the one before was refused */
    engine_status status;
    engine_error why;
};

struct azure_credentials {
    struct azure_credentials_options options;
    enum azure_source source; /* AZURE_SOURCES: none yet */
    struct credentials_entry entries[CREDENTIALS_RESOURCES];
    size_t count;
};

/** Fills *out. ENGINE_ENOTFOUND: there is no such source here, others may be
 * asked; all else is final. */
typedef engine_status (*credentials_ask_fn)(struct azure_credentials *self,
                                            const char *resource,
                                            struct token *out,
                                            engine_error *err);

engine_status azure_ask_secret(struct azure_credentials *self,
                               const char *resource, struct token *out,
                               engine_error *err);
engine_status azure_ask_certificate(struct azure_credentials *self,
                                    const char *resource, struct token *out,
                                    engine_error *err);
engine_status azure_ask_workload(struct azure_credentials *self,
                                 const char *resource, struct token *out,
                                 engine_error *err);
engine_status azure_ask_managed(struct azure_credentials *self,
                                const char *resource, struct token *out,
                                engine_error *err);
engine_status azure_ask_cli(struct azure_credentials *self,
                            const char *resource, struct token *out,
                            engine_error *err);

/** Reads what az prints. */
engine_status azure_cli_parse(const char *text, size_t len, struct token *out,
                              engine_error *err);

/** Wipes and frees. */
void azure_wipe(struct buffer *buffer);

#endif
