/* SPDX-License-Identifier: Apache-2.0 */
/* mock.c - the engine that a scanner under trial sees, without reports. */
#include "engine/conform/mock.h"

#include <engine/version.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/conform/scene.h"
#include "sdk/base/clock.h"
#include "sdk/document/document.h"

#define MOCK_MEMORY ((size_t)256 << 20)
#define MOCK_LOG_MAX 65536

/* ---- memory with an end -------------------------------------------------- */

static size_t guard_span(size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (size + page - 1) / page * page;
}

void *mock_guard(size_t size)
{
    const size_t span = guard_span(size);
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, span + page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    if (mprotect(memory + span, page, PROT_NONE) == 0)
        return memory + span - size;
    munmap(memory, span + page);
    return NULL;
}

void mock_unguard(void *memory, size_t size)
{
    const size_t span = guard_span(size);
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (memory)
        munmap((char *)memory + size - span, span + page);
}

/* ---- breaches ------------------------------------------------------------ */

void mock_breach(struct mock *mock, enum mock_kind kind, const char *format,
                 ...)
{
    struct mock_breach *breach = &mock->breaches[kind];
    va_list args;

    if (breach->count++)
        return;
    va_start(args, format);
    vsnprintf(breach->first, sizeof(breach->first), format, args);
    va_end(args);
}

struct mock *mock_running(const struct scanner_host *host,
                          const struct scanner_job *job, const char *call)
{
    struct mock *mock = host ? host->internal : NULL;

    if (!mock)
        return NULL;
    if (mock->phase != WORKER_RUNNING)
        mock_breach(mock, MOCK_FORM, "it called %s while no operation ran",
                    call);
    else if (job != mock->job)
        mock_breach(mock, MOCK_FORM, "it called %s with a job that is not "
                    "the one it was given", call);
    return mock->phase == WORKER_RUNNING ? mock : NULL;
}

/* ---- services ------------------------------------------------------------ */

static int32_t mock_register(const struct scanner_host *host,
                             const char *name, const char *alias,
                             uint32_t *count)
{
    struct mock *mock = host->internal;

    if (mock->phase != WORKER_INIT) {
        mock_breach(mock, MOCK_FORM, "it registered something outside of "
                    "init");
        return SCANNER_EINVAL;
    }
    if (!host_text(name, 64) || !name[0] || (alias && !host_text(alias, 64)))
        return SCANNER_EINVAL;
    ++*count;
    return mock->refuse_types ? SCANNER_EINVAL : SCANNER_OK;
}

static int32_t mock_register_type(const struct scanner_host *host,
                                  const char *scanner_type, const char *alias)
{
    return mock_register(host, scanner_type, alias,
                         &((struct mock *)host->internal)->types);
}

static int32_t mock_register_target(const struct scanner_host *host,
                                    const char *target_type,
                                    const char *alias)
{
    return mock_register(host, target_type, alias,
                         &((struct mock *)host->internal)->targets);
}

static int32_t mock_register_content(const struct scanner_host *host,
                                     const char *format, const char *marker)
{
    uint32_t count = 0;

    return mock_register(host, format, marker, &count);
}

static void mock_log(const struct scanner_host *host, uint32_t level,
                     const char *text)
{
    struct mock *mock = host->internal;

    if (level < SCANNER_LOG_ERROR || level > SCANNER_LOG_DEBUG)
        mock_breach(mock, MOCK_FORM, "it logged with the level %u", level);
    if (!host_text(text, MOCK_LOG_MAX))
        mock_breach(mock, MOCK_FORM, "it logged something that is no UTF-8, "
                    "or longer than %d bytes", MOCK_LOG_MAX);
}

static void mock_progress(const struct scanner_host *host,
                          const struct scanner_job *job, uint64_t done,
                          uint64_t expected, const char *what)
{
    struct mock *mock = mock_running(host, job, "progress");

    if (!mock)
        return;
    if (expected && done > expected)
        mock_breach(mock, MOCK_FORM, "its progress is %llu of %llu",
                    (unsigned long long)done, (unsigned long long)expected);
    if (what && !host_text(what, 1024))
        mock_breach(mock, MOCK_FORM, "its progress is about something that "
                    "is no UTF-8");
}

static int32_t mock_cancelled(const struct scanner_host *host,
                              const struct scanner_job *job)
{
    struct mock *mock = host->internal;

    (void)job;
    mock->polls++;
    if (atomic_load(&mock->worker->cancelled))
        return 1;
    if (!mock->cancel_at || mock->polls < mock->cancel_at)
        return 0;
    if (!mock->stop_ms)
        mock->stop_ms = clock_steady_ms();
    return 1;
}

static int64_t mock_deadline(const struct scanner_host *host,
                             const struct scanner_job *job)
{
    const struct mock *mock = host->internal;
    const int64_t left = mock->worker->deadline_ms - clock_steady_ms();

    (void)job;
    if (!mock->worker->deadline_ms)
        return -1;
    return left > 0 ? left : 0;
}

/* ---- the host ------------------------------------------------------------ */

static void mock_fill(struct mock *mock, struct scanner_host *host)
{
    *host = (struct scanner_host){
        .magic = SCANNER_MAGIC,
        .size = sizeof(*host),
        .abi_major = SCANNER_ABI_MAJOR,
        .abi_minor = SCANNER_ABI_MINOR,
        .features = SCANNER_HOST_ARTIFACTS | SCANNER_HOST_DOCUMENTS |
                    SCANNER_HOST_EFFECTS,
        .engine_version = ENGINE_VERSION,
        .internal = mock,
        .register_type = mock_register_type,
        .register_target = mock_register_target,
        .register_content = mock_register_content,
        .log = mock_log,
        .progress = mock_progress,
        .cancelled = mock_cancelled,
        .deadline_ms = mock_deadline,
    };
    mock_fill_reports(host);
    host_fill_getters(host);
}

engine_status mock_open(struct mock *mock, struct worker *worker,
                        const struct scanner_ops *ops, uint32_t host_size,
                        engine_error *err)
{
    struct scanner_host host;

    *mock = (struct mock){.worker = worker, .ops = ops};
    table_init(&mock->rules);
    arena_init(&mock->memory, MOCK_MEMORY);
    mock->host = mock_guard(host_size);
    if (!mock->host)
        return engine_fail_memory(err);
    mock_fill(mock, &host);
    host.size = host_size;
    if (host_size < sizeof(host))
        host.abi_minor = SCENE_OLD_MINOR;
    memcpy(mock->host, &host, host_size);
    return ENGINE_OK;
}

void mock_close(struct mock *mock)
{
    if (mock->host)
        mock_unguard(mock->host, mock->host->size);
    mock->host = NULL;
    table_clear(&mock->rules);
    arena_clear(&mock->memory);
}

static engine_status mock_add_rule(struct mock *mock,
                                   const struct scanner_doc *document,
                                   engine_error *err)
{
    struct mock_rule *rule = arena_alloc(&mock->memory, sizeof(*rule));
    const char *id;
    bson_t view;

    if (!rule)
        return engine_fail_memory(err);
    if (!bson_init_static(&view, document->data, document->len))
        return engine_fail(err, ENGINE_EPARSE, "a rule is no document");
    id = document_string(&view, "rule_id");
    *rule = (struct mock_rule){0};
    if (!id || table_set(&mock->rules, id, rule) < 0)
        return engine_fail_memory(err);
    return ENGINE_OK;
}

engine_status mock_begin(struct mock *mock, const struct scanner_job *job,
                         engine_error *err)
{
    engine_status status = ENGINE_OK;

    mock->job = job;
    mock->phase = job ? WORKER_RUNNING : WORKER_ENDING;
    if (!job)
        return ENGINE_OK;
    table_clear(&mock->rules);
    table_init(&mock->rules);
    arena_reset(&mock->memory);
    for (uint32_t i = 0; i < job->rules_count && status == ENGINE_OK; i++)
        status = mock_add_rule(mock, &job->rules[i], err);
    return status;
}
