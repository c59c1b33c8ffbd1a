/* One WebSocket connection of the generator as a state machine over epoll.
 * Called by main.c, load.c, edit.c and tongues.c. Never decides what to send or what counts: the callbacks in struct pool do. */
#define _GNU_SOURCE
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024, EVENTS = 512 };
static uint8_t shared[READ_BYTES * 2];

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("generator: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void watch(struct pool *pool, struct client *client, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u32 = (uint32_t)client->index};
    if (epoll_ctl(pool->epoll, operation, client->fd, &event) != 0) fail("epoll_ctl: %s", strerror(errno));
}

void client_open(struct pool *pool, int index) {
    struct client *client = &pool->clients[index];
    memset(client, 0, sizeof *client);
    client->index = index;
    client->started_at = now_seconds();
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0) fail("socket: %s", strerror(errno));
    int on = 1;
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    /* Many source addresses, so that thousands of connects per second do not run out of ports in TIME_WAIT. */
    static uint32_t turn = 0;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002u + turn++ % 200)};
    if (bind(client->fd, (struct sockaddr *)&from, sizeof from) != 0) fail("bind: %s", strerror(errno));
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(pool->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(client->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) fail("connect: %s", strerror(errno));
    client->state = CLIENT_CONNECTING;
    watch(pool, client, EPOLL_CTL_ADD, EPOLLOUT);
}

static void forget(struct pool *pool, struct client *client) {
    if (client->state == CLIENT_READY) pool->ready--;
    close(client->fd);
    free(client->in);
    free(client->out);
    client->in = client->out = NULL;
    client->state = CLIENT_ENDED;
}

static void lost(struct pool *pool, struct client *client, const char *why) {
    if (!pool->closing) {
        if (client->state < CLIENT_READY) fail("socket %d ended before it was ready: %s", client->index, why);
        if (pool->ended++ < 3) fprintf(stderr, "generator: socket %d ended: %s\n", client->index, why);
    }
    forget(pool, client);
}

static void flush(struct pool *pool, struct client *client) {
    while (client->out_sent < client->out_length) {
        ssize_t sent = send(client->fd, client->out + client->out_sent, client->out_length - client->out_sent, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (!client->wants_write) watch(pool, client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            client->wants_write = true;
            return;
        }
        if (sent < 0) {
            lost(pool, client, strerror(errno));
            return;
        }
        client->out_sent += (size_t)sent;
    }
    client->out_length = client->out_sent = 0;
    if (client->wants_write) watch(pool, client, EPOLL_CTL_MOD, EPOLLIN);
    client->wants_write = false;
}

static void queue_bytes(struct client *client, const uint8_t *bytes, size_t length) {
    client->out = realloc(client->out, client->out_length + length);
    if (!client->out) fail("out of memory");
    memcpy(client->out + client->out_length, bytes, length);
    client->out_length += length;
}

void client_send(struct pool *pool, struct client *client, int opcode, const char *payload, size_t length) {
    uint8_t frame[65536];
    if (length > sizeof frame - 14) fail("a message of %zu bytes is too long for this generator", length);
    if (client->state == CLIENT_ENDED) return;
    queue_bytes(client, frame, frame_build(frame, opcode, (const uint8_t *)payload, length));
    flush(pool, client);
}

void client_close(struct pool *pool, struct client *client) {
    if (client->state == CLIENT_ENDED || client->state == CLIENT_IDLE) return;
    client_send(pool, client, OP_CLOSE, "\x03\xe8", 2);
    if (client->state != CLIENT_ENDED) forget(pool, client);
}

void client_report_received(struct pool *pool, struct client *client) {
    char text[256];
    const char *at = strstr(pool->dialect.received, "%c");
    int length = snprintf(text, sizeof text, "%.*s%llu%s", (int)(at - pool->dialect.received), pool->dialect.received,
                          (unsigned long long)client->frames, at + 2);
    client->frames_reported = client->frames;
    client_send(pool, client, OP_TEXT, text, (size_t)length);
}

static void upgrade(struct pool *pool, struct client *client) {
    char request[2048];
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        lost(pool, client, strerror(error));
        return;
    }
    const char *cookie = pool->cookie_count ? pool->cookies[client->index % pool->cookie_count] : "";
    const char *origin = pool->dialect.origin;
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n%s%s%s%s%s%s\r\n",
                          pool->dialect.path, pool->port, origin ? "Origin: " : "", origin ? origin : "", origin ? "\r\n" : "",
                          *cookie ? "Cookie: " : "", cookie, *cookie ? "\r\n" : "");
    if (length >= (int)sizeof request) fail("the upgrade request is too long");
    client->state = CLIENT_UPGRADING;
    watch(pool, client, EPOLL_CTL_MOD, EPOLLIN);
    queue_bytes(client, (uint8_t *)request, (size_t)length);
    flush(pool, client);
}

static void become_ready(struct pool *pool, struct client *client) {
    client->state = CLIENT_READY;
    pool->ready++;
    if (pool->on_ready) pool->on_ready(pool, client);
}

static void join(struct pool *pool, struct client *client) {
    if (pool->begin) pool->begin(pool, client);
    else if (pool->dialect.join) client_send(pool, client, OP_TEXT, pool->dialect.join, strlen(pool->dialect.join));
    if (client->state == CLIENT_ENDED) return;
    if (pool->joined || pool->dialect.joined)
        client->state = CLIENT_JOINING;
    else
        become_ready(pool, client);
}

bool starts_with(const uint8_t *text, size_t length, const char *prefix) {
    size_t size = prefix ? strlen(prefix) : 0;
    return size && length >= size && !memcmp(text, prefix, size);
}

/* Flow control counts events only: neither the greeting nor answers. */
static bool counts_for_window(const struct dialect *dialect, const struct client *client, const struct frame *frame) {
    return client->state != CLIENT_GREETING && !starts_with(frame->payload, frame->length, dialect->ack) &&
           !starts_with(frame->payload, frame->length, dialect->refused);
}

static bool is_joined(struct pool *pool, struct client *client, const struct frame *frame) {
    const char *joined = pool->dialect.joined;
    if (pool->joined) return pool->joined(pool, client, frame->payload, frame->length);
    return memmem(frame->payload, frame->length, joined, strlen(joined)) != NULL;
}

static void on_text(struct pool *pool, struct client *client, const struct frame *frame, double now) {
    const struct dialect *dialect = &pool->dialect;
    if (dialect->heartbeat && frame->length == strlen(dialect->heartbeat) && !memcmp(frame->payload, dialect->heartbeat, frame->length)) {
        client_send(pool, client, OP_TEXT, dialect->heartbeat_answer, strlen(dialect->heartbeat_answer));
        return;
    }
    if (counts_for_window(dialect, client, frame)) client->frames++;
    if (client->state == CLIENT_GREETING) {
        if (memmem(frame->payload, frame->length, dialect->hello, strlen(dialect->hello))) join(pool, client);
        else fail("socket %d was greeted with: %.*s", client->index, (int)frame->length, frame->payload);
    } else if (client->state == CLIENT_JOINING) {
        if (is_joined(pool, client, frame)) become_ready(pool, client);
    } else if (pool->on_text) {
        pool->on_text(pool, client, frame->payload, frame->length, now);
    }
    if (client->state != CLIENT_ENDED && dialect->received && client->frames - client->frames_reported >= (uint64_t)dialect->received_every)
        client_report_received(pool, client);
}

/* Returns the bytes used of a piece of the stream. */
static size_t take_frames(struct pool *pool, struct client *client, const uint8_t *data, size_t length, double now) {
    size_t used = 0;
    struct frame frame;
    while (client->state != CLIENT_ENDED) {
        long size = frame_parse(data + used, length - used, &frame);
        if (size == 0) break;
        if (size < 0) fail("socket %d got bytes that are no server frame", client->index);
        used += (size_t)size;
        if (frame.opcode == OP_TEXT || frame.opcode == OP_BINARY) {
            if (!frame.fin) fail("socket %d got a fragmented message: count those before you compare", client->index);
            on_text(pool, client, &frame, now);
        } else if (frame.opcode == OP_PING) {
            client_send(pool, client, OP_PONG, (const char *)frame.payload, frame.length);
        } else if (frame.opcode == OP_CLOSE) {
            char why[160];
            int code = frame.length >= 2 ? frame.payload[0] << 8 | frame.payload[1] : 1005;
            snprintf(why, sizeof why, "closed with %d %.*s", code, frame.length > 2 ? (int)frame.length - 2 : 0, frame.payload + 2);
            lost(pool, client, why);
        }
    }
    return used;
}

static size_t take_upgrade(struct pool *pool, struct client *client, const uint8_t *data, size_t length) {
    const uint8_t *end = memmem(data, length, "\r\n\r\n", 4);
    if (!end) return 0;
    if (length < 12 || memcmp(data, "HTTP/1.1 101", 12)) fail("socket %d was refused: %.*s", client->index, (int)(length > 300 ? 300 : length), data);
    if (pool->dialect.hello)
        client->state = CLIENT_GREETING;
    else
        join(pool, client);
    return (size_t)(end - data) + 4;
}

static void readable(struct pool *pool, struct client *client) {
    size_t held = client->in_length;
    memcpy(shared, client->in, held);
    ssize_t got = recv(client->fd, shared + held, READ_BYTES, 0);
    if (got <= 0) {
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        lost(pool, client, got == 0 ? "end of stream" : strerror(errno));
        return;
    }
    size_t length = held + (size_t)got, used = 0;
    if (client->state == CLIENT_UPGRADING) used = take_upgrade(pool, client, shared, length);
    if (client->state > CLIENT_UPGRADING && client->state != CLIENT_ENDED)
        used += take_frames(pool, client, shared + used, length - used, now_seconds());
    if (client->state == CLIENT_ENDED) return;
    size_t rest = length - used;
    if (rest > READ_BYTES) fail("a frame is larger than %d bytes", READ_BYTES);
    if (rest) {
        client->in = realloc(client->in, rest);
        if (!client->in) fail("out of memory");
        memcpy(client->in, shared + used, rest);
    }
    client->in_length = rest;
}

bool pool_poll(struct pool *pool, int timeout_ms) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(pool->epoll, events, EVENTS, timeout_ms);
    for (int i = 0; i < count; i++) {
        struct client *client = &pool->clients[events[i].data.u32];
        if (client->state == CLIENT_ENDED) continue;
        if (client->state == CLIENT_CONNECTING) {
            upgrade(pool, client);
            continue;
        }
        if (events[i].events & EPOLLOUT) flush(pool, client);
        if (client->state != CLIENT_ENDED && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(pool, client);
    }
    return count > 0;
}
