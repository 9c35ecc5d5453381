/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile.c - a source datastream that holds only what a scan needs. The same
 * content, rules and options give the same bytes, so that it can be cached.
 */
#include "plugins/oscap/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/oscap/xml.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"

#define COMPILE_FORMAT "scan-engine compiled 1" /* change: old caches go */
#define COMPILE_NS "scap_org.scan-engine_"
#define COMPILE_TAIL_SIZE 44 /* of the comment that ends the file */

void oscap_compiled_clear(struct oscap_compiled *compiled)
{
    engine_free(compiled->datastream_path);
    engine_free(compiled->benchmark_id);
    engine_free(compiled->profile_id);
    *compiled = (struct oscap_compiled){0};
}

/* ---- the datastream around the components ------------------------------- */

static bool compile_needs_dictionary(const struct compile_set *set,
                                     const char *cpe)
{
    for (uint32_t i = 0; i < set->content->head->items_count; i++)
        if (set->marked[i] && set->content->items[i].kind == FRAGMENT_CPE_ITEM)
            return true;
    return cpe != NULL;
}

static void compile_catalog(const struct compile_set *set, bool dictionary,
                            const char *cpe, struct buffer *out)
{
    bool open = false;

    for (uint32_t i = 0; i < set->content->head->items_count; i++) {
        const struct fragment *at = &set->content->items[i];

        if (at->kind != FRAGMENT_CATALOG || !set->marked[at->component] ||
            dictionary != ((at->flags & FRAGMENT_IN_DICTIONARY) != 0))
            continue;
        if (!open)
            buffer_puts(out, "        <cat:catalog>\n");
        open = true;
        buffer_puts(out, "          <cat:uri name=\"");
        xml_escape(out, fragments_string(set->content, at->id), true);
        buffer_printf(out, "\" uri=\"#" COMPILE_NS "cref_oval-%u\"/>\n",
                      at->component);
    }
    if (dictionary && cpe) {
        if (!open)
            buffer_puts(out, "        <cat:catalog>\n");
        open = true;
        buffer_puts(out, "          <cat:uri name=\"" COMPILE_APPLICABLE
                         "\" uri=\"#" COMPILE_NS "cref_applicability\"/>\n");
    }
    if (open)
        buffer_puts(out, "        </cat:catalog>\n");
}

static void compile_checks(const struct compile_set *set, const char *cpe,
                           struct buffer *out)
{
    struct buffer refs;

    buffer_init(&refs, FRAGMENTS_MAX);
    for (uint32_t i = 0; i < set->content->head->items_count; i++) {
        const struct fragment *at = &set->content->items[i];

        if (!set->marked[i] ||
            (at->kind != FRAGMENT_COMPONENT && at->kind != FRAGMENT_REMOTE))
            continue;
        buffer_printf(&refs,
                      "      <ds:component-ref id=\"" COMPILE_NS
                      "cref_oval-%u\" xlink:href=\"",
                      i);
        if (at->kind == FRAGMENT_REMOTE)
            xml_escape(&refs, fragments_string(set->content, at->extra), true);
        else
            buffer_printf(&refs, "#" COMPILE_NS "comp_oval-%u", i);
        buffer_puts(&refs, "\"/>\n");
    }
    if (cpe)
        buffer_puts(&refs, "      <ds:component-ref id=\"" COMPILE_NS
                           "cref_applicability\" xlink:href=\"#" COMPILE_NS
                           "comp_applicability\"/>\n");
    if (refs.len) {
        buffer_puts(out, "    <ds:checks>\n");
        buffer_append(out, refs.data, refs.len);
        buffer_puts(out, "    </ds:checks>\n");
    }
    if (refs.status < 0)
        out->status = refs.status;
    buffer_clear(&refs);
}

static void compile_stream(const struct compile_set *set, const char *cpe,
                           bool dictionary, struct buffer *out)
{
    buffer_puts(out, "  <ds:data-stream id=\"" COMPILE_NS
                     "datastream_scan\" scap-version=\"1.3\" "
                     "use-case=\"OTHER\">\n");
    if (dictionary) {
        buffer_puts(out,
                    "    <ds:dictionaries>\n"
                    "      <ds:component-ref id=\"" COMPILE_NS
                    "cref_cpe\" xlink:href=\"#" COMPILE_NS "comp_cpe\">\n");
        compile_catalog(set, true, cpe, out);
        buffer_puts(out, "      </ds:component-ref>\n"
                         "    </ds:dictionaries>\n");
    }
    buffer_puts(out,
                "    <ds:checklists>\n"
                "      <ds:component-ref id=\"" COMPILE_NS
                "cref_xccdf\" xlink:href=\"#" COMPILE_NS "comp_xccdf\">\n");
    compile_catalog(set, false, NULL, out);
    buffer_puts(out, "      </ds:component-ref>\n    </ds:checklists>\n");
    compile_checks(set, cpe, out);
    buffer_puts(out, "  </ds:data-stream>\n");
}

static void compile_component_open(struct buffer *out, const char *name)
{
    buffer_printf(out,
                  "  <ds:component id=\"" COMPILE_NS "comp_%s\" "
                  "timestamp=\"1970-01-01T00:00:00\">\n",
                  name);
}

static void compile_component_close(struct buffer *out)
{
    buffer_puts(out, "  </ds:component>\n");
}

static void compile_components(const struct compile_set *set, const char *cpe,
                               bool dictionary, struct buffer *out)
{
    compile_component_open(out, "xccdf");
    compile_benchmark(set, out);
    compile_component_close(out);
    for (uint32_t i = 0; i < set->content->head->items_count; i++) {
        char name[32];

        if (!set->marked[i] ||
            set->content->items[i].kind != FRAGMENT_COMPONENT)
            continue;
        snprintf(name, sizeof(name), "oval-%u", i);
        compile_component_open(out, name);
        compile_oval(set, i, out);
        compile_component_close(out);
    }
    if (dictionary) {
        compile_component_open(out, "cpe");
        compile_dictionary(set, cpe, out);
        compile_component_close(out);
    }
    if (cpe) {
        compile_component_open(out, "applicability");
        compile_applicable_oval(out);
        compile_component_close(out);
    }
}

/* The file ends with its own length, so that a torn copy is noticed. */
static void compile_datastream(const struct compile_set *set, const char *cpe,
                               struct buffer *out)
{
    const bool dictionary = compile_needs_dictionary(set, cpe);

    buffer_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<ds:data-stream-collection xmlns:ds=\"" XML_DS
                     "\" xmlns:cat=\"" XML_CATALOG "\" xmlns:xlink=\"" XML_XLINK
                     "\" id=\"" COMPILE_NS "collection_scan\" "
                     "schematron-version=\"1.3\">\n");
    compile_stream(set, cpe, dictionary, out);
    compile_components(set, cpe, dictionary, out);
    buffer_puts(out, "</ds:data-stream-collection>\n");
    buffer_printf(out, "<!-- scan-engine: %015zu bytes -->\n",
                  out->len + COMPILE_TAIL_SIZE);
}

/* ---- cache -------------------------------------------------------------- */

static void compile_hash(const struct oscap_compile_options *options,
                         const struct compile_set *set, char out[HASH_HEX_SIZE])
{
    const struct oscap_content *content = set->content;
    const char *artifact =
        document_string(options->rules[0], "check_content.artifact");
    struct hash *hash = hash_new();

    if (!hash) {
        out[0] = '\0';
        return;
    }
    hash_add(hash, COMPILE_FORMAT, sizeof(COMPILE_FORMAT));
    if (artifact) /* already the hash of the content */
        hash_add(hash, artifact, strlen(artifact) + 1);
    else
        hash_add(hash, content->head, content->mapped);
    hash_add(hash, options->cpe ? options->cpe : "",
             options->cpe ? strlen(options->cpe) + 1 : 1);
    hash_add(hash, options->profile ? options->profile : "",
             options->profile ? strlen(options->profile) + 1 : 1);
    hash_add(hash, set->rules, set->rules_count * sizeof(*set->rules));
    hash_end(hash, out);
}

/* True when the file is there and as long as its last line says. */
static bool compile_cached(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char tail[COMPILE_TAIL_SIZE + 1] = "", want[64];
    struct stat info;
    bool fine = false;

    if (fd < 0)
        return false;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
        info.st_size > COMPILE_TAIL_SIZE &&
        pread(fd, tail, COMPILE_TAIL_SIZE, info.st_size - COMPILE_TAIL_SIZE) ==
            COMPILE_TAIL_SIZE) {
        snprintf(want, sizeof(want), "<!-- scan-engine: %015lld bytes -->\n",
                 (long long)info.st_size);
        fine = strcmp(tail, want) == 0;
    }
    close(fd);
    return fine;
}

static engine_status compile_write(const struct compile_set *set,
                                   const char *cpe, const char *path,
                                   engine_error *err)
{
    struct buffer out;
    engine_status status;

    buffer_init(&out, FRAGMENTS_MAX);
    compile_datastream(set, cpe, &out);
    status = buffer_status(&out, err);
    if (status == ENGINE_OK)
        status = file_write(path, out.data, out.len, 0600, err);
    buffer_clear(&out);
    return status;
}

static engine_status compile_open_set(
    const struct oscap_compile_options *options, struct compile_set *set,
    engine_error *err)
{
    engine_status status;

    if (options->cpe && !xml_can_carry(options->cpe))
        return engine_fail(err, ENGINE_EINVAL,
                           "applicability: the CPE name holds control bytes");
    status = compile_set_init(set, options->content, err);
    if (status < 0)
        return status;
    set->profile = options->profile;
    status = compile_set_rules(set, options->rules, options->rules_count, err);
    if (status < 0)
        compile_set_clear(set);
    return status;
}

engine_status oscap_compile(const struct oscap_compile_options *options,
                            struct oscap_compiled *out, engine_error *err)
{
    struct oscap_compiled made = {0};
    char hash[HASH_HEX_SIZE];
    struct compile_set set;
    engine_status status = compile_open_set(options, &set, err);

    if (status < 0)
        return status;
    compile_hash(options, &set, hash);
    if (options->cachedir)
        status = file_make_directory(options->cachedir, err);
    made.datastream_path = engine_strf(
        "%s/compiled-%s.xml",
        options->cachedir ? options->cachedir : options->directory, hash);
    made.benchmark_id =
        engine_strdup(oscap_content_benchmark(options->content));
    made.profile_id = engine_strdup(COMPILE_PROFILE);
    if (!made.datastream_path || !made.benchmark_id || !made.profile_id ||
        !hash[0])
        status = engine_fail_memory(err);
    if (status == ENGINE_OK) {
        made.cached = options->cachedir && compile_cached(made.datastream_path);
        if (made.cached)
            compile_cache_used(made.datastream_path);
        else
            status =
                compile_write(&set, options->cpe, made.datastream_path, err);
        if (!made.cached && options->cachedir)
            compile_cache_sweep(options->cachedir);
    }
    compile_set_clear(&set);
    if (status < 0)
        oscap_compiled_clear(&made);
    else
        *out = made;
    return status;
}

engine_status oscap_benchmark_write(const struct oscap_compile_options *options,
                                    struct buffer *out, engine_error *err)
{
    struct compile_set set;
    engine_status status = compile_open_set(options, &set, err);

    if (status < 0)
        return status;
    buffer_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    compile_benchmark(&set, out);
    compile_set_clear(&set);
    return buffer_status(out, err);
}
