/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloud.h - what the scanners of clouds share: rules that say which API calls
 * to make and what must hold of their answers. A provider (aws, azure, gcp)
 * knows its targets, credentials and how one call is made; everything else is
 * here: reading rules, planning (equal calls are made once for all rules),
 * running all calls at once on one HTTP client, judging, reporting.
 *
 * check_content, short:  {<call>, foreach?, path, operator, expected}
 *   one call; `foreach` (JMESPath) gives the subjects, without it the answer
 *   is the only one; `path`, `operator` and `expected` as in check.h.
 *
 * check_content, long:
 *   calls:   {name: {<call>, foreach?, <fan>?, empty_on?}}, or a list of these
 *            with `name`
 *   scope:   a level of the provider ("account", "region"); default: the
 *            innermost one that its calls need
 *   each:    JMESPath over {name: answer}; the subjects. Absent: one subject,
 *            which is {name: answer} itself
 *   when:    a subject of which this is not true is notapplicable
 *   assert:  true (as JMESPath has it) is a pass, all else a fail
 *   id, name, type, region, message: about the result's resource; type is a
 *            text, the others expressions on the subject, message a text with
 *            placeholders. Without them the last member that `each` goes
 *            through tells: of ...Volumes[] each is a Volume, known by
 *            VolumeArn, VolumeId, VolumeName
 *
 * <call> is the provider's ({service, operation, parameters}; {request}). Its
 * texts may hold placeholders: {expression}, JMESPath over the item of the
 * call's foreach, else over the scope (answers before it are $root.name); a
 * text that is nothing but a placeholder takes the value with its type; {'{'}
 * is a brace. All expressions know $scope, $root (all answers so far),
 * $variables, and the members of the scope as variables ($account, $region).
 * {{.variable}} is as in all rules.
 *
 * $variables are a rule's: what the operator says, else what the scan says,
 * else the default that the rule itself declares, as the number, boolean or
 * text that the rule declares. One that has no value, or that nobody declares,
 * is an error of the rule before any call is made.
 *
 * `foreach` of a call is an expression over the answers before it; the call is
 * made once per element. Its answer is put into that element, under the call's
 * name, wherever the element occurs in the answer that it came from (elements
 * that are no objects become {value, name: answer}); and {name: [{item,
 * answer}]} is there for other expressions.
 *
 * <fan> ("regions", "subscriptions", "projects"): "all" or a list of names
 * (which may be placeholders: {trails: .., foreach: ..., regions:
 * ["{HomeRegion}"]} makes the call for each trail where that trail lives);
 * the call is made in each of these inner scopes for a rule of an outer one.
 * Lists of their answers are joined, and their objects get the scope's
 * members with a leading underscore ("_region"); of what is no list, that is
 * there which is the same everywhere, and _scopes is a list of the answers.
 * With foreach and "all", an element of such an answer is asked about in its
 * own scope only; with a list, in each scope of the list, wherever it is. A
 * scope that is not scanned, and a list that is empty, are errors.
 *
 * `empty_on`: codes of errors that mean "nothing there": the answer is null.
 *
 * Verdicts. A call that failed makes an error of the rule in its scope. A
 * call of a foreach that failed makes an error, with its message,
 *   - of every subject that holds its element, or is a part of it;
 *   - of all subjects, where what it would have answered may be part of what
 *     all of them rest on: an expression on the subject takes it from $root;
 *     `each`, or the foreach of another call, binds it with let, computes with
 *     the list as a whole (length, [0], a comparison), or makes one object of
 *     it. Projections, filters, flattening and sorting are no such thing;
 *   - of subjects that are made anew ({n: N, policy: policy.Policy}) and do
 *     not hold what they were made of ({bucket: @, ...}), when no subject
 *     shows by a part of it which one is meant;
 *   - else a result of its own, about the element.
 * An expression that fails is an error of its subject. No subject at all is
 * notapplicable.
 *
 * Threads: one operation belongs to one thread.
 */
#ifndef SDK_KIT_CLOUD_CLOUD_H
#define SDK_KIT_CLOUD_CLOUD_H

#include <bson/bson.h>
#include <engine/scanner.h>

#include "sdk/base/arena.h"
#include "sdk/base/buffer.h"
#include "sdk/base/error.h"
#include "sdk/kit/http.h"
#include "sdk/kit/value.h"

struct cloud;      /* one operation (scan, plan, probe) on one target */
struct cloud_call; /* one distinct call on its way */

/** Where rules are evaluated and calls are made: an account, a region. */
struct cloud_scope {
    const struct cloud_scope *parent; /* the account of a region; or NULL */
    unsigned level;                   /* index in the provider's levels */
    const char *name;                 /* what <fan> names; "eu-west-1" */
    const char *label;   /* for messages: "123456789012 eu-west-1" */
    const char *account; /* resource.namespace of results */
    const char *region;  /* resource.region; may be NULL */
    struct value value;  /* an object: {account, region, partition, ...} */
    void *data;          /* the provider's */
    const engine_error *why; /* it cannot be used: an error of all its rules;
                              * NULL: it can */
};

struct cloud_provider {
    const char *name;               /* "aws", as in messages */
    const char *const *levels;      /* from the outermost, NULL-ended */
    const char *fan;                /* key of a call: "regions" */
    const char *const *call_keys;   /* keys of <call>, NULL-ended */
    const char *default_type;       /* resource.type where a rule has none */

    /** Opens the target of the operation. No calls yet. */
    engine_status (*open)(struct cloud *cloud, void **out, engine_error *err);
    void (*close)(void *self);
    /** Adds the scopes of the target, outer ones first, with
     * cloud_add_scope; may make calls (http_fetch). `deepest` is the innermost
     * level that rules need. */
    engine_status (*scopes)(void *self, unsigned deepest, engine_error *err);
    /** Checks a call of a rule, placeholders still in it, and says at which
     * level it is made. ENGINE_EINVAL names what is wrong with it. */
    engine_status (*check)(void *self, const struct value *call,
                           unsigned *level, engine_error *err);
    /** Makes a call ready: a key which equal calls of one scope have in common
     * (the core adds the scope), and data that start gets. */
    engine_status (*prepare)(void *self, const struct cloud_scope *scope,
                             const struct value *call, struct buffer *key,
                             void **data, engine_error *err);
    /** Begins a call; it ends, now or later, with cloud_answer or
     * cloud_refuse. A failure ends it, too. */
    engine_status (*start)(void *self, struct cloud_call *call, void *data,
                           engine_error *err);
    /** Exactly once for each data: when its call is over (from within
     * cloud_answer and cloud_refuse, or start), or will not be made. */
    void (*release)(void *self, void *data);
    /** Fills a probe document (engine/scanner.h); scopes were added. */
    engine_status (*probe)(void *self, bson_t *out, engine_error *err);
    /** Members of every scope's value: they are variables of expressions.
     * NULL: the names of the levels. */
    const char *const *members;
    /** Works until the calls that were begun have ended. NULL: http_run. */
    engine_status (*run)(void *self, engine_error *err);
};

/* ---- operations, for the plugin's ops table ----------------------------- */

/** The instance of a plugin: what its init keeps. */
struct cloud_plugin {
    const struct scanner_host *host;
    const struct cloud_provider *provider;
    bson_t options; /* validated; has all of cloud_options */
};

/** Options that all cloud scanners have; a plugin's table begins with them
 * ({CLOUD_OPTIONS, {.name = ...}}, from sdk/kit/cloud/options.h): concurrency,
 * timeout, connect_timeout, stall_timeout, retries, rate, passing_results. */
#define CLOUD_OPTIONS_COUNT 7
extern const struct scanner_option cloud_options[CLOUD_OPTIONS_COUNT];

/** init and destroy, but for registering types and targets. */
engine_status cloud_plugin_new(const struct scanner_host *host,
                               const struct scanner_config *config,
                               const struct cloud_provider *provider,
                               struct cloud_plugin **out, engine_error *err);
void cloud_plugin_free(struct cloud_plugin *plugin);

int32_t cloud_op_scan(void *plugin, const struct scanner_job *job,
                      struct scanner_error *error);
int32_t cloud_op_plan(void *plugin, const struct scanner_job *job,
                      struct scanner_error *error);
int32_t cloud_op_probe(void *plugin, const struct scanner_job *job,
                       struct scanner_error *error);

/* ---- for providers ------------------------------------------------------ */

struct http_client *cloud_http(struct cloud *cloud);
const bson_t *cloud_target(const struct cloud *cloud);
const bson_t *cloud_option_values(const struct cloud *cloud);
const struct scanner_job *cloud_job(const struct cloud *cloud);
/** Log; never with a secret in it. */
void cloud_log(struct cloud *cloud, uint32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** Non-zero when the operation is to end: a process_stop_fn and http_stop_fn;
 * user is the struct cloud. */
int cloud_stop(void *user);
/** Lives as long as the operation. */
struct arena *cloud_arena(struct cloud *cloud);

/** Adds a scope; copied but for data, value's contents and texts, which live
 * as long as the operation (cloud_arena). *out (may be NULL) is what calls
 * get. */
engine_status cloud_add_scope(struct cloud *cloud,
                              const struct cloud_scope *scope,
                              const struct cloud_scope **out,
                              engine_error *err);

const struct cloud_scope *cloud_call_scope(const struct cloud_call *call);
/** For the answer: lives until no rule needs the call any more. */
struct arena *cloud_call_arena(struct cloud_call *call);
/** The call is over and this is its answer, all pages of it; the value lives
 * in the call's arena. */
void cloud_answer(struct cloud_call *call, const struct value *value);
/** The call has failed; when the operation is to end (cloud_stop), it ends, and
 * the failure is nobody's. code is what empty_on is compared with (the API's own:
 * "NoSuchBucketPolicy", "ResourceNotFound"), NULL: none; several codes, as
 * that of the API and the HTTP status "404", are separated by spaces. */
void cloud_refuse(struct cloud_call *call, const char *code,
                  const engine_error *why);

/* ---- pages -------------------------------------------------------------- */

/**
 * Joins the pages of an answer. The first page is the answer; of each later
 * one the members named by `lists` (NULL-ended, dotted) are appended to those
 * of the first: elements to lists, members to objects (lists inside members
 * of both are joined, too: compute's aggregated lists).
 */
struct cloud_pages;
engine_status cloud_pages_new(struct cloud_pages **out);
void cloud_pages_free(struct cloud_pages *pages);
/** page lives in the same arena as the outcome. */
engine_status cloud_pages_add(struct cloud_pages *pages,
                              const struct value *page,
                              const char *const *lists, engine_error *err);
engine_status cloud_pages_join(struct cloud_pages *pages, struct arena *arena,
                               const struct value **out, engine_error *err);

#endif
