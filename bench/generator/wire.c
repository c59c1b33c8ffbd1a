/* Raw RFC 6455 client side: masked frames out, unmasked frames in, and a latency histogram.
 * Called by client.c and main.c. Never verifies Sec-WebSocket-Accept and never negotiates an extension. */
#define _GNU_SOURCE
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

uint64_t random_word(void) {
    static uint64_t state = 0;
    if (state == 0) state = (uint64_t)(now_seconds() * 1e9) ^ ((uint64_t)getpid() << 32) ^ 0x9e3779b97f4a7c15u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

double now_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

long frame_parse(const uint8_t *data, size_t length, struct frame *frame) {
    if (length < 2) return 0;
    size_t header = 2, size = data[1] & 0x7f;
    if ((data[0] & 0x70) != 0 || (data[1] & 0x80) != 0) return -1;
    if (size == 126) {
        if (length < 4) return 0;
        size = (size_t)data[2] << 8 | data[3];
        header = 4;
    } else if (size == 127) {
        if (length < 10) return 0;
        size = 0;
        for (int i = 2; i < 10; i++) size = size << 8 | data[i];
        header = 10;
        if (size > 1u << 30) return -1;
    }
    if (length < header + size) return 0;
    frame->opcode = data[0] & 0x0f;
    frame->fin = (data[0] & 0x80) != 0;
    frame->payload = data + header;
    frame->length = size;
    return (long)(header + size);
}

size_t frame_build(uint8_t *out, int opcode, const uint8_t *payload, size_t length) {
    size_t at = 0;
    uint32_t word = (uint32_t)random_word();
    uint8_t mask[4];
    memcpy(mask, &word, 4);
    out[at++] = (uint8_t)(0x80 | opcode);
    if (length < 126) {
        out[at++] = (uint8_t)(0x80 | length);
    } else if (length < 65536) {
        out[at++] = 0x80 | 126;
        out[at++] = (uint8_t)(length >> 8);
        out[at++] = (uint8_t)length;
    } else {
        out[at++] = 0x80 | 127;
        for (int shift = 56; shift >= 0; shift -= 8) out[at++] = (uint8_t)((uint64_t)length >> shift);
    }
    memcpy(out + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < length; i++) out[at + i] = payload[i] ^ mask[i & 3];
    return at + length;
}

static int histogram_slot(double seconds) {
    double us = seconds * 1e6;
    if (us < 1) us = 1;
    uint64_t whole = (uint64_t)us;
    int octave = 63 - __builtin_clzll(whole);
    if (octave > 31) return HISTOGRAM_SIZE - 1;
    double part = us / (double)(1ull << octave) - 1.0;
    int slot = octave * HISTOGRAM_STEPS + (int)(part * HISTOGRAM_STEPS);
    return slot < HISTOGRAM_SIZE ? slot : HISTOGRAM_SIZE - 1;
}

void histogram_add(struct histogram *histogram, double seconds, uint64_t count) {
    histogram->counts[histogram_slot(seconds)] += count;
    histogram->total += count;
}

double histogram_quantile_ms(const struct histogram *histogram, double quantile) {
    uint64_t wanted = (uint64_t)(quantile * (double)histogram->total), seen = 0;
    if (histogram->total == 0) return 0;
    for (int slot = 0; slot < HISTOGRAM_SIZE; slot++) {
        seen += histogram->counts[slot];
        if (seen > wanted || seen == histogram->total) {
            double low = (double)(1ull << (slot / HISTOGRAM_STEPS));
            return low * (1.0 + (slot % HISTOGRAM_STEPS + 0.5) / HISTOGRAM_STEPS) / 1000.0;
        }
    }
    return 0;
}

static double cpu_seconds_of_one(long pid) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0; /* ended: what it used before is lost to /proc, the orchestrator notices a dead server */
    size_t got = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[got] = 0;
    char *rest = strrchr(line, ')'); /* the program's name may hold spaces and brackets */
    unsigned long user = 0, system = 0;
    if (!rest || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) return 0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

double cpu_seconds_of(const char *pids) {
    double sum = 0;
    for (const char *at = pids; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) sum += cpu_seconds_of_one(atol(at));
    return sum;
}

double cpu_seconds_all(void) {
    unsigned long long user = 0, nice = 0, system = 0, idle, wait, irq = 0, soft = 0, stolen = 0;
    FILE *file = fopen("/proc/stat", "r");
    int got = file ? fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait, &irq, &soft, &stolen) : 0;
    if (file) fclose(file);
    return got == 8 ? (double)(user + nice + system + irq + soft + stolen) / (double)sysconf(_SC_CLK_TCK) : 0;
}

double cpu_seconds_own(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}
