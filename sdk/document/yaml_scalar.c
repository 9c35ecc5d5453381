/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_scalar.c - the YAML 1.2 core schema: yes, no, on and off are strings,
 * 017 is seventeen. */
#include "sdk/document/yaml_scalar.h"

#include <math.h>
#include <string.h>

#include "sdk/document/number.h"

#define YAML_MAX_DIGITS 200 /* more do not fit a double: text */
#define YAML_TAG "tag:yaml.org,2002:"

static bool yaml_is(const struct reader_scalar *scalar, const char *word)
{
    return strlen(word) == scalar->len &&
           memcmp(scalar->text, word, scalar->len) == 0;
}

static bool yaml_is_one_of(const struct reader_scalar *scalar,
                           const char *const words[3])
{
    return yaml_is(scalar, words[0]) || yaml_is(scalar, words[1]) ||
           yaml_is(scalar, words[2]);
}

static bool yaml_resolve_word(struct reader_scalar *scalar)
{
    static const char *const nulls[] = {"null", "Null", "NULL"};
    static const char *const truths[] = {"true", "True", "TRUE"};
    static const char *const lies[] = {"false", "False", "FALSE"};

    if (!scalar->len || yaml_is(scalar, "~") || yaml_is_one_of(scalar, nulls)) {
        scalar->type = BSON_TYPE_NULL;
        return true;
    }
    scalar->integer = yaml_is_one_of(scalar, truths);
    if (!scalar->integer && !yaml_is_one_of(scalar, lies))
        return false;
    scalar->type = BSON_TYPE_BOOL;
    return true;
}

static bool yaml_resolve_special(struct reader_scalar *scalar)
{
    static const char *const infinities[] = {".inf", ".Inf", ".INF"};
    static const char *const nans[] = {".nan", ".NaN", ".NAN"};
    struct reader_scalar bare = *scalar;
    const bool sign =
        scalar->len && (scalar->text[0] == '-' || scalar->text[0] == '+');

    bare.text += sign;
    bare.len -= sign;
    if (yaml_is_one_of(&bare, infinities))
        scalar->number = scalar->text[0] == '-' ? -INFINITY : INFINITY;
    else if (!sign && yaml_is_one_of(&bare, nans))
        scalar->number = NAN;
    else
        return false;
    scalar->type = BSON_TYPE_DOUBLE;
    return true;
}

static size_t yaml_span(const char *text, size_t len, const char *digits)
{
    size_t at = 0;

    while (at < len && text[at] && strchr(digits, text[at]))
        at++;
    return at;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool yaml_is_decimal(const char *text, size_t len)
{
    static const char digits[] = "0123456789";
    size_t at = len && (text[0] == '-' || text[0] == '+');
    size_t whole, fraction = 0;

    whole = yaml_span(text + at, len - at, digits);
    at += whole;
    if (at < len && text[at] == '.') {
        at++;
        fraction = yaml_span(text + at, len - at, digits);
        at += fraction;
    }
    if (!whole && !fraction)
        return false;
    if (at < len && (text[at] == 'e' || text[at] == 'E')) {
        size_t exponent;

        at++;
        at += at < len && (text[at] == '-' || text[at] == '+');
        exponent = yaml_span(text + at, len - at, digits);
        if (!exponent)
            return false;
        at += exponent;
    }
    return at == len;
}

static bool yaml_resolve_prefixed(struct reader_scalar *scalar)
{
    const char *digits = scalar->text + 2;
    const size_t len = scalar->len;

    if (len < 3 || len > YAML_MAX_DIGITS || scalar->text[0] != '0')
        return false;
    if (scalar->text[1] == 'x' &&
        yaml_span(digits, len - 2, "0123456789abcdefABCDEF") == len - 2)
        number_parse_base(digits, len - 2, 16, scalar);
    else if (scalar->text[1] == 'o' &&
             yaml_span(digits, len - 2, "01234567") == len - 2)
        number_parse_base(digits, len - 2, 8, scalar);
    else
        return false;
    return true;
}

bool yaml_scalar_resolve(struct reader_scalar *scalar)
{
    if (yaml_resolve_word(scalar) || yaml_resolve_special(scalar) ||
        yaml_resolve_prefixed(scalar))
        return true;
    if (yaml_is_decimal(scalar->text, scalar->len))
        return number_parse(scalar->text, scalar->len, scalar);
    scalar->type = BSON_TYPE_UTF8;
    return true;
}

/* ---- explicit tags ----------------------------------------------------- */

static int yaml_base64_digit(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    return digit == '+' ? 62 : digit == '/' ? 63 : -1;
}

static bool yaml_decode(struct reader_scalar *scalar, uint8_t *out)
{
    uint32_t bits = 0;
    size_t digits = 0, padding = 0;

    scalar->binary_len = 0;
    for (size_t i = 0; i < scalar->len; i++) {
        const char byte = scalar->text[i];
        const int digit = yaml_base64_digit(byte);

        if (byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r')
            continue;
        padding += byte == '=';
        if (byte == '=')
            continue;
        if (digit < 0 || padding)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        if (++digits % 4 != 1)
            out[scalar->binary_len++] =
                (uint8_t)(bits >> (6 - 2 * ((digits - 1) % 4)));
    }
    return padding < 3 && (digits + padding) % 4 == 0;
}

static const char *yaml_binary(struct reader_scalar *scalar,
                               struct arena *arena)
{
    uint8_t *out = arena_alloc(arena, scalar->len + 1);

    if (!out)
        return "binary data that needs too much memory";
    if (!yaml_decode(scalar, out))
        return "malformed base64";
    scalar->type = BSON_TYPE_BINARY;
    scalar->binary = out;
    return NULL;
}

static const char *yaml_number(struct reader_scalar *scalar, bool whole)
{
    const bool typed = yaml_scalar_resolve(scalar);
    const bool integer =
        scalar->type == BSON_TYPE_INT32 || scalar->type == BSON_TYPE_INT64;

    if (!typed)
        return "a number out of range";
    if (whole)
        return integer ? NULL : "no integer";
    if (integer) {
        scalar->number = (double)scalar->integer;
        scalar->type = BSON_TYPE_DOUBLE;
    }
    return scalar->type == BSON_TYPE_DOUBLE ? NULL : "no number";
}

const char *yaml_scalar_tagged(struct reader_scalar *scalar, const char *tag,
                               struct arena *arena)
{
    const char *name = tag + strlen(YAML_TAG);

    if (strncmp(tag, YAML_TAG, strlen(YAML_TAG)) != 0)
        return "a tag that is not known here";
    scalar->type = BSON_TYPE_UTF8;
    if (strcmp(name, "str") == 0 || strcmp(name, "timestamp") == 0)
        return NULL;
    if (strcmp(name, "binary") == 0)
        return yaml_binary(scalar, arena);
    if (strcmp(name, "int") == 0 || strcmp(name, "float") == 0)
        return yaml_number(scalar, name[0] == 'i');
    if (strcmp(name, "bool") == 0)
        return yaml_resolve_word(scalar) && scalar->type == BSON_TYPE_BOOL
                   ? NULL
                   : "no boolean";
    if (strcmp(name, "null") == 0)
        return yaml_resolve_word(scalar) && scalar->type == BSON_TYPE_NULL
                   ? NULL
                   : "no null";
    return "a tag that is not known here";
}
