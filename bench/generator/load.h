/* The three kinds of work: load (publish and count), connect (open and close), idle (open and wait).
 * Called by main.c. Never knows which server it talks to: the dialect tells. */
#ifndef LOAD_H
#define LOAD_H
#include "client.h"

struct plan {
    int connections, concurrency, senders;
    bool by_ack; /* a message is done when its sender has the ack, not when every socket has it */
    double seconds, warmup_seconds;
    const char *pids;
    const char *windows; /* messages in flight, one measurement each: "1,4,16" */
};

/* Opens all sockets and returns when they are ready. */
void open_all(struct pool *pool, const struct plan *plan);
/* Tells the server about frames that were taken since the last report. */
void sweep(struct pool *pool);
void run_load(struct pool *pool, const struct plan *plan);
void run_connect(struct pool *pool, const struct plan *plan);
void run_idle(struct pool *pool, const struct plan *plan);
#endif
