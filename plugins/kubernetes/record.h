/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - what a live scan read, written as a dump that replays to the same
 * verdicts: a file per API path with the objects as they came; recording.json
 * holds what could not be read and how resource types were resolved.
 */
#ifndef PLUGINS_KUBERNETES_RECORD_H
#define PLUGINS_KUBERNETES_RECORD_H

#include "plugins/kubernetes/kinds.h"
#include "plugins/kubernetes/read.h"

#define RECORD_NOTES "recording.json"
#define RECORD_NOTES_MAXIMUM ((size_t)16 * 1024 * 1024)

struct kube_recorder; /* of a scan */
struct kube_record;   /* of a read */

/** Begins a recording in a directory, which is made (mode 0700) and must hold
 * no recording yet. */
engine_status kube_recorder_open(const char *directory,
                                 struct kube_recorder **out,
                                 engine_error *err);
/** Notes how a name was resolved. */
void kube_recorder_kind(struct kube_recorder *recorder, const char *name,
                        const struct kube_resource *resource);
/** Notes what could not be found out: of a path, or a type's name. */
void kube_recorder_error(struct kube_recorder *recorder, const char *name,
                         const engine_error *why);
/** Writes recording.json and frees it; the first failure of all of it. */
engine_status kube_recorder_close(struct kube_recorder *recorder,
                                  engine_error *err);

/** Begins recording a read, sets read->record; its file is made with the
 * first object, or at the end. */
engine_status kube_record_open(struct kube_recorder *recorder,
                               struct kube_read *read, engine_error *err);
/** An object of a list; text is its JSON as it came, NULL: item is all. */
engine_status kube_record_item(struct kube_record *record,
                               const struct value *item, const char *text,
                               size_t len, engine_error *err);
/** Ends it with the read's document, or notes its failure. */
void kube_record_end(struct kube_record *record,
                     const struct kube_read *read);
/** Gives up what was not ended. NULL is fine. */
void kube_record_close(struct kube_record *record);

/** Reads recording.json of a dump's root: types are added to kinds, *errors
 * is {path: {status, message}} and owned by the caller; NULL: there is none. */
engine_status kube_record_load(const char *root, struct kube_kinds *kinds,
                               bson_t **errors, engine_error *err);

#endif
