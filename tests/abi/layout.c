/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout.c - where everything of scanner ABI 1.0 and of libengine 1.0 is, on
 * machines with pointers of 64 bits. It compiles or it does not: nothing here
 * ever changes; what a later minor appends is asserted below what is there.
 */
#include <engine/engine.h>

#define AT(name, member, offset)                                \
    _Static_assert(offsetof(struct name, member) == (offset),   \
                   #name "." #member " has moved")
/* may grow at the end, never shrink */
#define SIZE(name, size) \
    _Static_assert(sizeof(struct name) >= (size), #name " has shrunk")
/* handed over by value or in arrays without a stride of their own */
#define FIXED(name, size) \
    _Static_assert(sizeof(struct name) == (size), #name " has changed")
#define IS(name, value) _Static_assert((name) == (value), #name " has changed")

typedef int layout_is_checked; /* ISO C wants a declaration */

#if UINTPTR_MAX == UINT64_MAX

FIXED(scanner_doc, 16);
AT(scanner_doc, data, 0);
AT(scanner_doc, len, 8);
AT(scanner_doc, reserved, 12);

FIXED(scanner_error, 1544);
AT(scanner_error, size, 0);
AT(scanner_error, status, 4);
AT(scanner_error, message, 8);
AT(scanner_error, hint, 1032);

SIZE(scanner_option, 48);
AT(scanner_option, name, 0);
AT(scanner_option, default_value, 8);
AT(scanner_option, help, 16);
AT(scanner_option, minimum, 24);
AT(scanner_option, maximum, 32);
AT(scanner_option, type, 40);
AT(scanner_option, reserved, 44);

SIZE(scanner_config, 24);
AT(scanner_config, size, 0);
AT(scanner_config, reserved, 4);
AT(scanner_config, options, 8);

SIZE(scanner_job, 96);
AT(scanner_job, size, 0);
AT(scanner_job, parallel, 4);
AT(scanner_job, target, 8);
AT(scanner_job, variables, 24);
AT(scanner_job, request, 40);
AT(scanner_job, rules, 56);
AT(scanner_job, rules_count, 64);
AT(scanner_job, rules_stride, 68);
AT(scanner_job, workdir, 72);
AT(scanner_job, cachedir, 80);
AT(scanner_job, internal, 88);

SIZE(scanner_result, 72);
AT(scanner_result, size, 0);
AT(scanner_result, status, 4);
AT(scanner_result, rule_id, 8);
AT(scanner_result, message, 16);
AT(scanner_result, resource, 24);
AT(scanner_result, evidence, 40);
AT(scanner_result, details, 56);

SIZE(scanner_rule_end, 64);
AT(scanner_rule_end, size, 0);
AT(scanner_rule_end, status, 4);
AT(scanner_rule_end, rule_id, 8);
AT(scanner_rule_end, message, 16);
AT(scanner_rule_end, duration_ms, 24);
AT(scanner_rule_end, variables_applied, 32);
AT(scanner_rule_end, resources, 48);

SIZE(scanner_host, 200);
AT(scanner_host, magic, 0);
AT(scanner_host, size, 4);
AT(scanner_host, abi_major, 8);
AT(scanner_host, abi_minor, 10);
AT(scanner_host, reserved, 12);
AT(scanner_host, features, 16);
AT(scanner_host, engine_version, 24);
AT(scanner_host, internal, 32);
AT(scanner_host, register_type, 40);
AT(scanner_host, register_target, 48);
AT(scanner_host, register_content, 56);
AT(scanner_host, log, 64);
AT(scanner_host, emit, 72);
AT(scanner_host, rule_done, 80);
AT(scanner_host, document, 88);
AT(scanner_host, artifact, 96);
AT(scanner_host, open_artifact, 104);
AT(scanner_host, effect, 112);
AT(scanner_host, effect_undone, 120);
AT(scanner_host, progress, 128);
AT(scanner_host, cancelled, 136);
AT(scanner_host, deadline_ms, 144);
AT(scanner_host, get_string, 152);
AT(scanner_host, get_int, 160);
AT(scanner_host, get_double, 168);
AT(scanner_host, get_bool, 176);
AT(scanner_host, get_doc, 184);
AT(scanner_host, warn, 192);

SIZE(scanner_ops, 144);
AT(scanner_ops, magic, 0);
AT(scanner_ops, size, 4);
AT(scanner_ops, abi_major, 8);
AT(scanner_ops, abi_minor, 10);
AT(scanner_ops, reserved, 12);
AT(scanner_ops, caps, 16);
AT(scanner_ops, needs, 24);
AT(scanner_ops, name, 32);
AT(scanner_ops, version, 40);
AT(scanner_ops, options, 48);
AT(scanner_ops, options_count, 56);
AT(scanner_ops, options_stride, 60);
AT(scanner_ops, init, 64);
AT(scanner_ops, scan, 72);
AT(scanner_ops, destroy, 80);
AT(scanner_ops, plan, 88);
AT(scanner_ops, import, 96);
AT(scanner_ops, probe, 104);
AT(scanner_ops, undo, 112);
AT(scanner_ops, reads, 120);
AT(scanner_ops, writes, 128);
AT(scanner_ops, programs, 136);

SIZE(engine_options, 56);
AT(engine_options, size, 0);
AT(engine_options, flags, 4);
AT(engine_options, config_file, 8);
AT(engine_options, config_text, 16);
AT(engine_options, store, 24);
AT(engine_options, log, 32);
AT(engine_options, log_user, 40);
AT(engine_options, log_level, 48);
AT(engine_options, reserved, 52);

SIZE(engine_progress, 72);
AT(engine_progress, size, 0);
AT(engine_progress, reserved, 4);
AT(engine_progress, rules, 8);
AT(engine_progress, rules_done, 16);
AT(engine_progress, passed, 24);
AT(engine_progress, failed, 32);
AT(engine_progress, errors, 40);
AT(engine_progress, elapsed_ms, 48);
AT(engine_progress, left_ms, 56);
AT(engine_progress, what, 64);

SIZE(engine_callbacks, 40);
AT(engine_callbacks, size, 0);
AT(engine_callbacks, reserved, 4);
AT(engine_callbacks, user, 8);
AT(engine_callbacks, progress, 16);
AT(engine_callbacks, result, 24);
AT(engine_callbacks, verdict, 32);
#endif

/* the same everywhere, and the caller's: it never grows */
FIXED(engine_error, 1540);
AT(engine_error, status, 0);
AT(engine_error, message, 4);
AT(engine_error, hint, 1028);

IS(SCANNER_MAGIC, 0x53434e52u);
IS(SCANNER_CAP_SHARDED, (UINT64_C(1) << 0));
IS(SCANNER_CAP_FINDINGS, (UINT64_C(1) << 1));
IS(SCANNER_CAP_PARALLEL, (UINT64_C(1) << 2));
IS(SCANNER_CAP_NETWORK, (UINT64_C(1) << 3));
IS(SCANNER_CAP_PROCESSES, (UINT64_C(1) << 4));
IS(SCANNER_CAP_RECORDS, (UINT64_C(1) << 5));
IS(SCANNER_HOST_EFFECTS, (UINT64_C(1) << 0));
IS(SCANNER_HOST_ARTIFACTS, (UINT64_C(1) << 1));
IS(SCANNER_HOST_DOCUMENTS, (UINT64_C(1) << 2));
IS(SCANNER_OK, 0);
IS(SCANNER_EINVAL, (-1));
IS(SCANNER_ENOMEM, (-2));
IS(SCANNER_EIO, (-3));
IS(SCANNER_ENOTFOUND, (-4));
IS(SCANNER_ECANCELLED, (-10));
IS(SCANNER_ETIMEOUT, (-9));
IS(SCANNER_EFAILED, (-11));
IS(SCANNER_PASS, 1);
IS(SCANNER_FAIL, 2);
IS(SCANNER_ERROR, 3);
IS(SCANNER_UNKNOWN, 4);
IS(SCANNER_NOTAPPLICABLE, 5);
IS(SCANNER_NOTCHECKED, 6);
IS(SCANNER_NOTSELECTED, 7);
IS(SCANNER_INFORMATIONAL, 8);
IS(SCANNER_FIXED, 9);
IS(SCANNER_LOG_ERROR, 1);
IS(SCANNER_LOG_WARNING, 2);
IS(SCANNER_LOG_INFO, 3);
IS(SCANNER_LOG_DEBUG, 4);
IS(SCANNER_OPTION_STRING, 1);
IS(SCANNER_OPTION_INT, 2);
IS(SCANNER_OPTION_BOOL, 3);
IS(SCANNER_ENTRIES_MAX, 64);
IS(SCANNER_ABI_MAJOR, 1);

IS(ENGINE_OK, 0);
IS(ENGINE_EINVAL, (-1));
IS(ENGINE_ENOMEM, (-2));
IS(ENGINE_EIO, (-3));
IS(ENGINE_ENOTFOUND, (-4));
IS(ENGINE_ECONFLICT, (-5));
IS(ENGINE_EPARSE, (-6));
IS(ENGINE_ELIMIT, (-7));
IS(ENGINE_EDENIED, (-8));
IS(ENGINE_ETIMEOUT, (-9));
IS(ENGINE_ECANCELLED, (-10));
IS(ENGINE_EPLUGIN, (-11));
IS(ENGINE_EVERSION, (-12));
IS(ENGINE_ECORRUPT, (-13));
IS(ENGINE_EUNSUPPORTED, (-14));
IS(ENGINE_EFULL, (-15));
IS(ENGINE_EAWAY, (-16));
IS(ENGINE_MESSAGE_MAX, 1024);
IS(ENGINE_HINT_MAX, 512);
IS(ENGINE_LOG_ERROR, 1);
IS(ENGINE_LOG_WARNING, 2);
IS(ENGINE_LOG_INFO, 3);
IS(ENGINE_LOG_DEBUG, 4);
IS(ENGINE_THREADS, 1u);
