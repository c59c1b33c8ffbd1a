/* The three kinds of work: load (publish and count), connect (open and close), idle (open and wait).
 * Called by main.c. Never knows which server it talks to: the dialect tells. */
#define _GNU_SOURCE
#include "load.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bill.h"

enum { SLOTS = 1 << 16, FIRST_REF = 2 };
static const double OPEN_SECONDS = 180, LOSS_SECONDS = 4, SWEEP_SECONDS = 1;

struct flight {
    double sent_at;
    int received;
    bool open;
};

static struct {
    const struct plan *plan;
    struct flight flights[SLOTS];
    uint32_t next_id, oldest_id;
    int outstanding, window;
    uint64_t published, delivered, acked, refused, given_up;
    double last_delivery_at, waited_seconds;
    struct histogram deliveries, acks;
} work;

void open_all(struct pool *pool, const struct plan *plan) {
    double end = now_seconds() + OPEN_SECONDS;
    int opened = 0;
    while (pool->ready < plan->connections) {
        while (opened < plan->connections && opened - pool->ready < plan->concurrency) client_open(pool, opened++);
        pool_poll(pool, 100);
        if (now_seconds() > end) fail("only %d of %d sockets were ready after %.0f s", pool->ready, plan->connections, OPEN_SECONDS);
    }
}

/* The marker is '~' and eight hex digits; it is looked for where the last frame had it. */
static bool find_marker(const uint8_t *text, size_t length, uint32_t *id) {
    static size_t last = 0;
    const uint8_t *at = last + 9 <= length && text[last] == '~' ? text + last : memchr(text, '~', length);
    if (!at || (size_t)(text + length - at) < 9) return false;
    uint32_t value = 0;
    for (int i = 1; i <= 8; i++) {
        int c = at[i], digit = c <= '9' ? c - '0' : c - 'a' + 10;
        if (digit < 0 || digit > 15) return false;
        value = value << 4 | (uint32_t)digit;
    }
    last = (size_t)(at - text);
    *id = value;
    return true;
}

static void finish(struct flight *flight) {
    flight->open = false;
    work.outstanding--;
}

static struct flight *flight_of_ack(const uint8_t *text, size_t length) {
    const uint8_t *at = memmem(text, length > 80 ? 80 : length, "\"ref\":", 6);
    long ref = at ? strtol((const char *)at + 6, NULL, 10) : 0; /* a digit is always followed by ',' or '}' */
    return ref >= FIRST_REF ? &work.flights[(ref - FIRST_REF) % SLOTS] : NULL;
}

static void on_answer(const uint8_t *text, size_t length, bool accepted, double now) {
    struct flight *flight = flight_of_ack(text, length);
    if (!flight || !flight->open) return;
    if (accepted) {
        work.acked++;
        histogram_add(&work.acks, now - flight->sent_at, 1);
    } else if (work.refused++ < 3) {
        fprintf(stderr, "generator: refused: %.*s\n", (int)length, text);
    }
    if (work.plan->by_ack || !accepted) finish(flight);
}

static void on_text(struct pool *pool, struct client *client, const uint8_t *text, size_t length, double now) {
    (void)client;
    uint32_t id;
    const struct dialect *dialect = &pool->dialect;
    if (starts_with(text, length, dialect->ack)) {
        on_answer(text, length, true, now);
    } else if (starts_with(text, length, dialect->refused)) {
        on_answer(text, length, false, now);
    } else if ((!dialect->counts || starts_with(text, length, dialect->counts)) && find_marker(text, length, &id)) {
        struct flight *flight = &work.flights[id % SLOTS];
        work.delivered++;
        work.last_delivery_at = now;
        histogram_add(&work.deliveries, now - flight->sent_at, 1);
        if (++flight->received == work.plan->connections && flight->open && !work.plan->by_ack) finish(flight);
    }
}

/* Fills the message's template in; the template's size is checked in main. */
static size_t fill(char *out, const char *template, uint32_t id) {
    char *to = out;
    for (const char *at = template; *at; at++) {
        if (*at != '%') {
            *to++ = *at;
        } else if (*++at == 'm') {
            to += sprintf(to, "~%08x", id);
        } else if (*at == 'r') {
            to += sprintf(to, "%u", id + FIRST_REF);
        } else if (*at == 'u') {
            uint64_t a = random_word(), b = random_word();
            to += sprintf(to, "%08x-%04x-4%03x-a%03x-%012llx", (uint32_t)a, (uint32_t)(a >> 32) & 0xffff, (uint32_t)(a >> 52),
                          (uint32_t)b & 0xfff, (unsigned long long)(b >> 16));
        }
    }
    return (size_t)(to - out);
}

static void publish(struct pool *pool) {
    char text[8192];
    uint32_t id = work.next_id++;
    struct client *client = &pool->clients[id % (uint32_t)work.plan->senders * (uint32_t)(work.plan->connections / work.plan->senders)];
    struct flight *flight = &work.flights[id % SLOTS];
    if (client->state != CLIENT_READY) fail("a sender's socket ended");
    *flight = (struct flight){.sent_at = now_seconds(), .open = true};
    work.outstanding++;
    work.published++;
    client_send(pool, client, OP_TEXT, text, fill(text, pool->dialect.message, id));
}

/* A message that did not come back in time is lost: its place in the window is freed. */
static void give_up_on_old(double now) {
    for (; work.oldest_id < work.next_id; work.oldest_id++) {
        struct flight *flight = &work.flights[work.oldest_id % SLOTS];
        if (flight->open && now - (work.last_delivery_at > flight->sent_at ? work.last_delivery_at : flight->sent_at) < LOSS_SECONDS) break;
        if (flight->open) {
            finish(flight);
            work.given_up++;
        }
    }
}

void sweep(struct pool *pool) {
    for (int i = 0; pool->dialect.received && i < pool->count; i++) {
        struct client *client = &pool->clients[i];
        if (client->state == CLIENT_READY && client->frames != client->frames_reported) client_report_received(pool, client);
    }
}

/* Publishes for some seconds and returns when nothing is on its way any more. A fan-out never sleeps: a sleeping reader
 * makes the server's kernel pay for waking it, most of all a slow server's, and no reader on another machine would.
 * Stored messages leave this core's free time to the database. */
static void publish_for(struct pool *pool, double seconds) {
    double start = now_seconds(), now = start, swept_at = start;
    uint64_t refused = work.refused;
    work.waited_seconds = 0;
    work.published = work.delivered = work.acked = work.given_up = 0;
    work.last_delivery_at = start;
    do {
        while (now - start < seconds && work.outstanding < work.window) publish(pool);
        bool busy = pool_poll(pool, work.plan->by_ack ? 20 : 0);
        double before = now;
        now = now_seconds();
        if (!busy) work.waited_seconds += now - before;
        if (now - swept_at > SWEEP_SECONDS) {
            sweep(pool);
            give_up_on_old(now);
            swept_at = now;
        }
        if (pool->ended) fail("%d sockets ended under load", pool->ended);
    } while (now - start < seconds || work.outstanding > 0 ||
             (work.delivered < (work.published - (work.refused - refused)) * (uint64_t)work.plan->connections &&
              now - work.last_delivery_at < LOSS_SECONDS));
}

static void measure(struct pool *pool, const struct plan *plan, double opening) {
    publish_for(pool, plan->warmup_seconds);
    memset(&work.deliveries, 0, sizeof work.deliveries);
    memset(&work.acks, 0, sizeof work.acks);
    work.refused = 0;
    struct bill bill = bill_begin(plan->pids);
    publish_for(pool, plan->seconds);
    double elapsed = work.last_delivery_at - bill.start, busy = now_seconds() - bill.start - work.waited_seconds;
    uint64_t expected = (work.published - work.refused) * (uint64_t)plan->connections;
    putchar('{');
    bill_print(&bill, plan->pids);
    printf("\"connections\":%d,\"window\":%d,\"open_seconds\":%.3f,\"seconds\":%.3f,\"published\":%llu,\"deliveries\":%llu,"
           "\"lost\":%lld,\"refused\":%llu,\"acks\":%llu,\"generator_busy_seconds\":%.3f,"
           "\"delivery_p50_ms\":%.3f,\"delivery_p99_ms\":%.3f,\"ack_p50_ms\":%.3f,\"ack_p99_ms\":%.3f}\n",
           plan->connections, work.window, opening, elapsed, (unsigned long long)work.published,
           (unsigned long long)work.delivered, (long long)(expected - work.delivered), (unsigned long long)work.refused,
           (unsigned long long)work.acked, busy, histogram_quantile_ms(&work.deliveries, 0.5),
           histogram_quantile_ms(&work.deliveries, 0.99), histogram_quantile_ms(&work.acks, 0.5),
           histogram_quantile_ms(&work.acks, 0.99));
    fflush(stdout);
}

/* The sockets stay open from one window to the next. */
void run_load(struct pool *pool, const struct plan *plan) {
    pool->on_text = on_text;
    work.plan = plan;
    double opening = now_seconds();
    open_all(pool, plan);
    opening = now_seconds() - opening;
    for (double end = now_seconds() + 0.3; now_seconds() < end;) pool_poll(pool, 50);
    for (const char *at = plan->windows; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        work.window = atoi(at);
        if (work.window < 1 || work.window > SLOTS / 2) fail("a window is 1 to %d messages, not '%s'", SLOTS / 2, at);
        measure(pool, plan, opening);
    }
}

static struct histogram connects;

static void on_connected(struct pool *pool, struct client *client) {
    histogram_add(&connects, now_seconds() - client->started_at, 1);
    client_close(pool, client);
}

/* Each of the pool's clients is opened once; as many as concurrency at a time. */
void run_connect(struct pool *pool, const struct plan *plan) {
    pool->on_ready = on_connected;
    struct bill bill = bill_begin(plan->pids);
    double start = bill.start;
    int opened = 0, closed = 0;
    while (closed < plan->connections && now_seconds() - start < plan->seconds) {
        while (opened < plan->connections && opened - closed < plan->concurrency) client_open(pool, opened++);
        pool_poll(pool, 100);
        closed = (int)connects.total;
    }
    double elapsed = now_seconds() - start;
    putchar('{');
    bill_print(&bill, plan->pids);
    printf("\"connects\":%d,\"seconds\":%.3f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n", closed, elapsed,
           histogram_quantile_ms(&connects, 0.5), histogram_quantile_ms(&connects, 0.99));
    pool->closing = true;
}

/* Says when all are open, answers pings until standard input ends. */
void run_idle(struct pool *pool, const struct plan *plan) {
    work.plan = plan;
    open_all(pool, plan);
    printf("{\"connections\":%d}\n", pool->ready);
    fflush(stdout);
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char byte;
    while (poll(&input, 1, 0) == 0 || read(STDIN_FILENO, &byte, 1) > 0) {
        pool_poll(pool, 100);
        sweep(pool);
        if (pool->ended) fail("%d idle sockets ended", pool->ended);
    }
}
