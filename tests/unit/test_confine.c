/* SPDX-License-Identifier: Apache-2.0 */
/* test_confine.c - what a worker may do: the plan and the filter, which are
 * made anywhere, and attempts of a plugin, which the kernel refuses. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/worker/confine_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"
#include "tests/unit/conduct_stage.h"
#include "tests/unit/skip.h"

/* ---- the plan ------------------------------------------------------------ */

static const struct confine_path *planned(const struct confinement *plan,
                                          const char *path)
{
    const struct confine_path *found = NULL;

    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->paths[i].path, path) == 0 &&
            (!found || plan->paths[i].rights > found->rights))
            found = &plan->paths[i];
    return found;
}

static struct confinement *plan_for(const struct scanner_ops *ops,
                                    const char *json)
{
    struct confinement *plan = calloc(1, sizeof(*plan));
    engine_error err = {0};
    bson_error_t why;
    bson_t *job = bson_new_from_json((const uint8_t *)json, -1, &why);

    assert_non_null(job);
    assert_non_null(plan);
    assert_int_equal(confine_plan(ops, job, plan, &err), ENGINE_OK);
    bson_destroy(job);
    return plan;
}

static void plan_free(struct confinement *plan)
{
    confine_clear(plan);
    free(plan);
}

static void plans_what_was_declared(void **state)
{
    static const char *const reads[] = {
        "/opt/x", "~/.x", "$TEST_CONFINE/deep", "local:/only-local",
        "ssh:/only-ssh", "@target.place.path/sub", "@options.file",
        "@options.missing", "@target.relative", NULL};
    static const char *const writes[] = {"/usr", "/usr/not-there", "/nowhere",
                                         "~/none", "~/none/none", NULL};
    const struct scanner_ops ops = {.reads = reads, .writes = writes};
    struct confinement *plan;

    (void)state;
    setenv("HOME", "/home/somebody", 1);
    setenv("TEST_CONFINE", "/a:relative:/b", 1);
    plan = plan_for(&ops, "{\"plugin\": {\"path\": \"/plugins/x.so\", "
                          "\"reads\": [\"/operator/r\"], \"writes\": "
                          "[\"/var\", \"relative\"]}, "
                          "\"workdir\": \"/tmp\", \"target\": {\"type\": "
                          "\"local\", \"place\": {\"path\": \"/place\"}, "
                          "\"relative\": \"x/y\", \"key\": [\"/named/key\"]}, "
                          "\"options\": {\"file\": \"/option/file\"}}");
    assert_true(plan->files);
    assert_false(plan->network || plan->processes || plan->any);
    assert_int_equal(planned(plan, "/opt/x")->rights, CONFINE_READ);
    assert_non_null(planned(plan, "/home/somebody/.x"));
    assert_non_null(planned(plan, "/a/deep"));
    assert_non_null(planned(plan, "/b/deep"));
    assert_null(planned(plan, "relative/deep"));
    assert_non_null(planned(plan, "/only-local"));
    assert_null(planned(plan, "/only-ssh"));
    assert_non_null(planned(plan, "/place/sub"));
    assert_non_null(planned(plan, "/option/file"));
    assert_non_null(planned(plan, "/named/key"));
    assert_null(planned(plan, "x/y"));
    assert_non_null(planned(plan, "/plugins"));
    assert_int_equal(planned(plan, "/tmp")->rights,
                     CONFINE_READ | CONFINE_WRITE);
    assert_int_equal(planned(plan, "/operator/r")->rights, CONFINE_READ);
    assert_int_equal(planned(plan, "/var")->rights,
                     CONFINE_READ | CONFINE_WRITE);
    /* a file that is not there: its folder, but never / or the home */
    assert_int_equal(planned(plan, "/usr")->rights,
                     CONFINE_READ | CONFINE_WRITE);
    assert_null(planned(plan, "/"));
    assert_null(planned(plan, "/home/somebody"));
    plan_free(plan);
    unsetenv("TEST_CONFINE");
}

static void lets_files_alone_for_a_look_into_processes(void **state)
{
    static const char *const reads[] = {"local:/proc", NULL};
    const struct scanner_ops ops = {.reads = reads,
                                    .caps = SCANNER_CAP_NETWORK |
                                            SCANNER_CAP_PROCESSES};
    struct confinement *plan =
        plan_for(&ops, "{\"target\": {\"type\": \"local\"}}");

    (void)state;
    assert_false(plan->files);
    assert_true(plan->network && plan->processes && plan->any);
    plan_free(plan);
    plan = plan_for(&ops, "{\"target\": {\"type\": \"ssh\"}}");
    assert_true(plan->files);
    plan_free(plan);
}

static void plans_programs(void **state)
{
    static const char *const programs[] = {"true", "ssh:*", NULL};
    const struct scanner_ops ops = {.programs = programs,
                                    .caps = SCANNER_CAP_PROCESSES};
    struct confinement *plan;

    (void)state;
    setenv("PATH", "/p:/q", 1);
    plan = plan_for(&ops, "{\"target\": {\"type\": \"local\"}}");
    assert_false(plan->any);
    assert_int_equal(planned(plan, "/p/true")->rights,
                     CONFINE_READ | CONFINE_EXECUTE);
    assert_non_null(planned(plan, "/q/true"));
    plan_free(plan);
    plan = plan_for(&ops, "{\"target\": {\"type\": \"ssh\"}}");
    assert_true(plan->any);
    assert_non_null(planned(plan, "/p"));
    plan_free(plan);
    setenv("PATH", "/usr/bin:/bin", 1);
}

static void knows_rights_by_version(void **state)
{
    (void)state;
    assert_int_equal(landlock_handled(1, true), 0x1fff);
    assert_int_equal(landlock_handled(2, true), 0x3fff);
    assert_int_equal(landlock_handled(7, true), 0x7fff);
    assert_int_equal(landlock_handled(7, false), 0x7ffe);
    assert_int_equal(landlock_rights(CONFINE_READ, true), 0xc);
    assert_int_equal(landlock_rights(CONFINE_READ, false), 0x4);
    assert_int_equal(landlock_rights(CONFINE_READ | CONFINE_EXECUTE, false),
                     0x5);
    assert_int_equal(landlock_rights(CONFINE_READ | CONFINE_WRITE, true),
                     0x7ffe);
    assert_int_equal(landlock_rights(CONFINE_READ | CONFINE_WRITE, false),
                     0x4006);
}

/* ---- the filter ---------------------------------------------------------- */

/* seccomp(2)'s machine, as much of it as our filters use. */
static uint32_t filter_run(const struct sock_filter *filter, size_t len,
                           const struct seccomp_data *data)
{
    uint32_t a = 0;

    for (size_t i = 0; i < len; i++) {
        const struct sock_filter *at = &filter[i];
        bool jump;

        switch (at->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            assert_true(at->k + sizeof(a) <= sizeof(*data));
            memcpy(&a, (const char *)data + at->k, sizeof(a));
            continue;
        case BPF_RET | BPF_K:
            return at->k;
        case BPF_JMP | BPF_JEQ | BPF_K:
            jump = a == at->k;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            jump = a >= at->k;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            jump = (a & at->k) != 0;
            break;
        default:
            fail_msg("code %u", at->code);
            return 0;
        }
        i += jump ? at->jt : at->jf;
    }
    fail_msg("the filter has no end");
    return 0;
}

static uint32_t filter_ask(bool network, bool processes, long call,
                           uint64_t argument)
{
    struct sock_filter filter[SECCOMP_LENGTH_MAX];
    const size_t len = seccomp_build(network, processes, filter);
    struct seccomp_data data = {.nr = (int)call, .args = {argument}};

    memcpy(&data.arch, &filter[1].k, sizeof(data.arch));
    return filter_run(filter, len, &data);
}

static void filters_calls(void **state)
{
    const uint32_t no = SECCOMP_RET_ERRNO | EPERM;
    const uint32_t yes = SECCOMP_RET_ALLOW;
    struct sock_filter filter[SECCOMP_LENGTH_MAX];
    struct seccomp_data foreign = {.nr = 1, .arch = 1};
    size_t len;

    (void)state;
    len = seccomp_build(false, false, filter);
    if (!len)
        skip_since("seccomp.c does not know this architecture");
    assert_int_equal(filter_run(filter, len, &foreign),
                     SECCOMP_RET_ERRNO | ENOSYS);
    for (int network = 0; network < 2; network++) {
        for (int processes = 0; processes < 2; processes++) {
            const uint32_t net = network ? yes : no, run = processes ? yes : no;

            assert_int_equal(filter_ask(network, processes, __NR_mount, 0), no);
            assert_int_equal(filter_ask(network, processes, __NR_bpf, 0), no);
            assert_int_equal(filter_ask(network, processes, __NR_keyctl, 0),
                             no);
            assert_int_equal(filter_ask(network, processes, 425, 0), no);
            assert_int_equal(filter_ask(network, processes, __NR_read, 0),
                             yes);
            assert_int_equal(filter_ask(network, processes, __NR_openat, 0),
                             yes);
            assert_int_equal(filter_ask(network, processes, __NR_socket,
                                        AF_UNIX), yes);
            assert_int_equal(filter_ask(network, processes, __NR_socket,
                                        AF_NETLINK), yes);
            assert_int_equal(filter_ask(network, processes, __NR_socket,
                                        AF_INET), net);
            assert_int_equal(filter_ask(network, processes, __NR_socket,
                                        AF_INET6), net);
            assert_int_equal(filter_ask(network, processes, __NR_socket,
                                        AF_PACKET), net);
            assert_int_equal(filter_ask(network, processes, __NR_execve, 0),
                             run);
            assert_int_equal(filter_ask(network, processes, __NR_clone,
                                        CLONE_THREAD | CLONE_VM), yes);
#ifndef CONFINE_SANITIZED
            assert_int_equal(filter_ask(network, processes, __NR_ptrace, 0),
                             no);
            assert_int_equal(filter_ask(network, processes, __NR_clone, 17),
                             run);
            assert_int_equal(filter_ask(network, processes, 435, 0),
                             processes ? yes : SECCOMP_RET_ERRNO | ENOSYS);
#endif
        }
    }
}

static void reports_what_is_enforced(void **state)
{
    bson_t *about = BCON_NEW("caps_bits", BCON_INT64(0), "reads", "[", "/",
                             "]", "writes", "[", "]", "programs", "[", "]");
    bson_t out = BSON_INITIALIZER;
    struct confine_kernel kernel;
    const char *text;

    (void)state;
    confine_probe(&kernel);
    confine_report(about, NULL, &out);
    text = document_string(&out, "text");
    assert_string_equal(document_string(&out, "mode"), "auto");
    assert_int_equal(document_int(&out, "landlock", -1), kernel.landlock);
    if (kernel.landlock)
        assert_non_null(strstr(text, "files written"));
    if (kernel.seccomp)
        assert_non_null(strstr(text, "no network, no processes"));
    if (!kernel.landlock && !kernel.seccomp)
        assert_non_null(strstr(text, "none (kernel "));
    bson_reinit(&out);
    confine_report(about, "off", &out);
    assert_string_equal(document_string(&out, "text"),
                        "off (confinement, in the configuration)");
    bson_reinit(&out);
    confine_report(about, CONFINE_THREAD, &out);
    assert_string_equal(document_string(&out, "text"),
                        "none (it runs in a thread)");
    bson_destroy(&out);
    bson_destroy(about);
}

/* ---- attempts ------------------------------------------------------------ */

#define TRY_LANDLOCK 1u
#define TRY_SECCOMP 2u
#define TRY_TCP 4u
#define TRY_SIGNALS 8u

/* What the kernel lacks for it; NULL: nothing. */
static const char *try_lacks(unsigned needs)
{
    struct confine_kernel kernel;

    confine_probe(&kernel);
    if ((needs & TRY_LANDLOCK) && !kernel.landlock)
        return "landlock";
    if ((needs & TRY_TCP) && kernel.landlock < 4 && !kernel.seccomp)
        return "landlock 4, seccomp";
    if ((needs & TRY_SIGNALS) && kernel.landlock < 6)
        return "landlock 6";
    if ((needs & TRY_SECCOMP) && !kernel.seccomp)
        return "seccomp";
    return NULL;
}

/* One attempt in a worker; its status: pass (refused), fail (worked), error. */
static int try_once(struct stage *stage, const char *plugin,
                    const bson_t *target, const char *attempt, const char *at)
{
    char *rule = engine_strf("{\"rule_id\": \"r\", \"check_content\": "
                             "{\"attempt\": \"%s\", \"at\": \"%s\"}}",
                             attempt, at);
    engine_error err = {0};
    struct trial trial;
    int status = 0;

    trial_open(&trial, plugin, "scan");
    trial.job.target = target;
    trial_rule(&trial, rule);
    if (trial_run(&trial, stage, &err) != ENGINE_OK)
        fail_msg("%s: %s", attempt, err.message);
    assert_int_equal(sscanf(trial.said.data, "r:r=%d", &status), 1);
    trial_close(&trial);
    engine_free(rule);
    return status;
}

static void refused(struct stage *stage, const char *plugin,
                    const bson_t *target, unsigned needs, const char *attempt,
                    const char *at)
{
    const char *lacks = try_lacks(needs);
    int status;

    if (lacks) {
        print_message("# skipped: %s %s: this kernel lacks %s\n", attempt, at,
                      lacks);
        return;
    }
    status = try_once(stage, plugin, target, attempt, at);
    if (status != SCANNER_PASS)
        fail_msg("%s: %s %s: %s", plugin, attempt, at,
                 status == SCANNER_FAIL ? "was not refused" : "failed");
}

static void allowed(struct stage *stage, const char *plugin,
                    const bson_t *target, const char *attempt, const char *at)
{
    const int status = try_once(stage, plugin, target, attempt, at);

    if (status != SCANNER_FAIL)
        fail_msg("%s: %s %s: %s", plugin, attempt, at,
                 status == SCANNER_PASS ? "was refused" : "failed");
}

/* A socket that listens on loopback, and its port as text. */
static int try_listen(char port[16])
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(port, 16, "%d", ntohs(at.sin_port));
    return fd;
}

struct places {
    char *readable, *writable, *inside, *secret, *folder;
    bson_t *target;
};

static void places_open(struct places *places, const struct stage *stage)
{
    places->readable = stage_path(stage, "readable");
    places->writable = stage_path(stage, "writable");
    places->secret = stage_path(stage, "secret");
    places->folder = stage_path(stage, "folder");
    places->inside = engine_strf("%s/in/file", places->writable);
    assert_int_equal(mkdir(places->writable, 0700), 0);
    assert_int_equal(file_write(places->readable, "x", 1, 0600, NULL), 0);
    assert_int_equal(file_write(places->secret, "x", 1, 0600, NULL), 0);
    /* what is refused is refused by confinement, not by who owns it */
    stage_give(stage, places->readable);
    stage_give(stage, places->writable);
    stage_give(stage, places->secret);
    places->target = BCON_NEW("type", "local", "readable",
                              BCON_UTF8(places->readable), "writable",
                              BCON_UTF8(places->writable));
}

static void places_close(struct places *places)
{
    bson_destroy(places->target);
    engine_free(places->readable);
    engine_free(places->writable);
    engine_free(places->secret);
    engine_free(places->folder);
    engine_free(places->inside);
}

static void refuses_what_was_not_declared(void **state)
{
    static const char plugin[] = "trespass";
    char port[16], parent[16];
    struct places places;
    struct stage stage;
    int listening;

    stage_open(&stage, STAGE_FLAGS(state));
    places_open(&places, &stage);
    listening = try_listen(port);
    snprintf(parent, sizeof(parent), "%d", (int)getpid());
    refused(&stage, plugin, NULL, TRY_LANDLOCK, "read", places.secret);
    refused(&stage, plugin, NULL, TRY_LANDLOCK, "write", places.secret);
    refused(&stage, plugin, NULL, TRY_LANDLOCK, "write", places.folder);
    refused(&stage, plugin, NULL, TRY_LANDLOCK, "mkdir", places.folder);
    refused(&stage, plugin, NULL, TRY_LANDLOCK, "unlink", places.secret);
    refused(&stage, plugin, NULL, TRY_LANDLOCK, "read", "/etc/fstab");
    refused(&stage, plugin, NULL, TRY_TCP, "connect", port);
    refused(&stage, plugin, NULL, TRY_SIGNALS, "kill", parent);
    refused(&stage, plugin, NULL, TRY_SECCOMP, "exec", "/bin/true");
    refused(&stage, plugin, NULL, TRY_SECCOMP, "mount", "");
#ifndef CONFINE_SANITIZED
    refused(&stage, plugin, NULL, TRY_SECCOMP, "run", "/bin/true");
    refused(&stage, plugin, NULL, TRY_SECCOMP, "fork", "");
    refused(&stage, plugin, NULL, TRY_SECCOMP, "ptrace", "");
#endif
    allowed(&stage, plugin, NULL, "own", "");
    allowed(&stage, plugin, NULL, "unix", "");
    allowed(&stage, plugin, NULL, "thread", "");
    allowed(&stage, plugin, NULL, "write", "/dev/null");
    /* what the operator names may be read, not written */
    allowed(&stage, plugin, places.target, "read", places.readable);
    refused(&stage, plugin, places.target, TRY_LANDLOCK, "write",
            places.readable);
    close(listening);
    places_close(&places);
    stage_close(&stage);
}

static void allows_what_was_declared(void **state)
{
    static const char plugin[] = "trespass_more";
    struct places places;
    struct stage stage;
    char port[16];
    char *in;
    int listening;

    stage_open(&stage, STAGE_FLAGS(state));
    places_open(&places, &stage);
    listening = try_listen(port);
    in = engine_strf("%s/in", places.writable);
    assert_int_equal(mkdir(in, 0700), 0);
    stage_give(&stage, in);
    allowed(&stage, plugin, places.target, "connect", port);
    allowed(&stage, plugin, places.target, "read", places.readable);
    allowed(&stage, plugin, places.target, "write", places.inside);
    allowed(&stage, plugin, places.target, "unlink", places.inside);
    allowed(&stage, plugin, places.target, "fork", "");
    allowed(&stage, plugin, places.target, "run", "/usr/bin/true");
    refused(&stage, plugin, places.target, TRY_LANDLOCK, "run",
            "/usr/bin/false");
    refused(&stage, plugin, places.target, TRY_LANDLOCK, "read",
            places.secret);
    refused(&stage, plugin, places.target, TRY_LANDLOCK, "mkdir",
            places.folder);
    refused(&stage, plugin, places.target, TRY_SECCOMP, "mount", "");
    engine_free(in);
    close(listening);
    places_close(&places);
    stage_close(&stage);
}

static void can_be_switched_off(void **state)
{
    struct places places;
    struct stage stage;

    stage_open(&stage, STAGE_FLAGS(state));
    places_open(&places, &stage);
    stage.options.confinement = "off";
    allowed(&stage, "trespass", NULL, "read", places.secret);
    allowed(&stage, "trespass", NULL, "fork", "");
    if (!try_lacks(TRY_LANDLOCK | TRY_SECCOMP)) {
        stage.options.confinement = "required";
        refused(&stage, "trespass", NULL, TRY_LANDLOCK, "read",
                places.secret);
    }
    places_close(&places);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_what_was_declared),
        cmocka_unit_test(lets_files_alone_for_a_look_into_processes),
        cmocka_unit_test(plans_programs),
        cmocka_unit_test(knows_rights_by_version),
        cmocka_unit_test(filters_calls),
        cmocka_unit_test(reports_what_is_enforced),
        STAGE_TEST(refuses_what_was_not_declared),
        STAGE_TEST_DROPPED(refuses_what_was_not_declared),
        STAGE_TEST(allows_what_was_declared),
        STAGE_TEST_DROPPED(allows_what_was_declared),
        STAGE_TEST(can_be_switched_off),
        STAGE_TEST_DROPPED(can_be_switched_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
