/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - local, chroot and ssh targets, checked. */
#include "plugins/oscap/target.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "sdk/document/document.h"

static const char *const target_keys[] = {
    "id", "type", "name", "path", "host", "identifier", "port", "username",
    "identity_file", "sudo", "applicability", "credentials", "metadata",
    NULL};

static engine_status target_check_keys(const bson_t *document,
                                       engine_error *err)
{
    bson_iter_t iter;

    bson_iter_init(&iter, document);
    while (bson_iter_next(&iter)) {
        const char *const *known = target_keys;
        while (*known && strcmp(*known, bson_iter_key(&iter)) != 0)
            known++;
        if (*known)
            continue;
        engine_fail(err, ENGINE_EINVAL, "unknown key \"%s\"",
                    bson_iter_key(&iter));
        engine_hint(err, "targets of scanner \"oscap\" know type, name, path, "
                         "host, port, username, identity_file, sudo, "
                         "applicability");
        return ENGINE_EINVAL;
    }
    return ENGINE_OK;
}

static bool target_is_plain(const char *text, const char *also)
{
    if (!*text || *text == '-')
        return false;
    for (; *text; text++)
        if (!((*text >= 'a' && *text <= 'z') ||
              (*text >= 'A' && *text <= 'Z') ||
              (*text >= '0' && *text <= '9') || strchr(also, *text)))
            return false;
    return true;
}

static engine_status target_read_ssh(const bson_t *document,
                                     struct oscap_target *out,
                                     engine_error *err)
{
    out->host = document_string(document, "host");
    if (!out->host)
        out->host = document_string(document, "identifier");
    out->username = document_string(document, "username");
    if (!out->username)
        out->username = document_string(document, "credentials.username");
    out->identity_file = document_string(document, "identity_file");
    if (!out->identity_file)
        out->identity_file = document_string(document,
                                             "credentials.ssh_key");
    out->port = document_int(document, "port", 22);
    out->sudo = document_bool(document, "sudo", false);
    if (!out->host)
        return engine_fail(err, ENGINE_EINVAL, "an ssh target needs a "
                                               "\"host\"");
    if (!target_is_plain(out->host, ".-_:%"))
        return engine_fail(err, ENGINE_EINVAL,
                           "\"%s\" is not a host name or address", out->host);
    if (out->username && !target_is_plain(out->username, ".-_@"))
        return engine_fail(err, ENGINE_EINVAL, "\"%s\" is not a user name",
                           out->username);
    if (out->port < 1 || out->port > 65535)
        return engine_fail(err, ENGINE_EINVAL, "port %lld is not in 1..65535",
                           (long long)out->port);
    if (out->identity_file && out->identity_file[0] != '/') {
        engine_fail(err, ENGINE_EINVAL,
                    "identity_file must be an absolute path to a key file");
        engine_hint(err, "keys are referred to by file, never given inline");
        return ENGINE_EINVAL;
    }
    return ENGINE_OK;
}

static engine_status target_read_chroot(const bson_t *document,
                                        struct oscap_target *out,
                                        engine_error *err)
{
    struct stat info;

    out->path = document_string(document, "path");
    if (!out->path || out->path[0] != '/')
        return engine_fail(err, ENGINE_EINVAL,
                           "a chroot target needs an absolute \"path\"");
    if (stat(out->path, &info) < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not open chroot \"%s\": %s", out->path,
                           strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return engine_fail(err, ENGINE_EINVAL, "\"%s\" is no directory",
                           out->path);
    return ENGINE_OK;
}

engine_status oscap_target_read(const bson_t *document,
                                struct oscap_target *out, engine_error *err)
{
    const char *type = document_string(document, "type");
    engine_status status = target_check_keys(document, err);

    *out = (struct oscap_target){.id = document_string(document, "id")};
    if (status == ENGINE_OK && type && strcmp(type, "ssh") == 0) {
        out->kind = OSCAP_SSH;
        status = target_read_ssh(document, out, err);
    } else if (status == ENGINE_OK && type && strcmp(type, "chroot") == 0) {
        out->kind = OSCAP_CHROOT;
        status = target_read_chroot(document, out, err);
    }
    if (status < 0)
        engine_error_prefix(err, "target \"%s\"", out->id ? out->id : "");
    return status;
}
