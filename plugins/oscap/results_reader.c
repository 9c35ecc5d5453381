/* SPDX-License-Identifier: Apache-2.0 */
/* results_reader.c - libxml2's text reader with everything risky refused. */
#include "plugins/oscap/results_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READER_ATTRIBUTE_MAX 4096

/* No NOENT, DTDLOAD, DTDATTR, DTDVALID or XINCLUDE: nothing is fetched or
 * substituted. No HUGE: libxml2 keeps its limits on depth and text sizes. */
#define READER_OPTIONS (XML_PARSE_NONET | XML_PARSE_BIG_LINES)

/* The first complaint is the cause, later ones its consequences. */
static void reader_complain(void *user, xmlErrorPtr error)
{
    struct results_reader *reader = user;
    size_t len;

    if (reader->line || error->level < XML_ERR_ERROR)
        return;
    reader->line = error->line > 0 ? error->line : 1;
    snprintf(reader->complaint, sizeof(reader->complaint), "%s",
             error->message ? error->message : "malformed");
    len = strlen(reader->complaint);
    while (len && reader->complaint[len - 1] == '\n')
        reader->complaint[--len] = '\0';
    reader->complaint[results_cut(reader->complaint, len)] = '\0';
}

static engine_status reader_open_file(struct results_reader *reader,
                                      size_t maximum, engine_error *err)
{
    struct stat info;

    reader->fd = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reader->fd < 0 || fstat(reader->fd, &info) < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not open \"%s\": %s", reader->path,
                           strerror(errno));
    if (!S_ISREG(info.st_mode))
        return engine_fail(err, ENGINE_EINVAL, "\"%s\" is no regular file",
                           reader->path);
    if ((uintmax_t)info.st_size > maximum)
        return engine_fail(err, ENGINE_ELIMIT, "\"%s\" is larger than %zu MiB",
                           reader->path, maximum >> 20);
    return ENGINE_OK;
}

engine_status results_reader_open(struct results_reader *reader,
                                  const char *path, size_t maximum,
                                  engine_error *err)
{
    engine_status status;

    *reader = (struct results_reader){.path = path, .fd = -1};
    status = reader_open_file(reader, maximum, err);
    if (status < 0)
        return status;
    xmlInitParser();
    reader->xml = xmlReaderForFd(reader->fd, path, NULL, READER_OPTIONS);
    if (!reader->xml)
        return engine_fail_memory(err);
    xmlTextReaderSetStructuredErrorHandler(reader->xml, reader_complain,
                                           reader);
    return ENGINE_OK;
}

void results_reader_close(struct results_reader *reader)
{
    if (reader->xml)
        xmlFreeTextReader(reader->xml);
    if (reader->fd >= 0)
        close(reader->fd);
    reader->xml = NULL;
    reader->fd = -1;
}

long results_reader_line(const struct results_reader *reader)
{
    return xmlGetLineNo(xmlTextReaderCurrentNode(reader->xml));
}

static engine_status reader_malformed(const struct results_reader *reader,
                                      engine_error *err)
{
    return engine_fail(err, ENGINE_EPARSE, "%s:%d: malformed XML: %s",
                       reader->path, reader->line ? reader->line : 1,
                       reader->line ? reader->complaint : "cannot be read");
}

engine_status results_reader_step(struct results_reader *reader, bool *out,
                                  engine_error *err)
{
    const bool skip = reader->skip;
    const int more =
        skip ? xmlTextReaderNext(reader->xml) : xmlTextReaderRead(reader->xml);

    reader->skip = false;
    if (more < 0 || reader->line)
        return reader_malformed(reader, err);
    *out = more > 0;
    if (!more)
        return ENGINE_OK;
    switch (xmlTextReaderNodeType(reader->xml)) {
    case XML_READER_TYPE_DOCUMENT_TYPE:
    case XML_READER_TYPE_ENTITY_REFERENCE:
        engine_fail(err, ENGINE_EPARSE,
                    "%s:%ld: document types and entities are refused",
                    reader->path, results_reader_line(reader));
        engine_hint(err, "SCAP results have none: see who wrote this file");
        return ENGINE_EPARSE;
    default:
        return ENGINE_OK;
    }
}

bool results_reader_is(const struct results_reader *reader,
                       const char *namespace_prefix, const char *name)
{
    const xmlChar *local = xmlTextReaderConstLocalName(reader->xml);
    const xmlChar *uri;

    if (!local || strcmp((const char *)local, name) != 0)
        return false;
    uri = xmlTextReaderConstNamespaceUri(reader->xml);
    return uri && strncmp((const char *)uri, namespace_prefix,
                          strlen(namespace_prefix)) == 0;
}

engine_status results_reader_attribute(const struct results_reader *reader,
                                       const char *name, struct arena *arena,
                                       const char **out, engine_error *err)
{
    xmlChar *value =
        xmlTextReaderGetAttribute(reader->xml, (const xmlChar *)name);
    engine_status status = ENGINE_OK;

    *out = NULL;
    if (!value)
        return ENGINE_OK;
    if (strlen((const char *)value) > READER_ATTRIBUTE_MAX) {
        status = engine_fail(err, ENGINE_ELIMIT,
                             "%s:%ld: attribute \"%s\" is longer than %d bytes",
                             reader->path, results_reader_line(reader), name,
                             READER_ATTRIBUTE_MAX);
    } else {
        *out = arena_strdup(arena, (const char *)value);
        if (!*out)
            status = engine_fail_memory(err);
    }
    xmlFree(value);
    return status;
}

size_t results_cut(const char *text, size_t len)
{
    size_t at = len;

    while (at && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
        at--;
    /* at - 1 begins the last character: is all of it there? */
    if (at && ((unsigned char)text[at - 1] & 0x80)) {
        const unsigned char lead = (unsigned char)text[at - 1];
        const size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

        if (len - (at - 1) < need)
            return at - 1;
    }
    return len;
}
