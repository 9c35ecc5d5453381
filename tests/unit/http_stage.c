/* SPDX-License-Identifier: Apache-2.0 */
/* http_stage.c - starting the server, collecting answers. */
#include "tests/unit/http_stage.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

static void stage_start(struct http_stage *stage)
{
    const char *source = getenv("SCAN_ENGINE_SRC");
    const char *python = getenv("PYTHON3");
    char *script =
        engine_strf("%s/tests/unit/http_server.py", source ? source : ".");
    int input[2], output[2];
    FILE *lines;

    assert_int_equal(pipe(input), 0);
    assert_int_equal(pipe(output), 0);
    stage->pid = fork();
    if (stage->pid == 0) {
        dup2(input[0], 0);
        dup2(output[1], 1);
        for (int fd = 3; fd < 256; fd++)
            close(fd);
        execlp(python ? python : "python3", "python3", script, stage->folder,
               (char *)NULL);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    stage->input = input[1];
    lines = fdopen(output[0], "r");
    if (fscanf(lines, "%d %d %d %d", &stage->port, &stage->tls, &stage->mutual,
               &stage->proxy) != 4)
        fail_msg("tests/unit/http_server.py did not start");
    fclose(lines);
    engine_free(script);
}

int http_stage_open(void **state)
{
    struct http_stage *stage = engine_calloc(1, sizeof(*stage));

    assert_non_null(stage);
    assert_int_equal(file_make_temporary("/tmp", "http-", &stage->folder, NULL),
                     0);
    stage_start(stage);
    stage->ca = http_stage_file(stage, "ca.pem");
    *state = stage;
    return 0;
}

int http_stage_close(void **state)
{
    struct http_stage *stage = *state;

    close(stage->input); /* it ends by itself */
    waitpid((pid_t)stage->pid, NULL, 0);
    file_remove_tree(stage->folder, NULL);
    engine_free(stage->folder);
    engine_free(stage->ca);
    engine_free(stage);
    return 0;
}

int http_stage_setup(void **state)
{
    struct http_stage *stage = *state;

    stage->client = NULL;
    return http_client_new(NULL, &stage->client, NULL);
}

int http_stage_teardown(void **state)
{
    struct http_stage *stage = *state;

    http_client_free(stage->client);
    stage->client = NULL;
    return 0;
}

void http_stage_options(struct http_stage *stage,
                        const struct http_client_options *options)
{
    http_client_free(stage->client);
    stage->client = NULL;
    assert_int_equal(http_client_new(options, &stage->client, NULL), 0);
}

const char *http_stage_url(struct http_stage *stage, const char *path)
{
    snprintf(stage->url, sizeof(stage->url), "http://127.0.0.1:%d%s",
             stage->port, path);
    return stage->url;
}

const char *http_stage_tls_url(struct http_stage *stage, int port,
                               const char *host, const char *path)
{
    snprintf(stage->url, sizeof(stage->url), "https://%s:%d%s", host, port,
             path);
    return stage->url;
}

char *http_stage_file(const struct http_stage *stage, const char *name)
{
    char *path = engine_strf("%s/%s", stage->folder, name);
    char *text = NULL;
    size_t len;

    assert_int_equal(file_read(path, 65536, &text, &len, NULL), 0);
    engine_free(path);
    return text;
}

long http_stage_count(const struct http_stage *stage, const char *name)
{
    struct http_client *client = NULL;
    struct http_reply reply = {0};
    char url[64], *line, *want;
    long number = 0;

    snprintf(url, sizeof(url), "http://127.0.0.1:%d/counts", stage->port);
    assert_int_equal(http_client_new(NULL, &client, NULL), 0);
    http_reply_get(&reply, client, url, NULL);
    assert_int_equal(reply.response.status, 200);
    want = engine_strf("\n%s=", name);
    line = strstr(reply.body.data, want);
    if (line)
        number = strtol(strchr(line, '=') + 1, NULL, 10);
    else if (strncmp(reply.body.data, want + 1, strlen(want + 1)) == 0)
        number = strtol(reply.body.data + strlen(want + 1), NULL, 10);
    engine_free(want);
    http_reply_clear(&reply);
    http_client_free(client);
    return number;
}

/* ---- answers ------------------------------------------------------------- */

static engine_status reply_head(struct http_request *request,
                                const struct http_response *response,
                                void *user, engine_error *err)
{
    struct http_reply *reply = user;

    (void)request;
    (void)err;
    reply->heads++;
    reply->head_status = response->status;
    return ENGINE_OK;
}

static engine_status reply_body(struct http_request *request, const char *data,
                                size_t len, void *user, engine_error *err)
{
    struct http_reply *reply = user;

    (void)request;
    if (reply->fail_body < 0)
        return engine_fail(err, reply->fail_body, "the handler said so");
    return buffer_append(&reply->body, data, len);
}

static engine_status reply_again(struct http_request *request, void *user,
                                 engine_error *err)
{
    struct http_reply *reply = user;

    (void)request;
    (void)err;
    reply->agains++;
    buffer_reset(&reply->body);
    return ENGINE_OK;
}

static void reply_done(struct http_request *request, engine_status status,
                       const struct http_response *response,
                       const engine_error *err, void *user)
{
    struct http_reply *reply = user;

    (void)request;
    reply->dones++;
    reply->status = status;
    reply->response = *response;
    snprintf(reply->shown, sizeof(reply->shown), "%s", response->url);
    reply->response.url = NULL; /* they live until this returns */
    reply->response.content_type = NULL;
    snprintf(reply->content_type, sizeof(reply->content_type), "%s",
             response->content_type ? response->content_type : "");
    assert_true((status < 0) == (err != NULL));
    if (err)
        reply->err = *err;
}

void http_reply_add(struct http_reply *reply, struct http_client *client,
                    const char *url, const struct http_call *call)
{
    struct http_call mine = call ? *call : (struct http_call){0};

    buffer_init(&reply->body, (size_t)64 << 20);
    reply->handler = (struct http_handler){
        .head = reply_head, .body = reply_body, .done = reply_done};
    if (!reply->no_again)
        reply->handler.again = reply_again;
    mine.url = url;
    mine.handler = &reply->handler;
    mine.user = reply;
    assert_int_equal(http_add(client, &mine, NULL, &reply->err), 0);
}

void http_reply_get(struct http_reply *reply, struct http_client *client,
                    const char *url, const struct http_call *call)
{
    http_reply_add(reply, client, url, call);
    assert_int_equal(http_run(client, NULL), 0);
    assert_int_equal(reply->dones, 1);
    if (!reply->body.data)
        buffer_append(&reply->body, "", 0);
}

void http_reply_clear(struct http_reply *reply)
{
    buffer_clear(&reply->body);
    *reply = (struct http_reply){0};
}
