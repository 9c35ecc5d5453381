/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_yaml.h - rules about a cluster's API objects. ComplianceAsCode has
 * them read from files that a collector wrote (yamlfilecontent tests below
 * ocp_data_root, the template yamlfile_value). What such a rule says is said
 * again in the check_content of a kubernetes rule, with OVAL's meaning.
 */
#ifndef PLUGINS_OSCAP_IMPORT_YAML_H
#define PLUGINS_OSCAP_IMPORT_YAML_H

#include "plugins/oscap/import_private.h"

#define YAML_FIELDS_MAX 64    /* fields of a state */
#define YAML_VARIABLES_MAX 64 /* that a rule uses */

/** What one OVAL definition says, texts in the import's arena. */
struct import_yaml {
    struct import *import;
    const struct import_item *rule;
    const xmlNode *check; /* the rule's XCCDF check */
    const struct import_component *component;
    const char *why; /* why it cannot be said as a kubernetes rule */

    const char *path;    /* of the collector's file, with its variables */
    bool has_to_exist;   /* there is a test of the file itself */
    const xmlNode *test; /* the yamlfilecontent test, or NULL */
    const xmlNode *object;
    const xmlNode *state;     /* its value entity, or NULL */
    const char *capture;      /* a pattern; what it takes is compared */
    const char *capture_key;  /* in this field */
    const char *variable;     /* with this variable */
    const xmlNode *counted, *control; /* objects with as many values */

    const char *endpoint, *filter; /* how a collector came by the file */
    const struct import_item *values[YAML_VARIABLES_MAX];
    size_t values_count;
};

/**
 * Reads the definition of a rule. False: it stays a rule for oscap; then
 * yaml->why says what is in the way of a rule that is about API objects, and
 * is NULL for all others.
 */
bool import_yaml_read(struct import *import, const struct import_item *rule,
                      struct import_yaml *yaml);
/** Appends the check_content of a rule that could be read. */
void import_yaml_check(const struct import_yaml *yaml, bson_t *out);
/** False for a value that only says where a collector wrote its files. */
bool import_yaml_uses(const struct import_item *value);

/* ---- import_yaml_source.c ------------------------------------------------ */

/** Notes why a rule cannot be converted; always false. */
bool import_yaml_stop(struct import_yaml *yaml, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** The value that an external variable of OVAL has its value from. */
const struct import_item *import_yaml_value(const struct import_yaml *yaml,
                                            const char *variable_id);
/** Notes that a rule uses a value. */
bool import_yaml_use(struct import_yaml *yaml,
                     const struct import_item *value);
/** The path of a filepath entity, "{{.name}}" for what is variable. */
bool import_yaml_path(struct import_yaml *yaml, const xmlNode *filepath,
                      const char **out);
/** Finds endpoint and filter in what the rule's warnings tell. */
bool import_yaml_source(struct import_yaml *yaml);

#endif
