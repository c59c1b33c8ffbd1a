/* The load generator: many WebSocket clients in one thread of one process, driven by epoll.
 * Called by bench/drive.py with --name value pairs; prints one line of JSON.
 * Never starts a server and never compares subjects. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "edit.h"

static char **arguments;

static const char *option(const char *name, const char *otherwise) {
    for (char **at = arguments; at[0] && at[1]; at += 2) {
        if (!strncmp(at[0], "--", 2) && !strcmp(at[0] + 2, name)) return at[1];
    }
    return otherwise;
}

static double number(const char *name, double otherwise) {
    const char *text = option(name, NULL);
    char *end = NULL;
    double value = text ? strtod(text, &end) : otherwise;
    if (text && (end == text || *end)) fail("--%s wants a number, not '%s'", name, text);
    return value;
}

static void read_cookies(struct pool *pool, const char *path) {
    char line[1024];
    FILE *file = fopen(path, "r");
    if (!file) fail("cannot read the cookies in %s", path);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        pool->cookies = realloc(pool->cookies, sizeof *pool->cookies * (size_t)(pool->cookie_count + 1));
        pool->cookies[pool->cookie_count++] = strdup(line);
    }
    fclose(file);
}

static void read_dialect(struct dialect *dialect) {
    *dialect = (struct dialect){
        .path = option("path", "/"),
        .origin = option("origin", NULL),
        .hello = option("hello", NULL),
        .join = option("join", NULL),
        .joined = option("joined", NULL),
        .message = option("message", NULL),
        .counts = option("counts", NULL),
        .ack = option("ack", NULL),
        .refused = option("refused", NULL),
        .received = option("received", NULL),
        .heartbeat = option("heartbeat", NULL),
        .heartbeat_answer = option("heartbeat-answer", NULL),
        .received_every = (int)number("received-every", 50),
    };
    if (dialect->message && strlen(dialect->message) > 4096) fail("the message is too long");
    if (dialect->received && !strstr(dialect->received, "%c")) fail("--received needs %%c");
}

static void allow_many_files(int wanted) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if ((int)limit.rlim_cur < wanted) fail("needs %d open files, the limit is %d", wanted, (int)limit.rlim_cur);
}

int main(int argc, char **argv) {
    struct pool pool = {0};
    if (argc < 2 || argc % 2) fail("usage: generator load|edit|connect|idle --port N [--name value …]");
    arguments = argv + 2;
    signal(SIGPIPE, SIG_IGN);
    const char *mode = argv[1], *cookies = option("cookies", NULL);
    struct plan plan = {
        .connections = (int)number("connections", 50),
        .concurrency = (int)number("concurrency", 32),
        .senders = (int)number("senders", 1),
        .by_ack = !strcmp(option("done", "all"), "ack"),
        .seconds = number("seconds", 3),
        .warmup_seconds = number("warmup", 1),
        .windows = option("windows", "1"),
        .pids = option("pids", ""),
    };
    struct edit_plan edits = {
        .tongue = option("tongue", ""),
        .document = option("document", ""),
        .length = (uint32_t)number("length", 0),
        .edits = (int)number("edits", 1),
        .rate = number("rate", 0),
    };
    read_dialect(&pool.dialect);
    allow_many_files(plan.connections + 64);
    if (cookies) read_cookies(&pool, cookies);
    if (number("cookie-count", pool.cookie_count) < pool.cookie_count) pool.cookie_count = (int)number("cookie-count", 0);
    pool.port = (uint16_t)number("port", 0);
    pool.count = plan.connections;
    pool.clients = calloc((size_t)pool.count, sizeof *pool.clients);
    pool.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!pool.clients || pool.epoll < 0) fail("cannot start");
    if (!strcmp(mode, "load") && pool.dialect.message && plan.senders > 0 && plan.senders <= plan.connections)
        run_load(&pool, &plan);
    else if (!strcmp(mode, "connect"))
        run_connect(&pool, &plan);
    else if (!strcmp(mode, "idle"))
        run_idle(&pool, &plan);
    else if (!strcmp(mode, "edit"))
        run_edit(&pool, &plan, &edits);
    else
        fail("what is '%s'? load (with --message), edit, connect or idle", mode);
    pool.closing = true;
    for (int i = 0; i < pool.count; i++) client_close(&pool, &pool.clients[i]);
    return 0;
}
