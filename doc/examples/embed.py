#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""embed.py - libengine through ctypes: imports rules, scans this machine, and
prints what failed.

    python3 embed.py /etc/scan-engine/engine.conf rules.yaml
"""
import ctypes
import json
import sys
from ctypes import (CFUNCTYPE, POINTER, Structure, byref, c_char, c_char_p,
                    c_int32, c_int64, c_uint32, c_void_p, sizeof)

lib = ctypes.CDLL("libengine.so.0")


class Error(Structure):
    _fields_ = [("status", c_int32), ("message", c_char * 1024),
                ("hint", c_char * 512)]


class Options(Structure):
    _fields_ = [("size", c_uint32), ("flags", c_uint32),
                ("config_file", c_char_p), ("config_text", c_char_p),
                ("store", c_char_p), ("log", c_void_p),
                ("log_user", c_void_p), ("log_level", c_int32),
                ("reserved", c_int32)]


class Progress(Structure):
    _fields_ = [("size", c_uint32), ("reserved", c_uint32),
                ("rules", c_int64), ("rules_done", c_int64),
                ("passed", c_int64), ("failed", c_int64),
                ("errors", c_int64), ("elapsed_ms", c_int64),
                ("left_ms", c_int64), ("what", c_char_p)]


ON_PROGRESS = CFUNCTYPE(c_int32, POINTER(Progress), c_void_p)
ON_DOCUMENT = CFUNCTYPE(c_int32, c_char_p, c_void_p)


class Callbacks(Structure):
    _fields_ = [("size", c_uint32), ("reserved", c_uint32),
                ("user", c_void_p), ("progress", ON_PROGRESS),
                ("result", ON_DOCUMENT), ("verdict", ON_DOCUMENT)]


def call(name, *args):
    """A function that returns a status, as one that raises."""
    err = Error()
    status = getattr(lib, name)(*args, byref(err))
    if status < 0:
        raise RuntimeError(f"{name}: {err.message.decode()}")
    return status


class Engine:
    def __init__(self, **options):
        self.handle = c_void_p()
        call("engine_open", byref(Options(size=sizeof(Options), **options)),
             byref(self.handle))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        lib.engine_close(self.handle)

    def import_path(self, path):
        call("engine_import_path", self.handle, path.encode(), None, None)

    def scan(self, config, progress=lambda done, rules: None):
        """Runs a scan; its id."""
        def on_progress(told, _):
            progress(told.contents.rules_done, told.contents.rules)
            return 0

        callbacks = Callbacks(size=sizeof(Callbacks),
                              progress=ON_PROGRESS(on_progress))
        scan_id = c_void_p()
        call("engine_scan_run", self.handle, json.dumps(config).encode(),
             byref(callbacks), byref(scan_id))
        text = ctypes.string_at(scan_id).decode()
        lib.engine_text_free(scan_id)
        return text

    def find(self, collection, **query):
        """Documents, one by one."""
        cursor, text = c_void_p(), c_char_p()
        call("engine_query", self.handle, collection.encode(),
             json.dumps(query).encode(), byref(cursor))
        try:
            while call("engine_cursor_next", cursor, byref(text)):
                yield json.loads(text.value)
        finally:
            lib.engine_cursor_close(cursor)


def main(config, rules):
    with Engine(config_file=config.encode()) as engine:
        engine.import_path(rules)
        scan_id = engine.scan(
            {"targets": [{"type": "local"}]},
            lambda done, all_: print(f"{done} of {all_}", file=sys.stderr))
        for verdict in engine.find("verdicts", sort={"rule_id": 1}, filter={
                "scan_id": scan_id, "status": {"$in": ["fail", "error"]}}):
            print(verdict["rule_id"], verdict["status"])


lib.engine_close.argtypes = [c_void_p]
lib.engine_text_free.argtypes = [c_void_p]
lib.engine_cursor_close.argtypes = [c_void_p]

if __name__ == "__main__":
    main(*sys.argv[1:])
