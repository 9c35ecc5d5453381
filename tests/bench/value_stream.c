/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_stream.c - how fast a list of pods is read: passed over, with what a
 * few rules look at, whole, and (for comparison) by yajl's event parser, which
 * builds nothing.
 *
 *     make tests/bench/value_stream && tests/bench/value_stream [FILE]
 *
 * FILE is a list as `kubectl get pods -A -o json --show-managed-fields` or an
 * API server gives it; without one, 2000 pods of 11 kB are made, half of it
 * managedFields.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yajl/yajl_parse.h>

#include "sdk/base/file.h"
#include "sdk/kit/expr.h"
#include "sdk/kit/value_stream.h"

#define BENCH_PODS 2000
#define BENCH_CHUNK ((size_t)16384) /* as libcurl delivers */
#define BENCH_SECONDS 1.0

/* ---- a list of pods ------------------------------------------------------- */

static void bench_container(struct buffer *out, int pod, int nth)
{
    buffer_printf(
        out,
        "{\"name\":\"app-%d\",\"image\":\"registry.example.com/team-%d/"
        "service@sha256:4b1d0c4a2d2aaf63b37111f34eb9fa89fa1bf53dd6e4ca954d47caeb"
        "ca4005%02d\",\"args\":[\"--config=/etc/app/config.yaml\",\"--listen="
        "0.0.0.0:8%03d\",\"--log-level=info\"],\"ports\":[{\"name\":\"http\","
        "\"containerPort\":8080,\"protocol\":\"TCP\"},{\"name\":\"metrics\","
        "\"containerPort\":9090,\"protocol\":\"TCP\"}],\"env\":[",
        nth, pod % 40, pod % 90, pod % 1000);
    for (int i = 0; i < 5; i++)
        buffer_printf(out,
                      "%s{\"name\":\"SETTING_%d\",\"value\":\"value of the "
                      "setting number %d\"}",
                      i ? "," : "", i, i * pod);
    buffer_puts(
        out,
        "],\"resources\":{\"limits\":{\"cpu\":\"500m\",\"memory\":\"512Mi\"},"
        "\"requests\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"}},"
        "\"volumeMounts\":[{\"name\":\"config\",\"mountPath\":\"/etc/app\","
        "\"readOnly\":true},{\"name\":\"kube-api-access-x7k2p\",\"readOnly\":"
        "true,\"mountPath\":\"/var/run/secrets/kubernetes.io/serviceaccount\"}]"
        ",\"livenessProbe\":{\"httpGet\":{\"path\":\"/healthz\",\"port\":8080,"
        "\"scheme\":\"HTTP\"},\"initialDelaySeconds\":10,\"timeoutSeconds\":1,"
        "\"periodSeconds\":10,\"successThreshold\":1,\"failureThreshold\":3},"
        "\"terminationMessagePath\":\"/dev/termination-log\","
        "\"terminationMessagePolicy\":\"File\",\"imagePullPolicy\":"
        "\"IfNotPresent\",\"securityContext\":{\"capabilities\":{\"drop\":["
        "\"ALL\"]},\"runAsNonRoot\":true,\"readOnlyRootFilesystem\":true,"
        "\"allowPrivilegeEscalation\":false}}");
}

static void bench_fields(struct buffer *out, const char *manager, int rounds)
{
    buffer_printf(out,
                  "{\"manager\":\"%s\",\"operation\":\"Update\",\"apiVersion\":"
                  "\"v1\",\"time\":\"2024-05-01T10:00:00Z\",\"fieldsType\":"
                  "\"FieldsV1\",\"fieldsV1\":{\"f:metadata\":{\"f:labels\":{"
                  "\".\":{},\"f:app\":{}}},\"f:spec\":{\"f:containers\":{",
                  manager);
    for (int i = 0; i < rounds; i++)
        buffer_printf(
            out,
            "%s\"k:{\\\"name\\\":\\\"app-%d\\\"}\":{\".\":{},\"f:args\":{},"
            "\"f:env\":{\".\":{},\"k:{\\\"name\\\":\\\"SETTING_0\\\"}\":{\".\":"
            "{},\"f:name\":{},\"f:value\":{}},\"k:{\\\"name\\\":\\\"SETTING_1"
            "\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}}},\"f:image\":{},"
            "\"f:imagePullPolicy\":{},\"f:livenessProbe\":{\".\":{},"
            "\"f:failureThreshold\":{},\"f:httpGet\":{\".\":{},\"f:path\":{},"
            "\"f:port\":{},\"f:scheme\":{}},\"f:periodSeconds\":{}},"
            "\"f:resources\":{\".\":{},\"f:limits\":{\".\":{},\"f:cpu\":{},"
            "\"f:memory\":{}}},\"f:terminationMessagePath\":{}}",
            i ? "," : "", i);
    buffer_puts(out, "},\"f:dnsPolicy\":{},\"f:restartPolicy\":{}}}}");
}

static void bench_pod(struct buffer *out, int pod)
{
    buffer_printf(
        out,
        "%s{\"metadata\":{\"name\":\"service-%d-7d9c6b5f4-%05d\",\"generateName"
        "\":\"service-%d-7d9c6b5f4-\",\"namespace\":\"team-%d\",\"uid\":"
        "\"1f0c5dfe-5c0f-4d6b-9d53-%012d\",\"resourceVersion\":\"%d\","
        "\"creationTimestamp\":\"2024-05-01T10:00:00Z\",\"labels\":{\"app\":"
        "\"service-%d\",\"pod-template-hash\":\"7d9c6b5f4\"},\"annotations\":{"
        "\"prometheus.io/scrape\":\"true\",\"note\":\"a \\\"quoted\\\" remark\""
        "},\"managedFields\":[",
        pod ? "," : "", pod % 100, pod, pod % 100, pod % 40, pod, 10000 + pod,
        pod % 100);
    bench_fields(out, "kube-controller-manager", 4);
    buffer_putc(out, ',');
    bench_fields(out, "kubelet", 4);
    buffer_puts(out, "]},\"spec\":{\"volumes\":[{\"name\":\"config\","
                     "\"configMap\":{\"name\":\"service-config\","
                     "\"defaultMode\":420}}],\"containers\":[");
    bench_container(out, pod, 0);
    buffer_putc(out, ',');
    bench_container(out, pod, 1);
    buffer_printf(
        out,
        "],\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":30,"
        "\"dnsPolicy\":\"ClusterFirst\",\"serviceAccountName\":\"default\","
        "\"nodeName\":\"node-%d\",\"hostNetwork\":%s,\"securityContext\":{},"
        "\"schedulerName\":\"default-scheduler\",\"priority\":0,"
        "\"enableServiceLinks\":true},\"status\":{\"phase\":\"Running\","
        "\"conditions\":[",
        pod % 50, pod % 7 ? "false" : "true");
    for (int i = 0; i < 4; i++)
        buffer_printf(out,
                      "%s{\"type\":\"Condition%d\",\"status\":\"True\","
                      "\"lastProbeTime\":null,\"lastTransitionTime\":"
                      "\"2024-05-01T10:00:0%dZ\"}",
                      i ? "," : "", i, i);
    buffer_printf(out,
                  "],\"hostIP\":\"10.0.0.%d\",\"podIP\":\"10.1.%d.%d\","
                  "\"startTime\":\"2024-05-01T10:00:00Z\",\"qosClass\":"
                  "\"Burstable\"}}",
                  pod % 250, pod / 250, pod % 250);
}

static void bench_make(struct buffer *out)
{
    buffer_puts(out, "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":"
                     "{\"resourceVersion\":\"1234\"},\"items\":[");
    for (int pod = 0; pod < BENCH_PODS; pod++)
        bench_pod(out, pod);
    buffer_puts(out, "]}\n");
}

/* ---- the readers ---------------------------------------------------------- */

static engine_status bench_item(const struct value *item, const char *text,
                                size_t len, void *user, engine_error *err)
{
    (void)item;
    (void)text;
    (void)err;
    *(size_t *)user += len;
    return ENGINE_OK;
}

static bool bench_stream(const struct buffer *list, const void *mask)
{
    size_t total = 0;
    const struct value_stream_options options = {
        .list = "items", .mask = mask, .item = bench_item, .user = &total};
    struct value_stream *stream;
    const struct value *rest;
    engine_error err;
    bool done = true;

    if (value_stream_new(&options, &stream, &err) < 0)
        return false;
    for (size_t at = 0; done && at < list->len; at += BENCH_CHUNK) {
        const size_t left = list->len - at;

        done = value_stream_feed(stream, list->data + at,
                                 left < BENCH_CHUNK ? left : BENCH_CHUNK,
                                 &err) == ENGINE_OK;
    }
    done = done && value_stream_end(stream, &rest, &err) == ENGINE_OK;
    if (!done)
        fprintf(stderr, "%s\n", err.message);
    value_stream_free(stream);
    return done;
}

static int bench_one(void *user)
{
    ++*(size_t *)user;
    return 1;
}

static int bench_bool(void *user, int value)
{
    (void)value;
    return bench_one(user);
}

static int bench_text(void *user, const unsigned char *text, size_t len)
{
    (void)text;
    (void)len;
    return bench_one(user);
}

static int bench_number(void *user, const char *text, size_t len)
{
    (void)text;
    (void)len;
    return bench_one(user);
}

static bool bench_yajl(const struct buffer *list, const void *unused)
{
    static const yajl_callbacks callbacks = {
        bench_one, bench_bool, NULL,      NULL,      bench_number, bench_text,
        bench_one, bench_text, bench_one, bench_one, bench_one};
    size_t events = 0;
    yajl_handle parser = yajl_alloc(&callbacks, NULL, &events);
    yajl_status status = yajl_status_ok;

    (void)unused;
    for (size_t at = 0; status == yajl_status_ok && at < list->len;
         at += BENCH_CHUNK) {
        const size_t left = list->len - at;

        status = yajl_parse(parser, (const unsigned char *)list->data + at,
                            left < BENCH_CHUNK ? left : BENCH_CHUNK);
    }
    if (status == yajl_status_ok)
        status = yajl_complete_parse(parser);
    yajl_free(parser);
    return status == yajl_status_ok;
}

/* ---- measuring -------------------------------------------------------------- */

typedef bool (*bench_fn)(const struct buffer *list, const void *mask);

static double bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool bench_run(const char *name, bench_fn fn, const struct buffer *list,
                      const void *mask)
{
    double best = 0, spent = 0;

    while (spent < BENCH_SECONDS) {
        const double from = bench_now();
        double seconds;

        if (!fn(list, mask))
            return false;
        seconds = bench_now() - from;
        spent += seconds;
        if (!best || seconds < best)
            best = seconds;
    }
    printf("%-28s %8.0f MB/s\n", name, (double)list->len / 1e6 / best);
    return true;
}

static bool bench_wants(struct value_mask *mask, const char *const *paths)
{
    for (; *paths; paths++) {
        struct expr *expr;
        engine_status status;

        if (expr_compile(expr_language("yamlpath"), *paths, NULL, &expr, NULL) <
            0)
            return false;
        status = expr_wants(expr, mask);
        expr_free(expr);
        if (status < 0)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static const char *const few[] = {".metadata.name",
                                      ".metadata.namespace",
                                      ".metadata.uid",
                                      ".spec.hostNetwork",
                                      ".spec.containers[:].securityContext",
                                      NULL};
    static const char *const most[] = {".metadata.name",
                                       ".metadata.namespace",
                                       ".metadata.uid",
                                       ".metadata.labels",
                                       ".metadata.annotations",
                                       ".spec",
                                       NULL};
    struct value_mask *none = value_mask_new();
    struct value_mask *some = value_mask_new();
    struct value_mask *spec = value_mask_new();
    struct buffer list;
    bool done;

    buffer_init(&list, (size_t)1 << 30);
    if (argc < 2)
        bench_make(&list);
    else if (file_read(argv[1], (size_t)1 << 30, &list.data, &list.len, NULL))
        return 1;
    done = none && some && spec && bench_wants(some, few) &&
           bench_wants(spec, most) && buffer_status(&list, NULL) == ENGINE_OK;
    printf("%.1f MB\n", (double)list.len / 1e6);
    done =
        done && bench_run("nothing of an item", bench_stream, &list, none) &&
        bench_run("five paths", bench_stream, &list, some) &&
        bench_run("all but managedFields, status", bench_stream, &list, spec) &&
        bench_run("whole items", bench_stream, &list, NULL) &&
        bench_run("yajl, events only", bench_yajl, &list, NULL);
    value_mask_free(none);
    value_mask_free(some);
    value_mask_free(spec);
    buffer_clear(&list);
    return done ? 0 : 1;
}
