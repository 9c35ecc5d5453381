/* SPDX-License-Identifier: Apache-2.0 */
/* test_run.c - targets and commands: what is refused, what is run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plugins/oscap/run.h"
#include "plugins/oscap/ssh.h"
#include "plugins/oscap/target.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"
#include "sdk/kit/process.h"

static void from_json(const char *text, bson_t *out)
{
    engine_error err = {0};

    if (document_from_json(text, strlen(text), "test", out, &err) < 0)
        fail_msg("%s", err.message);
}

static engine_status read_target(const char *json, struct oscap_target *out,
                                 engine_error *err)
{
    bson_t document;
    engine_status status;

    from_json(json, &document);
    status = oscap_target_read(&document, out, err);
    bson_destroy(&document);
    return status;
}

static void refuses_targets_that_could_be_options_or_shell(void **state)
{
    static const char *const bad[] = {
        "{\"type\":\"ssh\",\"host\":\"-oProxyCommand=x\"}",
        "{\"type\":\"ssh\",\"host\":\"a b\"}",
        "{\"type\":\"ssh\",\"host\":\"a;id\"}",
        "{\"type\":\"ssh\",\"host\":\"$(id)\"}",
        "{\"type\":\"ssh\",\"host\":\"\"}",
        "{\"type\":\"ssh\"}",
        "{\"type\":\"ssh\",\"host\":\"a\",\"username\":\"-l\"}",
        "{\"type\":\"ssh\",\"host\":\"a\",\"username\":\"x`id`\"}",
        "{\"type\":\"ssh\",\"host\":\"a\",\"port\":0}",
        "{\"type\":\"ssh\",\"host\":\"a\",\"port\":70000}",
        "{\"type\":\"ssh\",\"host\":\"a\",\"identity_file\":\"KEY TEXT\"}",
        "{\"type\":\"ssh\",\"host\":\"a\",\"prot\":22}",
        "{\"type\":\"chroot\"}",
        "{\"type\":\"chroot\",\"path\":\"relative\"}",
        "{\"type\":\"chroot\",\"path\":\"/no/such/directory\"}",
        "{\"type\":\"chroot\",\"path\":\"/etc/passwd\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct oscap_target target;
        engine_error err = {0};
        if (read_target(bad[i], &target, &err) == ENGINE_OK)
            fail_msg("accepted %s", bad[i]);
        assert_true(strlen(err.message) > 0);
    }
}

static void reads_an_ssh_target_in_both_forms(void **state)
{
    struct oscap_target target;
    engine_error err = {0};

    (void)state;
    assert_int_equal(read_target("{\"type\":\"ssh\",\"host\":\"web-1\","
                                 "\"port\":2222,\"sudo\":true}", &target,
                                 &err), ENGINE_OK);
    assert_int_equal(target.kind, OSCAP_SSH);
    assert_int_equal(target.port, 2222);
    assert_true(target.sudo);
    assert_int_equal(
        read_target("{\"type\":\"ssh\",\"identifier\":\"10.0.0.1\","
                    "\"credentials\":{\"username\":\"scan\",\"ssh_key\":"
                    "\"/k\"}}", &target, &err), ENGINE_OK);
    assert_int_equal(target.port, 22);
}

struct command {
    bson_t target, options;
    char *directory, *file;
    char **argv, **env;
};

static engine_status command_build(struct command *command,
                                   const char *target, const char *options,
                                   const char *profile, engine_error *err)
{
    struct oscap_run_options how = {.target = &command->target,
                                    .options = &command->options,
                                    .profile_id = profile,
                                    .timeout_ms = 90000};

    *command = (struct command){.argv = NULL};
    from_json(target, &command->target);
    from_json(options, &command->options);
    assert_int_equal(file_make_temporary("/tmp", "test-run-",
                                         &command->directory, err),
                     ENGINE_OK);
    command->file = engine_strf("%s/ds.xml", command->directory);
    assert_int_equal(file_write(command->file, "<x/>", 4, 0600, err),
                     ENGINE_OK);
    how.directory = command->directory;
    how.datastream_path = how.tailoring_path = command->file;
    return oscap_run_command(&how, &command->argv, &command->env, err);
}

static void command_clear(struct command *command)
{
    file_remove_tree(command->directory, NULL);
    oscap_run_argv_free(command->argv);
    oscap_run_argv_free(command->env);
    engine_free(command->directory);
    engine_free(command->file);
    bson_destroy(&command->target);
    bson_destroy(&command->options);
}

static bool has_word(char **words, const char *word)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

static void builds_a_local_command_without_apt_lists(void **state)
{
    struct command command;
    engine_error err = {0};
    char *apt;

    (void)state;
    assert_int_equal(command_build(&command, "{\"type\":\"chroot\","
                                             "\"path\":\"/usr\"}",
                                   "{\"program\":\"/opt/oscap\"}", "p", &err),
                     ENGINE_OK);
    assert_string_equal(command.argv[0], "/opt/oscap");
    assert_true(has_word(command.argv, "--skip-valid"));
    assert_true(has_word(command.env, "OSCAP_PROBE_ROOT=/usr"));
    apt = engine_strf("APT_CONFIG=%s/apt.conf", command.directory);
    assert_true(has_word(command.env, apt));
    engine_free(apt);
    command_clear(&command);
}

/* the remote script is the last word; it must be a script that sh can read */
static void remote_script_is_one_fixed_word(void **state)
{
    struct command command;
    engine_error err = {0};
    size_t last = 0;
    const char *const check[] = {"sh", "-n", "-c", NULL, NULL};
    const char *argv[5];
    struct process_options how = {.argv = argv, .timeout_ms = 10000};
    struct process_result result = {0};

    (void)state;
    assert_int_equal(
        command_build(&command, "{\"type\":\"ssh\",\"host\":\"h\","
                                "\"username\":\"u\",\"sudo\":true,"
                                "\"identity_file\":\"/k y\"}",
                      "{\"known_hosts\":\"/a b\"}", "xccdf_x_profile_y",
                      &err), ENGINE_OK);
    while (command.argv[last + 1])
        last++;
    assert_true(has_word(command.argv, "-oIdentityFile=\"/k y\""));
    assert_true(has_word(command.argv, "-oStrictHostKeyChecking=yes"));
    assert_string_equal(command.argv[last - 1], "h");
    assert_string_equal(command.argv[last - 2], "--");
    assert_null(strstr(command.argv[last], "/k y"));
    assert_non_null(strstr(command.argv[last], "sudo -n env APT_CONFIG"));
    memcpy(argv, check, sizeof(check));
    argv[3] = command.argv[last];
    assert_int_equal(process_run(&how, &result, &err), ENGINE_OK);
    assert_int_equal(result.how, PROCESS_EXITED);
    assert_int_equal(result.code, 0);
    process_result_clear(&result);
    command_clear(&command);
}

static void refuses_a_profile_that_a_shell_would_read(void **state)
{
    struct command command;
    engine_error err = {0};

    (void)state;
    assert_int_equal(command_build(&command,
                                   "{\"type\":\"ssh\",\"host\":\"h\"}", "{}",
                                   "$(touch x)", &err), ENGINE_EINVAL);
    command_clear(&command);
}

static void oscap_ssh_refuses_what_it_would_split(void **state)
{
    struct command command;
    engine_error err = {0};

    (void)state;
    assert_int_equal(
        command_build(&command, "{\"type\":\"ssh\",\"host\":\"h\","
                                "\"identity_file\":\"/k -oProxyCommand=x\"}",
                      "{\"ssh_transport\":\"oscap-ssh\"}", "p", &err),
        ENGINE_EINVAL);
    assert_non_null(strstr(err.message, "identity file"));
    command_clear(&command);
}

static void advises_to_install_only_what_is_missing(void **state)
{
    static const struct {
        const char *target, *options;
        bool install;
    } rows[] = {
        {"{\"type\":\"chroot\",\"path\":\"/nonexistent\"}", "{}", false},
        {"{\"type\":\"ssh\",\"host\":\"h\",\"identity_file\":"
         "\"/nonexistent\"}", "{}", false},
        {"{\"type\":\"local\"}", "{\"program\":\"/nonexistent\"}", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct oscap_run *run = NULL;
        engine_error err = {0};
        char *directory = NULL;
        bson_t target, options;
        from_json(rows[i].target, &target);
        from_json(rows[i].options, &options);
        assert_int_equal(file_make_temporary("/tmp", "test-run-", &directory,
                                             &err), ENGINE_OK);
        const struct oscap_run_options how = {.target = &target,
                                              .options = &options,
                                              .datastream_path = "/dev/null",
                                              .profile_id = "p",
                                              .directory = directory};
        assert_int_equal(oscap_run_start(&how, &run, &err), ENGINE_ENOTFOUND);
        assert_int_equal(strstr(err.hint, "install") != NULL,
                         rows[i].install);
        file_remove_tree(directory, NULL);
        engine_free(directory);
        bson_destroy(&target);
        bson_destroy(&options);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_targets_that_could_be_options_or_shell),
        cmocka_unit_test(reads_an_ssh_target_in_both_forms),
        cmocka_unit_test(builds_a_local_command_without_apt_lists),
        cmocka_unit_test(remote_script_is_one_fixed_word),
        cmocka_unit_test(refuses_a_profile_that_a_shell_would_read),
        cmocka_unit_test(oscap_ssh_refuses_what_it_would_split),
        cmocka_unit_test(advises_to_install_only_what_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
