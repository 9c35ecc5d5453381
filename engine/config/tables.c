/* SPDX-License-Identifier: Apache-2.0 */
/* tables.c - every option of the configuration file, with type, default,
 * range and help. */
#include "engine/config/config.h"
#include "engine/config/option.h"

#define OPTION_COUNT(array) (sizeof(array) / sizeof(*(array)))
#define OPTION_AT(member) offsetof(struct engine_config, member)
#define OPTION_MOST INT64_C(1000000000)

static const char *const option_levels[] = {"error", "warning", "info", "debug",
                                            NULL};
static const char *const option_confinement[] = {"auto", "off", "required",
                                                 NULL};
static const char *const option_auth[] = {"token", "none", NULL};
static const char *const option_recover[] = {"resume", "fail", NULL};
static const char *const option_visibility[] = {"own", "all", NULL};
static const char *const option_on_error[] = {"continue", "stop", NULL};

static const struct option option_engine[] = {
    {.name = "store",
     .type = OPTION_TEXT,
     .offset = OPTION_AT(store_uri),
     .sample = "\"sqlite:/var/lib/scan-engine/engine.db\"",
     .help = "where rules and results are kept, as a URI: sqlite:PATH, or "
             "mongodb://[USER:PASSWORD@]HOST[:PORT]/DATABASE[?OPTIONS]; "
             "without it sqlite:$XDG_DATA_HOME/scan-engine/engine.db"},
    {.name = "cache_directory",
     .type = OPTION_DIRECTORY,
     .offset = OPTION_AT(cache_directory),
     .sample = "\"/var/cache/scan-engine\"",
     .help = "what can be made again: plugin descriptions, prepared content; "
             "without it $XDG_CACHE_HOME/scan-engine"},
    {.name = "run_directory",
     .type = OPTION_DIRECTORY,
     .offset = OPTION_AT(run_directory),
     .sample = "\"/run/scan-engine\"",
     .help = "parent of the working directories of running jobs, private to "
             "the user; without it $TMPDIR/scan-engine-UID"},
    {.name = "plugin_directory",
     .type = OPTION_DIRECTORY,
     .offset = OPTION_AT(plugin_directory),
     .fallback = SCAN_ENGINE_PLUGINDIR,
     .sample = "\"/usr/lib/scan-engine/plugins\"",
     .help = "where plugins named without a path are; without it, where "
             "they were installed; $SCAN_ENGINE_PLUGIN_DIR comes before it"},
    {.name = "worker",
     .type = OPTION_DIRECTORY,
     .offset = OPTION_AT(worker_path),
     .fallback = SCAN_ENGINE_LIBEXECDIR "/scan-worker",
     .sample = "\"/usr/libexec/scan-engine/scan-worker\"",
     .help = "the program that plugins run in; without it, the one that was "
             "installed; $SCAN_ENGINE_WORKER comes before it"},
    {.name = "workers",
     .type = OPTION_NUMBER,
     .offset = OPTION_AT(workers),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1024,
     .help = "jobs that may run at once; 0 stands for the number of "
             "processors"},
    {.name = "confinement",
     .type = OPTION_CHOICE,
     .choices = option_confinement,
     .offset = OPTION_AT(confinement),
     .fallback = "auto",
     .help = "whether plugins are held to what they declare to need, by "
             "landlock and seccomp: as far as the kernel can, not at all, or "
             "wholly or not run; \"scan-engine plugins\" shows what is "
             "enforced"},
    {.name = "user",
     .type = OPTION_TEXT,
     .offset = OPTION_AT(user),
     .sample = "\"scan-worker\"",
     .help = "the user that plugins run as, when the engine runs as root: "
             "limits and permissions of files do not bind root; without it, "
             "the engine's"},
    {.name = "log_level",
     .type = OPTION_CHOICE,
     .choices = option_levels,
     .offset = OPTION_AT(log_level),
     .fallback = "warning",
     .help = "the most detailed messages to show"},
    {.name = "limits", .type = OPTION_GROUP, .help = "what one job may use"},
    {.name = "spool",
     .type = OPTION_GROUP,
     .help = "where results wait while a MongoDB store is away"},
    {.name = "plugins",
     .type = OPTION_LIST,
     .sample = "( \"oscap\" )",
     .help = "plugins by name, or groups; \"*\" stands for every plugin of "
             "the directory; without it, those that were built"},
    {.name = "options",
     .type = OPTION_GROUP,
     .help = "one group per plugin, named like it; \"scan-engine plugins\" "
             "shows what each knows"},
    {.name = "scan",
     .type = OPTION_GROUP,
     .help = "what \"scan-engine scan\" does when it is told nothing else"},
    {.name = "server", .type = OPTION_GROUP, .help = "the daemon"},
};

static const struct option option_server[] = {
    {.name = "listen",
     .type = OPTION_TEXT,
     .offset = OPTION_AT(server_listen),
     .fallback = "127.0.0.1:8734",
     .help = "ADDRESS:PORT to serve at; without TLS or with auth = \"none\", "
             "loopback stands for any other address"},
    {.name = "auth",
     .type = OPTION_CHOICE,
     .choices = option_auth,
     .offset = OPTION_AT(server_auth),
     .fallback = "token",
     .help = "whether clients need a token of \"scan-engine token create\""},
    {.name = "visibility",
     .type = OPTION_CHOICE,
     .choices = option_visibility,
     .offset = OPTION_AT(server_visibility),
     .fallback = "own",
     .help = "which scans are there for clients that are no admin: those that "
             "tokens of their own name have started, or all"},
    {.name = "max_concurrent_scans",
     .type = OPTION_NUMBER,
     .offset = OPTION_AT(server_scans),
     .fallback = "4",
     .minimum = 1,
     .maximum = 1024,
     .help = "scans that this daemon runs at once; others wait"},
    {.name = "queue",
     .type = OPTION_NUMBER,
     .offset = OPTION_AT(server_queue),
     .fallback = "1000",
     .maximum = OPTION_MOST,
     .help = "scans that may wait; more are refused"},
    {.name = "recover",
     .type = OPTION_CHOICE,
     .choices = option_recover,
     .offset = OPTION_AT(server_recover),
     .fallback = "resume",
     .help = "what becomes of scans whose engine died"},
    {.name = "connections",
     .type = OPTION_NUMBER,
     .offset = OPTION_AT(server_connections),
     .fallback = "512",
     .minimum = 1,
     .maximum = 65536,
     .help = "clients at once; others are turned away"},
    {.name = "request_mb",
     .type = OPTION_NUMBER,
     .offset = OPTION_AT(server_request_mb),
     .fallback = "32",
     .minimum = 1,
     .maximum = 2048,
     .help = "size of a request's body, in MiB"},
    {.name = "request_seconds",
     .type = OPTION_NUMBER,
     .offset = OPTION_AT(server_request_s),
     .fallback = "30",
     .minimum = 1,
     .maximum = 86400,
     .help = "seconds until a request must be complete, and until an idle "
             "connection is closed"},
    {.name = "rate",
     .type = OPTION_NUMBER,
     .offset = OPTION_AT(server_rate),
     .fallback = "6000",
     .maximum = OPTION_MOST,
     .help = "requests of one client in a minute; 0: no limit"},
    {.name = "burst",
     .type = OPTION_NUMBER,
     .offset = OPTION_AT(server_burst),
     .fallback = "1000",
     .minimum = 1,
     .maximum = OPTION_MOST,
     .help = "requests that may come at once before the rate counts"},
    {.name = "archive_directory",
     .type = OPTION_DIRECTORY,
     .offset = OPTION_AT(server_archive_directory),
     .sample = "\"/var/lib/scan-engine/archives\"",
     .help = "where archives of scans are kept; without it, \"archives\" in "
             "the cache directory"},
    {.name = "tls", .type = OPTION_GROUP, .help = "encryption"},
};

static const struct option option_server_tls[] = {
    {.name = "certificate",
     .type = OPTION_DIRECTORY,
     .offset = OPTION_AT(server_tls_certificate),
     .sample = "\"/etc/scan-engine/tls.crt\"",
     .help = "the certificate with those that signed it, in PEM"},
    {.name = "key",
     .type = OPTION_DIRECTORY,
     .offset = OPTION_AT(server_tls_key),
     .sample = "\"/etc/scan-engine/tls.key\"",
     .help = "its private key, in PEM"},
};

static const struct option option_limits[] = {
    {.name = "wall",
     .type = OPTION_NUMBER,
     .fallback = "3600",
     .maximum = OPTION_MOST,
     .offset = OPTION_AT(limit_wall_s),
     .help = "seconds until a job is ended; 0: no limit"},
    {.name = "memory_mb",
     .type = OPTION_NUMBER,
     .fallback = "8192",
     .maximum = OPTION_MOST,
     .offset = OPTION_AT(limit_memory_mb),
     .help = "address space of each process of a job, and resident memory of "
             "all of them together, in MiB; 0: no limit"},
    {.name = "cpu",
     .type = OPTION_NUMBER,
     .fallback = "0",
     .maximum = OPTION_MOST,
     .offset = OPTION_AT(limit_cpu_s),
     .help = "processor seconds of all processes of a job together; 0: no "
             "limit"},
    {.name = "file_mb",
     .type = OPTION_NUMBER,
     .fallback = "4096",
     .maximum = OPTION_MOST,
     .offset = OPTION_AT(limit_file_mb),
     .help = "size of one file that a job writes, in MiB; 0: no limit"},
    {.name = "processes",
     .type = OPTION_NUMBER,
     .fallback = "256",
     .maximum = OPTION_MOST,
     .offset = OPTION_AT(limit_processes),
     .help = "processes that a job may have at once; 0: no limit"},
    {.name = "files",
     .type = OPTION_NUMBER,
     .fallback = "4096",
     .minimum = 64,
     .maximum = OPTION_MOST,
     .offset = OPTION_AT(limit_files),
     .help = "files and connections that each process of a job may have open"},
    {.name = "results",
     .type = OPTION_NUMBER,
     .fallback = "1000000",
     .maximum = OPTION_MOST,
     .offset = OPTION_AT(limit_results),
     .help = "results that one job may report; 0: no limit"},
    {.name = "result_mb",
     .type = OPTION_NUMBER,
     .fallback = "1024",
     .maximum = OPTION_MOST,
     .offset = OPTION_AT(limit_result_mb),
     .help = "size of all results of one job, in MiB; 0: no limit"},
    {.name = "artifacts",
     .type = OPTION_NUMBER,
     .fallback = "1000",
     .maximum = OPTION_MOST,
     .offset = OPTION_AT(limit_artifacts),
     .help = "files that one job may keep, such as a tool's own report; 0: no "
             "limit"},
    {.name = "artifact_mb",
     .type = OPTION_NUMBER,
     .fallback = "2048",
     .maximum = OPTION_MOST,
     .offset = OPTION_AT(limit_artifact_mb),
     .help = "size of all files that one job keeps, in MiB; 0: no limit"},
};

static const struct option option_spool[] = {
    {.name = "directory",
     .type = OPTION_DIRECTORY,
     .offset = OPTION_AT(spool_directory),
     .sample = "\"/var/lib/scan-engine/spool\"",
     .help = "one file for each scan at work; without it "
             "$XDG_STATE_HOME/scan-engine/spool"},
    {.name = "maximum_mb",
     .type = OPTION_NUMBER,
     .fallback = "1024",
     .minimum = 1,
     .maximum = OPTION_MOST / 1000,
     .offset = OPTION_AT(spool_maximum_mb),
     .help = "size of one scan's file, in MiB; a scan that needs more fails, "
             "and can be resumed"},
    {.name = "wait",
     .type = OPTION_NUMBER,
     .fallback = "3600",
     .maximum = OPTION_MOST,
     .offset = OPTION_AT(spool_wait_s),
     .help = "seconds that a scan waits for a store that is away; then it "
             "ends, and the next start writes what it has found; 0: no limit"},
};

static const struct option option_plugin[] = {
    {.name = "name",
     .type = OPTION_TEXT,
     .sample = "\"example\"",
     .help = "the plugin's name, which is also its file's"},
    {.name = "path",
     .type = OPTION_DIRECTORY,
     .sample = "\"/opt/example/example.so\"",
     .help = "absolute path of the file; without it, NAME.so in the plugin "
             "directory"},
    {.name = "sha256",
     .type = OPTION_TEXT,
     .sample = "\"64 hexadecimal digits\"",
     .help = "refuse the file when its SHA-256 is another"},
    {.name = "types",
     .type = OPTION_TEXTS,
     .sample = "[ \"example\" ]",
     .help = "scanner types that this plugin wins when another has them too"},
    {.name = "reads",
     .type = OPTION_TEXTS,
     .sample = "[ \"/srv/example\" ]",
     .help = "absolute paths that it may read, with what it runs, beyond "
             "those that it declares; see confinement"},
    {.name = "writes",
     .type = OPTION_TEXTS,
     .sample = "[ \"/var/cache/example\" ]",
     .help = "the same for paths that it may also write, such as the cache "
             "of a program for credentials"},
    {.name = "user",
     .type = OPTION_TEXT,
     .sample = "\"root\"",
     .help = "the user that this plugin runs as, where it is another than "
             "that of all; \"\" or \"root\": the engine's"},
    {.name = "limits",
     .type = OPTION_GROUP,
     .sample = "{ wall = 600; memory_mb = 512; }",
     .help = "limits of this plugin's jobs, where they are others than those "
             "of all"},
};

static const struct option option_scan[] = {
    {.name = "name",
     .type = OPTION_TEXT,
     .sample = "\"nightly\"",
     .help = "a name to find the scan by"},
    {.name = "targets",
     .type = OPTION_LIST,
     .sample = "( { type = \"local\"; } )",
     .help = "what to scan, a group for each; without it, this machine"},
    {.name = "target",
     .type = OPTION_GROUP,
     .sample = "{ type = \"local\"; }",
     .help = "the same, for one target"},
    {.name = "framework",
     .type = OPTION_TEXT,
     .sample = "\"nist\"",
     .help = "only rules that belong to this framework"},
    {.name = "framework_version",
     .type = OPTION_TEXT,
     .sample = "\"800-53r5\"",
     .help = "and to this version of it"},
    {.name = "benchmark",
     .type = OPTION_TEXT,
     .sample = "\"DEBIAN-12\"",
     .help = "only rules of this benchmark; any end of its id will do"},
    {.name = "profile",
     .type = OPTION_TEXT,
     .sample = "\"standard\"",
     .help = "only rules that this profile of the benchmark selects, with "
             "its values"},
    {.name = "rules",
     .type = OPTION_TEXTS,
     .sample = "[ \"sshd_disable_root_login\" ]",
     .help = "only these rules; any end of an id will do"},
    {.name = "rule_filter",
     .type = OPTION_DOCUMENT,
     .sample = "\"{\\\"severity\\\": {\\\"$in\\\": [\\\"high\\\"]}}\"",
     .help = "only rules that match this query, written as JSON (a group "
             "cannot hold names with a dollar sign)"},
    {.name = "variable_overrides",
     .type = OPTION_DOCUMENT,
     .sample = "{ var_accounts_tmout = \"300\"; }",
     .help = "values for variables of the rules"},
    {.name = "options", .type = OPTION_GROUP, .help = "how the scan is done"},
};

static const struct option option_scan_options[] = {
    {.name = "timeout",
     .type = OPTION_NUMBER,
     .maximum = OPTION_MOST,
     .sample = "1800",
     .help = "seconds until the scan is ended; without it "
             "or 0: no limit but that of each job"},
    {.name = "shards",
     .type = OPTION_NUMBER,
     .maximum = 256,
     .fallback = "0",
     .help = "processors that one group of rules may use; "
             "0: as many as are free"},
    {.name = "on_scanner_error",
     .type = OPTION_CHOICE,
     .choices = option_on_error,
     .fallback = "continue",
     .help = "whether the other groups go on when one fails as a whole"},
    {.name = "allow_empty",
     .type = OPTION_BOOL,
     .fallback = "false",
     .help = "whether a selection without rules is fine; if so, scanners that "
             "bring checks of their own scan every target that suits them, "
             "with rules or without"},
};

const struct option_table option_table_engine = {
    "", "the engine", option_engine, OPTION_COUNT(option_engine)};
const struct option_table option_table_limits = {
    "limits", "limits of one job", option_limits, OPTION_COUNT(option_limits)};
const struct option_table option_table_spool = {
    "spool", "results that wait", option_spool, OPTION_COUNT(option_spool)};
const struct option_table option_table_server = {
    "server", "the daemon", option_server, OPTION_COUNT(option_server)};
const struct option_table option_table_server_tls = {
    "server.tls", "encryption", option_server_tls,
    OPTION_COUNT(option_server_tls)};
const struct option_table option_table_plugin = {
    "plugins", "a plugin as a group", option_plugin,
    OPTION_COUNT(option_plugin)};
const struct option_table option_table_scan = {"scan", "the scan", option_scan,
                                               OPTION_COUNT(option_scan)};
const struct option_table option_table_scan_options = {
    "scan.options", "how the scan is done", option_scan_options,
    OPTION_COUNT(option_scan_options)};

const struct option_table *const option_tables[] = {
    &option_table_engine, &option_table_limits,     &option_table_spool,
    &option_table_server, &option_table_server_tls, &option_table_plugin,
    &option_table_scan,   &option_table_scan_options, NULL};
