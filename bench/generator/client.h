/* One WebSocket connection of the generator as a state machine over epoll.
 * Called by main.c, load.c, edit.c and tongues.c. Never decides what to send or what counts: the callbacks in struct pool do. */
#ifndef CLIENT_H
#define CLIENT_H
#include "wire.h"

enum state { CLIENT_IDLE, CLIENT_CONNECTING, CLIENT_UPGRADING, CLIENT_GREETING, CLIENT_JOINING, CLIENT_READY, CLIENT_ENDED };

struct client {
    int fd, index;
    enum state state;
    bool wants_write;
    uint8_t *in, *out;
    size_t in_length, out_length, out_sent;
    uint64_t frames, frames_reported;
    double started_at;
};

/* What a subject's protocol looks like; every text may be NULL. */
struct dialect {
    const char *path, *origin;
    const char *hello;    /* wait for a frame that holds this before joining */
    const char *join;     /* then send this */
    const char *joined;   /* and wait for a frame that holds this */
    const char *message;  /* what a sender publishes: %m marker, %r ref, %u a fresh UUID */
    const char *counts;   /* only frames that start with this are deliveries */
    const char *ack;      /* frames that start with this answer a ref */
    const char *refused;  /* frames that start with this are refusals */
    const char *received; /* flow control: %c frames taken so far, sent every received_every frames */
    const char *heartbeat, *heartbeat_answer; /* application-level ping (engine.io) */
    int received_every;
};

struct pool {
    struct client *clients;
    int count, epoll;
    int ready, ended; /* in state READY; ended against our will */
    uint16_t port;
    char **cookies;
    int cookie_count;
    struct dialect dialect;
    bool closing; /* the end is ours: a connection that ends is no failure */
    void (*begin)(struct pool *pool, struct client *client); /* joins; NULL: as the dialect says */
    bool (*joined)(struct pool *pool, struct client *client, const uint8_t *text, size_t length); /* is that the answer? */
    void (*on_ready)(struct pool *pool, struct client *client);
    void (*on_text)(struct pool *pool, struct client *client, const uint8_t *text, size_t length, double now);
};

void client_open(struct pool *pool, int index);
void client_send(struct pool *pool, struct client *client, int opcode, const char *payload, size_t length);
void client_close(struct pool *pool, struct client *client);
void client_report_received(struct pool *pool, struct client *client);
bool starts_with(const uint8_t *text, size_t length, const char *prefix);
/* Handles what epoll has to say within timeout_ms; false when that was nothing. */
bool pool_poll(struct pool *pool, int timeout_ms);
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#endif
