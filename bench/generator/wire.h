/* Raw RFC 6455 client side: masked frames out, unmasked frames in, and a latency histogram.
 * Called by client.c and main.c. Never verifies Sec-WebSocket-Accept and never negotiates an extension. */
#ifndef WIRE_H
#define WIRE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OP_CONTINUATION = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

struct frame {
    int opcode;
    bool fin;
    const uint8_t *payload;
    size_t length;
};

/* Bytes of one whole frame at the start of data, 0 when more must be read, -1 when it is no server frame. */
long frame_parse(const uint8_t *data, size_t length, struct frame *frame);

/* Writes a masked frame to out (length + 14 bytes are enough) and returns its size. */
size_t frame_build(uint8_t *out, int opcode, const uint8_t *payload, size_t length);

uint64_t random_word(void);
double now_seconds(void);

/* 64 steps per doubling from 1 µs to about an hour: at most 1.6 % off. */
enum { HISTOGRAM_STEPS = 64, HISTOGRAM_SIZE = 33 * 64 };
struct histogram {
    uint64_t counts[HISTOGRAM_SIZE];
    uint64_t total;
};
void histogram_add(struct histogram *histogram, double seconds, uint64_t count);
double histogram_quantile_ms(const struct histogram *histogram, double quantile);

/* CPU seconds that the processes of a comma-separated list have used, from /proc/<pid>/stat. */
double cpu_seconds_of(const char *pids);
double cpu_seconds_own(void);
/* CPU seconds that anybody has used on this machine, stolen ones included. */
double cpu_seconds_all(void);
#endif
