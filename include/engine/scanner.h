/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/scanner.h - the scanner ABI: what a plugin offers, what the engine
 * gives it. This header and <stddef.h>/<stdint.h> are all a scanner needs.
 *
 * Documents cross as BSON (bsonspec.org 1.1): bytes and a length, of at most
 * 16 MiB and 100 levels, less a little for what goes around them. Strings are
 * UTF-8 (RFC 3629) and NUL-terminated. Everything a function receives is
 * borrowed for the call, but for `host`, which stays until destroy returns;
 * everything a function hands over is copied before it returns. Memory never
 * crosses the boundary to be freed on the other side.
 *
 * Threads: init and destroy run on one thread; scan, plan, import, probe and
 * undo run on one thread at a time per instance. All host services may be
 * called from the thread that runs the operation only.
 */
#ifndef ENGINE_SCANNER_H
#define ENGINE_SCANNER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCANNER_MAGIC 0x53434e52u /* "SCNR" */
#define SCANNER_ABI_MAJOR 1
#define SCANNER_ABI_MINOR 0

/* What a scanner can do (scanner_ops.caps). Whatever is set, a process may have
 * several instances of a scanner at work, one thread in each. */
#define SCANNER_CAP_SHARDED (UINT64_C(1) << 0)  /* uses job.parallel itself */
/* Reports rules not in the job, as a tool does that brings its own checks. A
 * job may have no rules then: options.allow_empty of a scan has it scan every
 * target that suits. result.details has {title, severity} of what was found. */
#define SCANNER_CAP_FINDINGS (UINT64_C(1) << 1)
#define SCANNER_CAP_PARALLEL (UINT64_C(1) << 2) /* scan may run concurrently */
#define SCANNER_CAP_NETWORK (UINT64_C(1) << 3)  /* talks to the network */
#define SCANNER_CAP_PROCESSES (UINT64_C(1) << 4) /* runs programs */
#define SCANNER_CAP_RECORDS (UINT64_C(1) << 5)   /* knows request.record */

/* What an engine can offer (scanner_host.features, scanner_ops.needs). */
#define SCANNER_HOST_EFFECTS (UINT64_C(1) << 0)   /* effect, effect_undone */
#define SCANNER_HOST_ARTIFACTS (UINT64_C(1) << 1) /* artifact, open_artifact */
#define SCANNER_HOST_DOCUMENTS (UINT64_C(1) << 2) /* document */

/* Statuses that functions of this header return: engine/error.h codes. */
#define SCANNER_OK 0
#define SCANNER_EINVAL (-1)
#define SCANNER_ENOMEM (-2)
#define SCANNER_EIO (-3)
#define SCANNER_ENOTFOUND (-4)
#define SCANNER_ECANCELLED (-10)
#define SCANNER_ETIMEOUT (-9)
#define SCANNER_EFAILED (-11)

/* Verdicts (XCCDF 1.2, table 26); "waived" is the engine's alone. */
#define SCANNER_PASS 1
#define SCANNER_FAIL 2
#define SCANNER_ERROR 3
#define SCANNER_UNKNOWN 4
#define SCANNER_NOTAPPLICABLE 5
#define SCANNER_NOTCHECKED 6
#define SCANNER_NOTSELECTED 7
#define SCANNER_INFORMATIONAL 8
#define SCANNER_FIXED 9

/* Log levels. */
#define SCANNER_LOG_ERROR 1
#define SCANNER_LOG_WARNING 2
#define SCANNER_LOG_INFO 3
#define SCANNER_LOG_DEBUG 4

/* Option types (scanner_option.type). */
#define SCANNER_OPTION_STRING 1
#define SCANNER_OPTION_INT 2
#define SCANNER_OPTION_BOOL 3

/** A BSON document (bsonspec.org 1.1) of `len` bytes; data is NULL and len 0
 * for "none". Whoever fills it keeps the bytes; `reserved` is 0. */
struct scanner_doc {
    const uint8_t *data;
    uint32_t len;
    uint32_t reserved;
};

/** Filled by a scanner that fails: lower case, cause included, hint optional.
 * The engine's memory, for the call; members up to `size` may be written. */
struct scanner_error {
    uint32_t size; /* as the engine has it */
    int32_t status;
    char message[1024];
    char hint[512];
};

/** One option of the scanner's configuration, in the group options { NAME { } }
 * of engine.conf(5); the engine validates it. The table is the scanner's and
 * constant. */
struct scanner_option {
    const char *name;          /* NULL ends nothing: the table has a count */
    const char *default_value; /* as text; NULL: none */
    const char *help;          /* one sentence */
    int64_t minimum, maximum;  /* for ints; both 0: unbounded */
    uint32_t type;             /* SCANNER_OPTION_* */
    uint32_t reserved;
};

/** The validated configuration of one instance, as a flat BSON document. */
struct scanner_config {
    uint32_t size; /* as the engine has it */
    uint32_t reserved;
    struct scanner_doc options; /* every option present, defaults filled in */
};

/** What one operation is about; all of it is the engine's, until the operation
 * returns. */
struct scanner_job {
    uint32_t size;                 /* as the engine has it */
    uint32_t parallel;             /* processors this job may use, at least 1 */
    struct scanner_doc target;     /* contract: target, with "id" */
    struct scanner_doc variables;  /* {id: value}, overrides applied */
    struct scanner_doc request;    /* operation specific, see ops */
    const struct scanner_doc *rules; /* rule documents, rule_id unique */
    uint32_t rules_count;
    uint32_t rules_stride;         /* sizeof one entry, as the engine built it */
    const char *workdir;           /* private, empty, removed after the job */
    const char *cachedir;          /* kept between jobs, private to the scanner */
    void *internal;                /* the engine's */
};

/** One observation. A rule may have many; its verdict is the worst of them,
 * from fail over error, unknown, pass, fixed, informational and notchecked to
 * notapplicable. */
struct scanner_result {
    uint32_t size;               /* sizeof(struct scanner_result), as built */
    int32_t status;              /* SCANNER_PASS ... SCANNER_FIXED */
    const char *rule_id;
    const char *message;         /* one line, up to 16384 bytes; NULL: none */
    struct scanner_doc resource; /* {type, uid, name, namespace, region} */
    struct scanner_doc evidence; /* what was expected and what was there */
    struct scanner_doc details;  /* anything else; findings: title, severity */
};

/** The rule's last word: without it nothing of the rule counts. */
struct scanner_rule_end {
    uint32_t size;               /* sizeof(struct scanner_rule_end), as built */
    int32_t status;              /* 0: the worst of the results; else this,
                                  * but never better than the results: only
                                  * SCANNER_ERROR stands whatever they say */
    const char *rule_id;
    const char *message;         /* one line; NULL: taken from the results */
    int64_t duration_ms;         /* negative: unknown */
    struct scanner_doc variables_applied; /* {id: value} */
    struct scanner_doc resources; /* {pass: 12}: things judged for which no
                                   * result was emitted, by status word; they
                                   * are added to the verdict's counts */
};

struct scanner_host;

/**
 * The services of the engine. `host` is what init received; `job` what the
 * operation received. Functions that return int32_t give a SCANNER_* status:
 * SCANNER_EINVAL for a call that breaks this contract (what it was about is
 * not taken, and the rule that it was about becomes an error), and after
 * SCANNER_ECANCELLED the scanner ends its operation soon. *out, *path and id
 * are written by success only.
 */
struct scanner_host {
    uint32_t magic;        /* SCANNER_MAGIC */
    uint32_t size;         /* members up to here may be read: SCANNER_HAS */
    uint16_t abi_major, abi_minor; /* the engine's */
    uint32_t reserved;
    uint64_t features;     /* SCANNER_HOST_* */
    const char *engine_version; /* its release, for messages */
    void *internal;        /* the engine's */

    /* Only during init. Names are 1 to 64 letters, digits, "_", "-" and ".";
     * each function takes 64 of them. Only when init has returned does the
     * engine see whether another scanner has one already. */
    /* a scanner_type that rules name; `alias` is a second word for it, which
     * is made the first when a rule is imported, or NULL */
    int32_t (*register_type)(const struct scanner_host *host,
                             const char *scanner_type, const char *alias);
    /* a type of targets, and a second word for it, or NULL */
    int32_t (*register_target)(const struct scanner_host *host,
                               const char *target_type, const char *alias);
    /* content that import() reads: `format` is a name for --as; `marker` an XML
     * root element by which it is known without, or NULL */
    int32_t (*register_content)(const struct scanner_host *host,
                                const char *format, const char *marker);

    /* Any time. A level of none is SCANNER_LOG_INFO; text without a newline. */
    void (*log)(const struct scanner_host *host, uint32_t level,
                const char *text);

    /* During an operation. */
    /* a result of a rule of the job (with SCANNER_CAP_FINDINGS of any), before
     * the rule's end. SCANNER_ECANCELLED: a limit on results was reached */
    int32_t (*emit)(const struct scanner_host *host,
                    const struct scanner_job *job,
                    const struct scanner_result *result);
    /* what was emitted and ended before it returns survives a crash */
    int32_t (*rule_done)(const struct scanner_host *host,
                         const struct scanner_job *job,
                         const struct scanner_rule_end *end);
    /* kind: "rule", "benchmark" (import); "file", "command", "note" (plan);
     * "probe" (probe) */
    int32_t (*document)(const struct scanner_host *host,
                        const struct scanner_job *job, const char *kind,
                        const struct scanner_doc *document);
    /* keeps a regular file of the job's workdir, which may be changed
     * afterwards; id receives its sha256 (FIPS 180-4) in hex. `name` and
     * `media_type` (RFC 6838) are at most 255 bytes. SCANNER_EIO: it could not
     * be read or kept; SCANNER_ECANCELLED: a limit on artifacts was reached */
    int32_t (*artifact)(const struct scanner_host *host,
                        const struct scanner_job *job, const char *path,
                        const char *name, const char *media_type, char id[65]);
    /* path of a stored artifact, read-only; valid until the job ends.
     * SCANNER_ENOTFOUND: none that a rule of the job names has this id */
    int32_t (*open_artifact)(const struct scanner_host *host,
                             const struct scanner_job *job, const char *id,
                             const char **path);
    /* journal something about to be created outside: returns when it is
     * stored; `undo`, at most 1 MiB, is what undo() receives when the scanner
     * does not come to say effect_undone; id receives its name for that.
     * Other than SCANNER_OK: do not create it */
    int32_t (*effect)(const struct scanner_host *host,
                      const struct scanner_job *job,
                      const struct scanner_doc *undo, char id[65]);
    int32_t (*effect_undone)(const struct scanner_host *host,
                             const struct scanner_job *job, const char *id);
    /* how many of how many steps are done, and a word on what is at work (at
     * most 1024 bytes, or NULL), for whoever waits */
    void (*progress)(const struct scanner_host *host,
                     const struct scanner_job *job, uint64_t done,
                     uint64_t expected, const char *what);
    /* 1: the operation is to end, also when its time is over; 0: not so */
    int32_t (*cancelled)(const struct scanner_host *host,
                         const struct scanner_job *job);
    /* milliseconds until the job is ended, 0 when it should have; negative:
     * it has no limit */
    int64_t (*deadline_ms)(const struct scanner_host *host,
                           const struct scanner_job *job);

    /* Any time, typed getters: a dotted path into a document of the engine's,
     * "a.b", elements of arrays by their number, "a.0". SCANNER_ENOTFOUND when
     * the path is absent or null, SCANNER_EINVAL when it has another type: a
     * number is no text, a double no int (an int is a double). Strings and
     * documents are borrowed from `document`. */
    int32_t (*get_string)(const struct scanner_host *host,
                          const struct scanner_doc *document,
                          const char *path, const char **out);
    int32_t (*get_int)(const struct scanner_host *host,
                       const struct scanner_doc *document, const char *path,
                       int64_t *out);
    int32_t (*get_double)(const struct scanner_host *host,
                          const struct scanner_doc *document,
                          const char *path, double *out);
    int32_t (*get_bool)(const struct scanner_host *host,
                        const struct scanner_doc *document, const char *path,
                        int32_t *out); /* 1 or 0 */
    int32_t (*get_doc)(const struct scanner_host *host,
                       const struct scanner_doc *document, const char *path,
                       struct scanner_doc *out); /* documents and arrays */
    /* during an operation, something about the whole job that whoever
     * reads its results must know, such as a peer whose identity was not
     * verified: one line of at most 1024 bytes. It is kept with the scan and
     * shown with it, once however often it is said. */
    int32_t (*warn)(const struct scanner_host *host,
                    const struct scanner_job *job, const char *message);
    /* append below */
};

/**
 * What the entry point returns; constant, and lives as long as the module.
 *
 *   scan    evaluate job->rules on job->target: emit*, rule_done per rule;
 *           request is {profile?: the benchmark's profile that was chosen,
 *           shards?: how many parts the operator asked for, record?: the
 *           directory that what was read goes to, to be replayed}
 *   plan    say what scan would do, with document(): request is
 *           {want: "all" | "benchmark" | "tailoring"}; a scanner may also know
 *           {want: "complete", benchmark: XCCDF}, see plugins/oscap
 *   import  request is {paths: [..], validate_only: bool}: turn native content
 *           into "rule" and "benchmark" documents and artifacts
 *   probe   can job->target be reached, with what rights: one document of
 *           kind "probe": {reachable, platforms: [cpe..], version, missing: []}
 *   undo    undo one effect; request is the document given to effect()
 *
 * Every operation returns SCANNER_OK or fills `err`. A failed init undoes its
 * own work; destroy accepts NULL.
 *
 * What a scanner needs of the machine it runs on. The engine confines a worker
 * to what its scanner declares, as far as the kernel can (Linux: landlock,
 * seccomp), after loading it and before init. What is not declared may be
 * refused: opening or connecting fails with EACCES or EPERM.
 *
 *   always     reads: system libraries and programs (/usr, /lib, /bin, /sbin),
 *              /proc, /sys, /dev/null and its like, what names and
 *              certificates are looked up with in /etc and /run; the scanner's
 *              own file and folder; every absolute path that is the value of
 *              a string in the job's target, in the options, or in
 *              request.paths (there its folder too).
 *              writes: job.workdir, which is $TMPDIR too, job.cachedir,
 *              request.record, and /dev/null.
 *              sockets of the families AF_UNIX and AF_NETLINK.
 *   caps       SCANNER_CAP_NETWORK: any socket. SCANNER_CAP_PROCESSES: starts
 *              processes; without it fork and exec are refused, threads not.
 *   reads      paths that are read, with all that is below them
 *   writes     paths that are read, written, created and removed; such as the
 *              caches of programs that are run
 *   programs   what is run, with SCANNER_CAP_PROCESSES: names that are looked
 *              up in $PATH, or paths; "*": any. NULL: any
 *
 * Each of the three is NULL, for none, or a list that NULL ends, of at most
 * SCANNER_ENTRIES_MAX entries of at most 1023 bytes:
 *
 *   [TARGET_TYPE:]PATH
 *
 * An entry with a target type (canonical name) counts for jobs on such
 * targets alone, others for every job. PATH is
 *
 *   /path          an absolute path
 *   ~[/path]       below $HOME of the worker
 *   $NAME[/path]   below each path of a list, parted by colons, that this
 *                  variable of the worker's environment holds
 *   @target.FIELD[/path], @options.FIELD[/path]   below the path that the
 *                  target or the options hold as a string at this dotted path
 *
 * What is no absolute path then, or is not there when the job starts, is left
 * out; but a missing path of writes stands for its folder, unless that is "/"
 * or $HOME. "/" is everything but other processes: "/proc" as an entry of
 * reads says that the scanner looks into these too (environment, descriptors,
 * memory maps), which landlock always hides: files are not confined then.
 */
#define SCANNER_ENTRIES_MAX 64

struct scanner_ops {
    uint32_t magic;               /* SCANNER_MAGIC */
    uint32_t size;                /* sizeof(struct scanner_ops), as built */
    uint16_t abi_major, abi_minor;
    uint32_t reserved;            /* zero; leaves no hidden padding */
    uint64_t caps;                /* SCANNER_CAP_* this scanner offers */
    uint64_t needs;               /* SCANNER_HOST_* it cannot run without */
    const char *name, *version;
    const struct scanner_option *options;
    uint32_t options_count;
    uint32_t options_stride;      /* sizeof(struct scanner_option), as built */
    int32_t (*init)(const struct scanner_host *host,
                    const struct scanner_config *config, void **out,
                    struct scanner_error *err);
    int32_t (*scan)(void *self, const struct scanner_job *job,
                    struct scanner_error *err);
    void (*destroy)(void *self);
    int32_t (*plan)(void *self, const struct scanner_job *job,
                    struct scanner_error *err);
    int32_t (*import)(void *self, const struct scanner_job *job,
                      struct scanner_error *err);
    int32_t (*probe)(void *self, const struct scanner_job *job,
                     struct scanner_error *err);
    int32_t (*undo)(void *self, const struct scanner_job *job,
                    struct scanner_error *err);
    /* see above; each NULL, or a list that NULL ends */
    const char *const *reads;
    const char *const *writes;
    const char *const *programs;
    /* ABI 1.1: append below */
};

/** The entry point's type; NULL means: will not run on host_major. */
typedef const struct scanner_ops *(*scanner_query_fn)(uint16_t host_major);

/** True when *p is new enough to have `member` and it is set. */
#define SCANNER_HAS(p, member)                                          \
    ((p)->size >= offsetof(__typeof__(*(p)), member) +                  \
                      sizeof((p)->member) && (p)->member)

#if defined(__GNUC__)
#define SCANNER_EXPORT __attribute__((visibility("default")))
#else
#define SCANNER_EXPORT
#endif

/* The entry point is a C function, also in C++. */
#ifdef __cplusplus
#define SCANNER_ENTRY extern "C" SCANNER_EXPORT
#else
#define SCANNER_ENTRY SCANNER_EXPORT
#endif

/** Defines the one exported function; `module` is the file's base name, with
 * "_" for what a C name cannot have. A program that links several scanners
 * (engine_register) tells them apart by it. */
#define SCANNER_PLUGIN(module, ops)                                     \
    SCANNER_ENTRY const struct scanner_ops *                            \
        module##_LTX_scanner_query(uint16_t host_major);                \
    const struct scanner_ops *module##_LTX_scanner_query(               \
        uint16_t host_major)                                            \
    {                                                                   \
        (void)host_major; /* the engine reads ops.abi_major and refuses */ \
        return &(ops);                                                  \
    }

/*
 * Since
 *   1.0  everything above. Frozen: structures grow at their ends only, under
 *        "append below", with a line here for each minor; nothing that is
 *        there moves, changes or goes before a major 2, which the entry point
 *        is told of. A scanner of 1.x is loaded by every engine of major 1
 *        that offers what it needs.
 */

#ifdef __cplusplus
}
#endif

#endif
