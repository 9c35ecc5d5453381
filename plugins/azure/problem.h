/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem.h - what a refused call says: errors of ARM (ARM resource provider
 * contract, "Error response content") and of Microsoft Graph, challenges of
 * WWW-Authenticate (RFC 9110 section 11.6.1), quota headers.
 */
#ifndef PLUGINS_AZURE_PROBLEM_H
#define PLUGINS_AZURE_PROBLEM_H

#include "plugins/azure/request.h"

struct azure_problem {
    bool page;     /* of HTML: not the API says so */
    char code[128];     /* "AuthorizationFailed"; empty: it said none */
    char inner[128];    /* of the first of its details */
    char message[640];  /* one line; may be empty */
    char action[160];   /* the action that is missing, where it says one */
    char scope[256];    /* and where */
};

/** Reads the body of an answer of status 400 and above; anything is fine. */
void azure_problem_read(const char *text, size_t len, const char *type,
                        struct azure_problem *out);
/** What empty_on is compared with: "ResourceNotFound 404"; without the status
 * where the code says that the question was wrong (SubscriptionNotFound), and
 * where it is a page of HTML, which is not what the API says. */
void azure_problem_codes(const struct azure_problem *problem, long status,
                         char *out, size_t room);
/** Fills err and its hint; subject is "GET https://host/path". quota (may be
 * NULL) is what the answer said of the caller's. */
engine_status azure_problem_fail(const struct azure_problem *problem,
                                 enum azure_api api, const char *subject,
                                 long status, const char *quota,
                                 engine_error *err);

/**
 * Finds a parameter of a challenge: ("Basic realm=x, Bearer a=\"b\"",
 * "Bearer", "a") gives b. False when there is none or it does not fit.
 */
bool azure_challenge(const char *header, const char *scheme, const char *name,
                     char *out, size_t room);

/** Milliseconds of "hh:mm:ss" (x-ms-user-quota-resets-after); -1: none. */
int64_t azure_reset_ms(const char *text);

#endif
