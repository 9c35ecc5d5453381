/* SPDX-License-Identifier: Apache-2.0 */
/*
 * symbols.c - what a module exports: the defined global symbols of its dynamic
 * symbol table (System V ABI, chapters 4 and 5), read without loading it. The
 * file may be anything: every offset is checked.
 */
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#include "engine/conform/usage.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define SYMBOLS_FILE_MAX ((size_t)1 << 30)

typedef ElfW(Ehdr) symbols_header;
typedef ElfW(Shdr) symbols_section;
typedef ElfW(Sym) symbols_entry;

struct symbols_file {
    const char *data;
    size_t len;
};

static bool symbols_copy(const struct symbols_file *file, uint64_t offset,
                         void *out, size_t len)
{
    if (offset > file->len || len > file->len - offset)
        return false;
    memcpy(out, file->data + offset, len);
    return true;
}

/* A string of a string table, or NULL. */
static const char *symbols_text(const struct symbols_file *file,
                                const symbols_section *strings, uint64_t at)
{
    const uint64_t from = strings->sh_offset;

    if (from > file->len || strings->sh_size > file->len - from ||
        at >= strings->sh_size ||
        !memchr(file->data + from + at, '\0', strings->sh_size - at))
        return NULL;
    return file->data + from + at;
}

static bool symbols_is_exported(const symbols_entry *symbol)
{
    const unsigned bind = symbol->st_info >> 4;
    const unsigned visibility = symbol->st_other & 3;

    return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx < SHN_LORESERVE &&
           (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE) &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

/* What linkers put there by themselves. */
static bool symbols_is_usual(const char *name)
{
    static const char *const usual[] = {"_init", "_fini", "__bss_start",
                                        "_edata", "_end", "edata", "end"};

    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        if (strcmp(name, usual[i]) == 0)
            return true;
    return false;
}

static engine_status symbols_table(const struct symbols_file *file,
                                   const symbols_section *table,
                                   const symbols_section *strings,
                                   symbols_fn fn, void *user)
{
    const uint64_t count = table->sh_size / sizeof(symbols_entry);
    symbols_entry symbol;

    for (uint64_t i = 0; i < count; i++) {
        const char *name;

        if (!symbols_copy(file, table->sh_offset + i * sizeof(symbol),
                          &symbol, sizeof(symbol)))
            return ENGINE_EPARSE;
        if (!symbols_is_exported(&symbol))
            continue;
        name = symbols_text(file, strings, symbol.st_name);
        if (!name)
            return ENGINE_EPARSE;
        if (!symbols_is_usual(name))
            fn(name, (symbol.st_info & 15) == STT_FUNC, user);
    }
    return ENGINE_OK;
}

static engine_status symbols_sections(const struct symbols_file *file,
                                      const symbols_header *header,
                                      symbols_fn fn, void *user)
{
    symbols_section section, strings;

    for (unsigned i = 0; i < header->e_shnum; i++) {
        if (!symbols_copy(file, header->e_shoff + i * sizeof(section),
                          &section, sizeof(section)))
            return ENGINE_EPARSE;
        if (section.sh_type != SHT_DYNSYM)
            continue;
        if (section.sh_link >= header->e_shnum ||
            !symbols_copy(file,
                          header->e_shoff + section.sh_link * sizeof(strings),
                          &strings, sizeof(strings)))
            return ENGINE_EPARSE;
        return symbols_table(file, &section, &strings, fn, user);
    }
    return ENGINE_ENOTFOUND;
}

static bool symbols_is_ours(const symbols_header *header)
{
    const unsigned char class =
        sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;

    return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
           header->e_ident[EI_CLASS] == class &&
           header->e_type == ET_DYN &&
           header->e_shentsize == sizeof(symbols_section);
}

engine_status symbols_scan(const char *data, size_t len, symbols_fn fn,
                           void *user, engine_error *err)
{
    const struct symbols_file file = {data, len};
    symbols_header header;
    engine_status status;

    if (!symbols_copy(&file, 0, &header, sizeof(header)) ||
        !symbols_is_ours(&header))
        return engine_fail(err, ENGINE_EPARSE, "it is no shared object of "
                           "this machine");
    status = symbols_sections(&file, &header, fn, user);
    if (status == ENGINE_ENOTFOUND)
        return engine_fail(err, status, "it has no table of dynamic symbols");
    if (status < 0)
        return engine_fail(err, status, "its table of symbols is damaged");
    return ENGINE_OK;
}

engine_status symbols_read(const char *path, symbols_fn fn, void *user,
                           engine_error *err)
{
    char *data = NULL;
    size_t len = 0;
    engine_status status = file_read(path, SYMBOLS_FILE_MAX, &data, &len, err);

    if (status == ENGINE_OK)
        status = symbols_scan(data, len, fn, user, err);
    engine_free(data);
    return status;
}
