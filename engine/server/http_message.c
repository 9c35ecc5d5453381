/* SPDX-License-Identifier: Apache-2.0 */
/* http_message.c - the library's requests as ours, our responses as its. */
#include "engine/server/http_message.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sdk/base/alloc.h"

#define HTTP_STREAM_BLOCK 16384

/* ---- from the library to a request --------------------------------------- */

static enum MHD_Result message_on_query(void *user, enum MHD_ValueKind kind,
                                        const char *name, const char *value)
{
    struct request *request = user;

    (void)kind;
    if (request->query_count < SERVER_PAIRS_MAX && name)
        request->query[request->query_count++] =
            (struct server_pair){name, value ? value : ""};
    return MHD_YES;
}

const char *http_message_address(struct MHD_Connection *mhd, char *out,
                                 size_t out_size)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;

    if (!address ||
        getnameinfo(address, address->sa_family == AF_INET6
                                 ? sizeof(struct sockaddr_in6)
                                 : sizeof(struct sockaddr_in),
                    out, (socklen_t)out_size, NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(out, out_size, "unknown");
    return out;
}

void http_message_read(struct MHD_Connection *mhd, const char *url,
                       const char *method, struct request *request)
{
    const char *id =
        MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "X-Request-ID");

    request->method = method;
    request->path = url;
    request->authorization =
        MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Authorization");
    request->content_type =
        MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Content-Type");
    request->host =
        MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Host");
    request->origin =
        MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Origin");
    if (id && strlen(id) < sizeof(request->id))
        snprintf(request->id, sizeof(request->id), "%s", id);
    MHD_get_connection_values(mhd, MHD_GET_ARGUMENT_KIND, message_on_query,
                              request);
}

/* ---- from an answer to the library --------------------------------------- */

static ssize_t message_stream_read(void *user, uint64_t position, char *out,
                                   size_t room)
{
    struct response_stream *stream = user;
    const long got = stream->read(stream->state, out, room);

    (void)position;
    return got < 0 ? MHD_CONTENT_READER_END_OF_STREAM : got;
}

static void message_stream_free(void *user)
{
    struct response_stream *stream = user;

    stream->free(stream->state);
    engine_free(stream);
}

static struct MHD_Response *message_make(struct response *response)
{
    struct response_stream *stream;
    struct MHD_Response *made;
    char none[] = "";
    off_t size;

    if (response->file >= 0) {
        size = lseek(response->file, 0, SEEK_END);
        made = size < 0 ? NULL
                        : MHD_create_response_from_fd64((uint64_t)size,
                                                        response->file);
        if (made)
            response->file = -1;
        return made;
    }
    if (!response->stream.read)
        return MHD_create_response_from_buffer(
            response->body.len,
            response->body.data ? response->body.data : none,
            MHD_RESPMEM_MUST_COPY);
    stream = engine_malloc(sizeof(*stream));
    if (!stream)
        return NULL;
    *stream = response->stream;
    response->stream = (struct response_stream){0};
    made = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
                                             HTTP_STREAM_BLOCK,
                                             message_stream_read, stream,
                                             message_stream_free);
    if (!made)
        message_stream_free(stream);
    return made;
}

enum MHD_Result http_message_send(struct MHD_Connection *mhd,
                                  struct response *response)
{
    struct MHD_Response *made = message_make(response);
    enum MHD_Result result;

    if (!made)
        return MHD_NO;
    MHD_add_response_header(made, "Content-Type", response->media_type);
    MHD_add_response_header(made, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(made, "Cache-Control", "no-store");
    for (size_t i = 0; i < response->headers_count; i++)
        MHD_add_response_header(made, response->headers[i].name,
                                response->headers[i].value);
    result = MHD_queue_response(mhd, response->status, made);
    MHD_destroy_response(made);
    return result;
}
