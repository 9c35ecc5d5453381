/* SPDX-License-Identifier: Apache-2.0 */
/* embed.c - imports rules, scans this machine, prints the verdicts:
 *     cc embed.c $(pkg-config --cflags --libs libengine) -o embed
 *     ./embed /etc/scan-engine/engine.conf rules.yaml */
#include <engine/engine.h>
#include <stdio.h>

static int fail(const char *doing, const engine_error *err)
{
    fprintf(stderr, "could not %s: %s\n%s\n", doing, err->message, err->hint);
    return 1;
}

static int print_verdicts(struct engine *engine, const char *scan_id)
{
    struct engine_cursor *cursor = NULL;
    engine_error err = {0};
    const char *verdict;
    char query[256];
    int more;

    snprintf(query, sizeof(query),
             "{\"filter\": {\"scan_id\": \"%s\"}, \"sort\": {\"rule_id\": 1}, "
             "\"fields\": {\"rule_id\": 1, \"status\": 1, \"message\": 1}}",
             scan_id);
    if (engine_query(engine, "verdicts", query, &cursor, &err) < 0)
        return fail("look for verdicts", &err);
    while ((more = engine_cursor_next(cursor, &verdict, &err)) == 1)
        puts(verdict);
    engine_cursor_close(cursor);
    return more < 0 ? fail("read the verdicts", &err) : 0;
}

int main(int argc, char **argv)
{
    struct engine_options options = {.size = sizeof(options)};
    struct engine *engine = NULL;
    engine_error err = {0};
    char *scan_id = NULL;
    int code = 0;

    if (argc != 3)
        return fprintf(stderr, "usage: embed CONFIG RULES\n"), 2;
    options.config_file = argv[1];
    if (engine_open(&options, &engine, &err) < 0)
        return fail("open the engine", &err);
    if (engine_import_path(engine, argv[2], NULL, NULL, &err) < 0)
        code = fail("import the rules", &err);
    else if (engine_scan_run(engine, "{\"targets\": [{\"type\": \"local\"}]}",
                             NULL, &scan_id, &err) < 0)
        code = fail("scan", &err);
    if (scan_id) /* a scan that failed has verdicts, too */
        code |= print_verdicts(engine, scan_id);
    engine_text_free(scan_id);
    engine_close(engine);
    return code;
}
