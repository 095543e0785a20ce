#include "json.h"

#include <math.h>

static void add_key(struct json *j, const char *key)
{
    if (j->comma)
        fputc(',', j->file);
    j->comma = true;
    if (key)
        fprintf(j->file, "\"%s\":", key);
}

void json_open(struct json *j, const char *key)
{
    add_key(j, key);
    fputc('{', j->file);
    j->comma = false;
}

void json_close(struct json *j)
{
    fputc('}', j->file);
    j->comma = true;
}

void json_number(struct json *j, const char *key, double value)
{
    add_key(j, key);
    if (!isfinite(value))
        fputs("null", j->file);
    else if (value == floor(value) && fabs(value) < 1e15)
        fprintf(j->file, "%.0f", value);
    else
        fprintf(j->file, "%.6g", value);
}

void json_string(struct json *j, const char *key, const char *value)
{
    add_key(j, key);
    fputc('"', j->file);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            fputc('\\', j->file);
        if ((unsigned char)*value >= ' ')
            fputc(*value, j->file);
    }
    fputc('"', j->file);
}

void json_percentiles(struct json *j, const char *prefix, struct samples *us)
{
    static const struct {
        const char *suffix;
        double percent;
    } rows[] = {
        { "p50_us", 50 },    { "p90_us", 90 },  { "p99_us", 99 },
        { "p999_us", 99.9 }, { "max_us", 100 },
    };
    char key[64];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(key, sizeof key, "%s_%s", prefix, rows[i].suffix);
        json_number(j, key, samples_percentile(us, rows[i].percent));
    }
}
