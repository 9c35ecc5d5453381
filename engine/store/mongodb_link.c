/* SPDX-License-Identifier: Apache-2.0 */
/* mongodb_link.c - the URI, the client, and what the driver's errors mean. */
#include "engine/store/mongodb.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"

#define LINK_DATABASE "scan_engine" /* when the URI names none */
#define LINK_SELECTION_MS 10000
#define LINK_CONNECT_MS 5000
#define LINK_SOCKET_MS 60000
#define LINK_WRITE_MS 30000 /* until a majority has a write */

/* ---- errors --------------------------------------------------------------- */

/* Codes of servers that are told apart. */
enum {
    LINK_UNAUTHORIZED = 13,
    LINK_AUTHENTICATION_FAILED = 18,
    LINK_CURSOR_NOT_FOUND = 43,
    LINK_MAX_TIME_EXPIRED = 50,
    LINK_WRITE_CONCERN_FAILED = 64,
    LINK_DUPLICATE = 11000,
    LINK_TOO_LARGE = 10334,
    LINK_DISK_FULL = 14031
};

/* A server that is going, is not there yet, or has lost what is behind it.
 * https://github.com/mongodb/specifications, retryable writes */
static bool link_is_leaving(uint32_t code)
{
    static const uint32_t codes[] = {
        6,     /* HostUnreachable */
        7,     /* HostNotFound */
        89,    /* NetworkTimeout */
        91,    /* ShutdownInProgress */
        189,   /* PrimarySteppedDown */
        9001,  /* SocketException */
        10107, /* NotWritablePrimary */
        11600, /* InterruptedAtShutdown */
        11602, /* InterruptedDueToReplStateChange */
        13435, /* NotPrimaryNoSecondaryOk */
        13436  /* NotPrimaryOrSecondary */
    };

    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
        if (codes[i] == code)
            return true;
    return false;
}

static bool link_is_away(const bson_error_t *error)
{
    if (error->domain == MONGOC_ERROR_SERVER ||
        error->domain == MONGOC_ERROR_WRITE_CONCERN)
        return link_is_leaving(error->code);
    return error->domain == MONGOC_ERROR_SERVER_SELECTION ||
           error->domain == MONGOC_ERROR_STREAM;
}

static bool link_is_denied(const bson_error_t *error)
{
    if (error->domain == MONGOC_ERROR_SCRAM ||
        error->domain == MONGOC_ERROR_SASL)
        return true;
    if (error->domain == MONGOC_ERROR_CLIENT)
        return error->code == MONGOC_ERROR_CLIENT_AUTHENTICATE;
    return error->domain == MONGOC_ERROR_SERVER &&
           (error->code == LINK_UNAUTHORIZED ||
            error->code == LINK_AUTHENTICATION_FAILED);
}

static engine_status link_status(const bson_error_t *error)
{
    if (error->domain != MONGOC_ERROR_SERVER &&
        error->domain != MONGOC_ERROR_WRITE_CONCERN)
        return ENGINE_EIO;
    switch (error->code) {
    case LINK_MAX_TIME_EXPIRED:
    case LINK_WRITE_CONCERN_FAILED:
        return ENGINE_ETIMEOUT;
    case LINK_DUPLICATE:
        return ENGINE_ECONFLICT;
    case LINK_TOO_LARGE:
        return ENGINE_ELIMIT;
    case LINK_DISK_FULL:
        return ENGINE_EFULL;
    default:
        return ENGINE_EIO;
    }
}

/* No reason of the driver names a password; should one, it is not shown. */
static const char *link_reason(const struct mongodb *self,
                               const bson_error_t *error)
{
    if (self->secret && self->secret[0] && strstr(error->message, self->secret))
        return "(the reason names the password)";
    return error->message;
}

/* "No suitable servers found (...): [why] [why]" is about one server here, and
 * that it is away was said already. */
static engine_status link_fail_away(const struct mongodb *self,
                                    const char *reason, engine_error *err)
{
    const char *why = strchr(reason, '[');
    const size_t len = why ? strlen(why) : 0;
    const bool plain = strncmp(reason, "No suitable servers", 19) == 0 &&
                       len > 2 && why[len - 1] == ']' && !strchr(why + 1, '[');
    /* a wrong certificate is still wrong in a minute */
    const bool certificate = strstr(reason, "address mismatch") ||
                             strstr(reason, "hostname mismatch") ||
                             strstr(reason, "certificate verify failed");
    const engine_status status = certificate ? ENGINE_EIO : ENGINE_EAWAY;

    engine_fail(err, status, "could not reach MongoDB at %s: %.*s",
                self->where, plain ? (int)len - 2 : (int)strlen(reason),
                plain ? why + 1 : reason);
    if (strstr(reason, "hostname mismatch") ||
        strstr(reason, "IP address mismatch"))
        engine_hint(err, "the server's certificate is for another name: use "
                         "the one in it as the host of the store's URI");
    else if (strstr(reason, "certificate verify failed"))
        engine_hint(err, "the server's certificate is not trusted: name the "
                         "authority that signed it by tlsCAFile=FILE in the "
                         "store's URI");
    else if (self->tls)
        engine_hint(err, "check that the server runs, lets this machine in "
                         "and speaks TLS, as the store's URI says, and host "
                         "and port");
    else
        engine_hint(err, "check that the server runs and lets this machine in, "
                         "and host and port of the store's URI; a server that "
                         "closes the connection may want tls=true");
    return status;
}

engine_status mongodb_fail(const struct mongodb *self, const char *doing,
                           const bson_error_t *error, engine_error *err)
{
    const char *reason = link_reason(self, error);
    engine_status status = link_status(error);

    if (link_is_denied(error)) {
        engine_fail(err, ENGINE_EDENIED, "MongoDB at %s refused to %s: %s",
                    self->where, doing, reason);
        engine_hint(err, "check user, password, authSource and roles: the "
                         "user needs readWrite on the database");
        return ENGINE_EDENIED;
    }
    if (link_is_away(error))
        return link_fail_away(self, reason, err);
    engine_fail(err, status, "could not %s the store at %s: %s", doing,
                self->where, reason);
    if (error->domain == MONGOC_ERROR_SERVER &&
        error->code == LINK_CURSOR_NOT_FOUND)
        engine_hint(err, "the server gave up a query that was read too "
                         "slowly; try again");
    return status;
}

/* ---- the URI -------------------------------------------------------------- */

/* The reason may hold parts of the URI, so that it is shown only when there is
 * nothing in it to hide. */
static engine_status link_refuse(const char *uri, const bson_error_t *error,
                                 engine_error *err)
{
    const bool open = !strchr(uri, '@') && !strchr(uri, '?');

    engine_fail(err, ENGINE_EINVAL, "the store's MongoDB URI is malformed%s%s",
                open ? ": " : "", open ? error->message : "");
    engine_hint(err, "it is mongodb://[USER:PASSWORD@]HOST[:PORT][,...]"
                     "[/DATABASE][?OPTIONS]; @ : / and %% in a user or "
                     "password are written %%40 %%3A %%2F %%25");
    return ENGINE_EINVAL;
}

static void link_default(mongoc_uri_t *uri, const char *option, int32_t value)
{
    if (!mongoc_uri_has_option(uri, option))
        mongoc_uri_set_option_as_int32(uri, option, value);
}

/* The driver would only say "connection error". */
static engine_status link_check_files(const mongoc_uri_t *uri,
                                      engine_error *err)
{
    static const char *const names[] = {"tlsCAFile", "tlsCertificateKeyFile"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *path = mongoc_uri_get_option_as_utf8(uri, names[i], NULL);
        if (!path || access(path, R_OK) == 0)
            continue;
        engine_fail(err, ENGINE_EINVAL,
                    "%s of the store's MongoDB URI: could not read \"%s\": %s",
                    names[i], path, strerror(errno));
        return ENGINE_EINVAL;
    }
    return ENGINE_OK;
}

static engine_status link_describe(struct mongodb *self,
                                   const mongoc_uri_t *uri, engine_error *err)
{
    const mongoc_host_list_t *host = mongoc_uri_get_hosts(uri);
    const char *service = mongoc_uri_get_srv_hostname(uri);
    const char *database = mongoc_uri_get_database(uri);
    const char *secret = mongoc_uri_get_password(uri);
    struct buffer where;
    engine_status status;

    self->database = engine_strdup(database ? database : LINK_DATABASE);
    if (secret && !(self->secret = engine_strdup(secret)))
        return engine_fail_memory(err);
    if (!self->database)
        return engine_fail_memory(err);
    buffer_init(&where, 65536);
    if (service)
        buffer_puts(&where, service);
    for (; host && !service; host = host->next)
        buffer_printf(&where, "%s%s", host->host_and_port,
                      host->next ? "," : "");
    buffer_printf(&where, "/%s", self->database);
    status = buffer_status(&where, err);
    if (status == ENGINE_OK)
        self->where = buffer_take(&where);
    buffer_clear(&where);
    return status;
}

static engine_status link_uri(struct mongodb *self, const char *text,
                              mongoc_uri_t **out, engine_error *err)
{
    bson_error_t error = {0};
    mongoc_uri_t *uri = mongoc_uri_new_with_error(text, &error);
    engine_status status;

    if (!uri)
        return link_refuse(text, &error, err);
    link_default(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, LINK_SELECTION_MS);
    link_default(uri, MONGOC_URI_CONNECTTIMEOUTMS, LINK_CONNECT_MS);
    link_default(uri, MONGOC_URI_SOCKETTIMEOUTMS, LINK_SOCKET_MS);
    self->tls = mongoc_uri_get_tls(uri);
    status = link_check_files(uri, err);
    if (status == ENGINE_OK)
        status = link_describe(self, uri, err);
    if (status < 0)
        mongoc_uri_destroy(uri);
    else
        *out = uri;
    return status;
}

/* ---- the client ----------------------------------------------------------- */

/* The driver is never cleaned up: an embedder may use it as well. Its own
 * messages would go to standard error, from its start on. */
static void link_start(void)
{
    mongoc_log_set_handler(NULL, NULL);
    mongoc_init();
}

/* Majority, unless the URI says otherwise; but never without an answer. */
static engine_status link_write_concern(struct mongodb *self, engine_error *err)
{
    const mongoc_write_concern_t *given =
        mongoc_client_get_write_concern(self->client);
    mongoc_write_concern_t *concern;

    if (!mongoc_write_concern_is_acknowledged(given)) {
        engine_fail(err, ENGINE_EINVAL,
                    "the URI of the store at %s says w=0: writes that fail "
                    "would not be noticed",
                    self->where);
        engine_hint(err, "leave w out of the URI, or say w=1 or w=majority");
        return ENGINE_EINVAL;
    }
    if (mongoc_write_concern_get_w(given) != MONGOC_WRITE_CONCERN_W_DEFAULT)
        return ENGINE_OK;
    concern = mongoc_write_concern_copy(given);
    mongoc_write_concern_set_wmajority(concern, LINK_WRITE_MS);
    mongoc_client_set_write_concern(self->client, concern);
    mongoc_write_concern_destroy(concern);
    return ENGINE_OK;
}

/* Starting a transaction succeeds on any server; only replica sets and what
 * stands before sharded clusters ends it as one. */
static engine_status link_greet(struct mongodb *self, engine_error *err)
{
    bson_error_t error = {0};
    mongoc_server_description_t *server =
        mongoc_client_select_server(self->client, true, NULL, &error);
    const char *type;

    if (!server)
        return mongodb_fail(self, "open", &error, err);
    type = mongoc_server_description_type(server);
    self->transactions = strncmp(type, "RS", 2) == 0 ||
                         strcmp(type, "Mongos") == 0 ||
                         strcmp(type, "LoadBalancer") == 0;
    log_write(&self->base.log, LOG_LEVEL_DEBUG,
              "store: MongoDB at %s, %s, %s transactions", self->where, type,
              self->transactions ? "with" : "without");
    mongoc_server_description_destroy(server);
    return ENGINE_OK;
}

engine_status mongodb_link_open(struct mongodb *self, const char *text,
                                engine_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    mongoc_uri_t *uri = NULL;
    bson_error_t error = {0};
    engine_status status;

    pthread_once(&once, link_start);
    status = link_uri(self, text, &uri, err);
    if (status < 0)
        return status;
    self->client = mongoc_client_new_from_uri_with_error(uri, &error);
    mongoc_uri_destroy(uri);
    if (!self->client)
        return mongodb_fail(self, "open", &error, err);
    mongoc_client_set_error_api(self->client, MONGOC_ERROR_API_VERSION_2);
    mongoc_client_set_appname(self->client, "scan-engine");
    status = link_write_concern(self, err);
    return status < 0 ? status : link_greet(self, err);
}

void mongodb_link_close(struct mongodb *self)
{
    if (self->client)
        mongoc_client_destroy(self->client);
    if (self->secret)
        explicit_bzero(self->secret, strlen(self->secret));
    engine_free(self->secret);
    engine_free(self->where);
    engine_free(self->database);
}

mongoc_collection_t *mongodb_collection(const struct mongodb *self,
                                        const char *name)
{
    return mongoc_client_get_collection(self->client, self->database, name);
}
