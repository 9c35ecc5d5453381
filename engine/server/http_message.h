/* SPDX-License-Identifier: Apache-2.0 */
/* http_message.h - requests and responses as libmicrohttpd has them. */
#ifndef ENGINE_SERVER_HTTP_MESSAGE_H
#define ENGINE_SERVER_HTTP_MESSAGE_H

#include <microhttpd.h>

#include "engine/server/private.h"

/** Fills all but the body; texts are the library's, while it answers. */
void http_message_read(struct MHD_Connection *mhd, const char *url,
                       const char *method, struct request *request);
/** The client's address as text, or "unknown": out. */
const char *http_message_address(struct MHD_Connection *mhd, char *out,
                                 size_t out_size);
/** Queues a response; takes its file or stream. */
enum MHD_Result http_message_send(struct MHD_Connection *mhd,
                                  struct response *response);

#endif
