/* SPDX-License-Identifier: Apache-2.0 */
/* library_stage.c - directories, engines and a scanner for tests. */
#include "library_stage.h"

#include <ftw.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- the scanner --------------------------------------------------------- */

struct fake {
    const struct scanner_host *host;
};

static int32_t fake_init(const struct scanner_host *host,
                         const struct scanner_config *config, void **out,
                         struct scanner_error *err)
{
    struct fake *self = calloc(1, sizeof(*self));

    (void)config;
    if (!self) {
        snprintf(err->message, sizeof(err->message), "out of memory");
        return SCANNER_ENOMEM;
    }
    self->host = host;
    *out = self;
    if (host->register_type(host, "fake", NULL) == SCANNER_OK &&
        host->register_target(host, "local", NULL) == SCANNER_OK)
        return SCANNER_OK;
    free(self);
    snprintf(err->message, sizeof(err->message), "could not register");
    return SCANNER_ENOMEM;
}

static int32_t fake_status(const char *word)
{
    static const char *const words[] = {"", "pass", "fail", "error"};

    for (int32_t i = 1; word && i <= SCANNER_ERROR; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return SCANNER_UNKNOWN;
}

static int32_t fake_wait(const struct scanner_host *host,
                         const struct scanner_job *job)
{
    const struct timespec nap = {.tv_nsec = 2000000};

    while (!host->cancelled(host, job))
        nanosleep(&nap, NULL);
    return SCANNER_ECANCELLED;
}

static int32_t fake_rule(const struct scanner_host *host,
                         const struct scanner_job *job,
                         const struct scanner_doc *rule)
{
    struct scanner_result result = {.size = sizeof(result)};
    struct scanner_rule_end end = {.size = sizeof(end), .duration_ms = -1};
    const char *word = NULL;
    int32_t flag = 0, status;

    host->get_string(host, rule, "rule_id", &result.rule_id);
    host->get_string(host, rule, "check_content.status", &word);
    if (host->get_bool(host, rule, "check_content.wait", &flag) ==
            SCANNER_OK && flag)
        return fake_wait(host, job);
    if (host->get_bool(host, rule, "check_content.crash", &flag) ==
            SCANNER_OK && flag)
        return SCANNER_EIO;
    result.status = fake_status(word);
    result.message = "seen";
    status = host->emit(host, job, &result);
    end.rule_id = result.rule_id;
    return status == SCANNER_OK ? host->rule_done(host, job, &end) : status;
}

static int32_t fake_scan(void *user, const struct scanner_job *job,
                         struct scanner_error *err)
{
    const struct scanner_host *host = ((struct fake *)user)->host;

    for (uint32_t i = 0; i < job->rules_count; i++) {
        const char *at = (const char *)job->rules + i * job->rules_stride;
        const int32_t status = fake_rule(host, job, (const void *)at);

        if (status == SCANNER_OK)
            continue;
        snprintf(err->message, sizeof(err->message), "stopped at rule %u", i);
        return status;
    }
    return SCANNER_OK;
}

const struct scanner_ops *stage_query(uint16_t host_major)
{
    static const struct scanner_ops ops = {
        .magic = SCANNER_MAGIC,
        .size = sizeof(ops),
        .abi_major = SCANNER_ABI_MAJOR,
        .abi_minor = SCANNER_ABI_MINOR,
        .name = "fake",
        .version = "1.0",
        .init = fake_init,
        .scan = fake_scan,
        .destroy = free,
    };

    (void)host_major;
    return &ops;
}

/* ---- engines ------------------------------------------------------------- */

void stage_make(struct stage *stage)
{
    const char *parent = getenv("TMPDIR");

    snprintf(stage->directory, sizeof(stage->directory), "%s/libraryXXXXXX",
             parent ? parent : "/tmp");
    assert_non_null(mkdtemp(stage->directory));
}

void stage_open(struct stage *stage, uint32_t flags, const char *extra)
{
    char config[16384], store[STAGE_PATH + 32];
    struct engine_options options = {.size = sizeof(options),
                                     .flags = flags,
                                     .config_text = config,
                                     .store = store};

    snprintf(store, sizeof(store), "sqlite:%s/engine.db", stage->directory);
    snprintf(config, sizeof(config),
             "run_directory = \"%s/run\";\ncache_directory = \"%s/cache\";\n"
             "%s\n",
             stage->directory, stage->directory, extra);
    STAGE_OK(engine_open(&options, &stage->engine, &stage_err));
}

int stage_setup(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    assert_non_null(stage);
    stage_make(stage);
    stage_open(stage, 0, "plugins = ();");
    STAGE_OK(engine_register(stage->engine, stage_query, NULL, &stage_err));
    *state = stage;
    return 0;
}

static int stage_unlink(const char *path, const struct stat *info, int type,
                        struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

void stage_remove(struct stage *stage)
{
    engine_close(stage->engine);
    stage->engine = NULL;
    assert_int_equal(
        nftw(stage->directory, stage_unlink, 16, FTW_DEPTH | FTW_PHYS), 0);
}

int stage_teardown(void **state)
{
    stage_remove(*state);
    free(*state);
    return 0;
}

/* ---- documents ----------------------------------------------------------- */

void stage_import_one(struct engine *engine, const char *json)
{
    STAGE_OK(engine_import_text(engine, json, NULL, NULL, &stage_err));
}

void stage_import(struct engine *engine, const char *prefix, int count,
                  const char *status)
{
    const size_t room = (size_t)count * 160 + 1;
    char *text = malloc(room), *at = text;

    assert_non_null(text);
    for (int i = 0; i < count; i++)
        at += snprintf(at, room - (size_t)(at - text),
                       "{\"rule_id\": \"%s-%d\", \"title\": \"one\", "
                       "\"severity\": \"low\", \"scanner_type\": \"fake\", "
                       "\"check_content\": {\"status\": \"%s\"}}\n",
                       prefix, i, status);
    stage_import_one(engine, text);
    free(text);
}

int64_t stage_count(struct engine *engine, const char *collection,
                    const char *filter)
{
    int64_t count = -1;

    STAGE_OK(engine_count(engine, collection, filter, &count, &stage_err));
    return count;
}
