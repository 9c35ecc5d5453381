/* SPDX-License-Identifier: Apache-2.0 */
/* libengine.c - the types of all of libengine's functions in one shared object,
 * for abidw and abidiff to look at: tests/abi/abi.sh. */
#include <engine/engine.h>

#define SURFACE(function)                                                 \
    extern __typeof__(function) *const surface_##function;                \
    __attribute__((visibility("default"))) __typeof__(function) *const    \
        surface_##function = function;

SURFACE(engine_artifact_save)
SURFACE(engine_close)
SURFACE(engine_count)
SURFACE(engine_cursor_close)
SURFACE(engine_cursor_next)
SURFACE(engine_cursor_next_bson)
SURFACE(engine_get)
SURFACE(engine_import_path)
SURFACE(engine_import_text)
SURFACE(engine_open)
SURFACE(engine_probe)
SURFACE(engine_query)
SURFACE(engine_register)
SURFACE(engine_scan_cancel)
SURFACE(engine_scan_delete)
SURFACE(engine_scan_free)
SURFACE(engine_scan_id)
SURFACE(engine_scan_result)
SURFACE(engine_scan_resume)
SURFACE(engine_scan_run)
SURFACE(engine_scan_start)
SURFACE(engine_scan_wait)
SURFACE(engine_scanners)
SURFACE(engine_status_name)
SURFACE(engine_text_free)
SURFACE(engine_version)
