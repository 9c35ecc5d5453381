/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_frameworks.c - which framework a <reference href> stands for. The
 * first row whose text occurs in the href wins; the version is "current"
 * where the address tells none. References that match no row stay references.
 */
#include <ctype.h>
#include <string.h>

#include "plugins/oscap/import_private.h"

static const struct {
    const char *part, *name, *version;
} frameworks[] = {
    {"NIST.SP.800-53r5", "nist", "800-53r5"},
    {"NIST.SP.800-53r4", "nist", "800-53r4"},
    {"NIST.SP.800-53", "nist", "800-53"},
    {"NIST.SP.800-171", "cui", "800-171"},
    {"NIST.CSWP", "nist-csf", "1.1"},
    {"Debian_Benchmark_v1.0", "cis", "v1.0"},
    {"cisecurity.org/benchmark", "cis", "current"},
    {"benchmarks.cisecurity.org", "cis", "current"},
    {"cisecurity.org/controls", "cis-csc", "current"},
    {"cyber.mil/stigs/cci", "cci", "current"},
    {"operating-systems%2Cunix-linux", "stig", "current"},
    {"operating-systems%2Cgeneral-purpose-os", "srg", "current"},
    {"application-servers", "srg", "current"},
    {"container-platform", "srg", "current"},
    {"srg-stig-tools", "stigref", "current"},
    {"cyber.mil/stigs", "stig", "current"},
    {"niap-ccevs.org", "ospp", "current"},
    {"ssi.gouv.fr", "anssi", "current"},
    {"cyber.gouv.fr", "anssi", "current"},
    {"cjis-security-policy-v5_5", "cjis", "v5.5"},
    {"cjis-security-policy", "cjis", "current"},
    {"PCI_DSS_v3-2-1", "pci_dss", "v3.2.1"},
    {"PCI-DSS-v4_0", "pci_dss", "v4.0"},
    {"pcisecuritystandards.org", "pci_dss", "current"},
    {"CFR-2007-title45", "hipaa", "current"},
    {"54534.html", "iso27001", "2013"},
    {"isa-62443-3-3", "isa-62443", "3-3-2013"},
    {"isa-62443-2-1", "isa-62443", "2-1-2009"},
    {"isaca.org", "cobit", "5"},
    {"nerc.com", "nerc-cip", "current"},
    {"cyber.gov.au", "ism", "current"},
    {"bsi_it_gs_comp_2022", "bsi", "2022"},
    {"bsi.bund.de", "bsi", "current"},
};

/* The Australian ISM's controls are four digits, often without an address. */
static bool frameworks_is_ism(const char *href, const char *text)
{
    if (*href || strlen(text) != 4)
        return false;
    for (; *text; text++)
        if (!isdigit((unsigned char)*text))
            return false;
    return true;
}

bool import_framework_find(const char *href, const char *text,
                           struct import_framework *out)
{
    for (size_t i = 0; i < sizeof(frameworks) / sizeof(*frameworks); i++)
        if (strstr(href, frameworks[i].part)) {
            out->name = frameworks[i].name;
            out->version = frameworks[i].version;
            return true;
        }
    if (frameworks_is_ism(href, text)) {
        out->name = "ism";
        out->version = "current";
        return true;
    }
    return false;
}
