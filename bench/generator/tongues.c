/* The wires of documents: ours, ours without a store, Yjs (y-websocket and Hocuspocus) and ShareDB.
 * Called by edit.c. Each does what the server's own client does for a letter that is typed, and no more. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edit.h"

/* A letter tells whose edit it is. */
static const char LETTERS[EDITORS + 1] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";

static int author_of(uint8_t letter) {
    const char *at = letter ? strchr(LETTERS, letter) : NULL;
    return at ? (int)(at - LETTERS) : -1;
}

static const uint8_t *after(const uint8_t *text, size_t length, const char *key) {
    const uint8_t *at = memmem(text, length, key, strlen(key));
    return at ? at + strlen(key) : NULL;
}

/* The number behind a key. Every text ends with a brace behind its last number. */
static uint32_t number_after(const uint8_t *text, size_t length, const char *key) {
    const uint8_t *at = after(text, length, key);
    if (!at) fail("no %s in %.*s", key, (int)(length > 300 ? 300 : length), text);
    return (uint32_t)strtoul((const char *)at, NULL, 10);
}

static void send_text(struct pool *pool, struct client *client, const char *text, int length) {
    client_send(pool, client, OP_TEXT, text, (size_t)length);
}

/* Ours: change sets on a version; the seq of what comes back is the version after it. */

static void ours_begin(struct pool *pool, struct client *client) {
    char text[256];
    send_text(pool, client, text,
              snprintf(text, sizeof text, "{\"type\":\"document.join\",\"ref\":0,\"topic\":\"document:%s\",\"data\":{\"client_id\":\"%d-bench\",\"version\":null}}",
                       edit_plan->document, client->index + 1));
}

static bool ours_joined(struct pool *pool, struct client *client, const uint8_t *text, size_t length) {
    if (starts_with(text, length, pool->dialect.refused)) fail("not joined: %.*s", (int)length, text);
    if (!starts_with(text, length, pool->dialect.ack)) return false;
    editor_of(client)->version = number_after(text, length, "\"version\":");
    return true;
}

static void ours_push(struct pool *pool, struct client *client, struct editor *editor, uint32_t count) {
    char text[EDITS_PER_PUSH * 48 + 256];
    uint32_t size = edit_plan->length + editor->version, place = edit_place(client, size);
    int length = sprintf(text, "{\"type\":\"document.push\",\"ref\":%u,\"topic\":\"document:%s\",\"data\":{\"version\":%u,\"updates\":[", editor->ref,
                         edit_plan->document, editor->version);
    for (uint32_t i = 0; i < count; i++, place++)
        length += sprintf(text + length, "%s[%u,[0,\"%c\"],%u]", i ? "," : "", place, LETTERS[client->index], size + i - place);
    send_text(pool, client, text, length + sprintf(text + length, "]}}"));
}

static void ours_take(struct pool *pool, struct client *client, const uint8_t *text, size_t length, double now) {
    struct editor *editor = editor_of(client);
    if (starts_with(text, length, pool->dialect.ack)) {
        if (number_after(text, length, "\"ref\":") == editor->ref) edit_acked(client, now);
    } else if (starts_with(text, length, pool->dialect.counts)) {
        uint32_t seq = number_after(text, length, "\"seq\":");
        const uint8_t *letter = after(text, length, "[0,\"");
        if (seq <= editor->version) return;
        if (seq != editor->version + 1 || !letter) fail("after version %u came %.*s", editor->version, (int)length, text);
        editor->version = seq;
        edit_heard(client, author_of(*letter), 1, now);
    } else if (starts_with(text, length, pool->dialect.refused) || starts_with(text, length, "{\"type\":\"reset\"")) {
        fail("refused: %.*s", (int)(length > 300 ? 300 : length), text);
    }
}

/* Ours without a store: the same letters through the hub alone. */

static void relay_push(struct pool *pool, struct client *client, struct editor *editor, uint32_t count) {
    char text[512];
    for (; count > 0; count--)
        send_text(pool, client, text,
                  snprintf(text, sizeof text,
                           "{\"type\":\"bench.relay\",\"ref\":%u,\"topic\":\"relay:%s\",\"data\":{\"message\":{\"kind\":\"update\",\"at\":\"2026-11-22T10:00:00Z\","
                           "\"author\":%d,\"room\":%u,\"id\":\"%d-bench\",\"body\":\"%u ~%c %u\"}}}",
                           editor->ref, edit_plan->document, client->index + 1, editor->sent, client->index + 1, edit_place(client, edit_plan->length),
                           LETTERS[client->index], edit_plan->length));
}

static void relay_take(struct pool *pool, struct client *client, const uint8_t *text, size_t length, double now) {
    if (starts_with(text, length, pool->dialect.refused)) fail("refused: %.*s", (int)length, text);
    const uint8_t *letter = starts_with(text, length, pool->dialect.counts) ? after(text, length, "~") : NULL;
    if (letter) edit_heard(client, author_of(*letter), 1, now);
}

/* Yjs, encoding 1: an item of letters behind one's last item, or between two letters of client 1, who wrote the text. */

enum { YJS_SYNC = 0, YJS_TOKEN = 2, YJS_STEP_1 = 0, YJS_STEP_2 = 1, YJS_UPDATE = 2, YJS_FIRST_CLIENT = 1000, YJS_STRING = 4 };

struct bytes {
    const uint8_t *at, *end;
};

static uint8_t *put_number(uint8_t *to, uint32_t value) {
    for (; value > 127; value >>= 7) *to++ = (uint8_t)(value | 128);
    *to++ = (uint8_t)value;
    return to;
}

static uint32_t take_number(struct bytes *bytes) {
    uint32_t value = 0;
    for (int shift = 0; bytes->at < bytes->end && shift < 35; shift += 7) {
        uint8_t byte = *bytes->at++;
        value |= (uint32_t)(byte & 127) << shift;
        if (byte < 128) return value;
    }
    fail("a number of Yjs ends too early");
}

/* Hocuspocus puts the document's name in front of every message. */
static uint8_t *put_name(uint8_t *to) {
    size_t length = strlen(edit_plan->document);
    if (!length) return to;
    to = put_number(to, (uint32_t)length);
    return (uint8_t *)memcpy(to, edit_plan->document, length) + length;
}

static void send_bytes(struct pool *pool, struct client *client, const uint8_t *start, const uint8_t *end) {
    client_send(pool, client, OP_BINARY, (const char *)start, (size_t)(end - start));
}

static void yjs_begin(struct pool *pool, struct client *client) {
    uint8_t message[512], *to;
    if (*edit_plan->document) {
        to = put_name(message);
        memcpy(to, (uint8_t[]){YJS_TOKEN, 0, 5, 't', 'o', 'k', 'e', 'n'}, 8);
        send_bytes(pool, client, message, to + 8);
    }
    to = put_name(message);
    memcpy(to, (uint8_t[]){YJS_SYNC, YJS_STEP_1, 1, 0}, 4); /* an empty state: send me all */
    send_bytes(pool, client, message, to + 4);
}

/* The kind of a sync message, -1 for any other; leaves the bytes at its content. */
static int yjs_kind(struct bytes *bytes) {
    if (*edit_plan->document) {
        uint32_t length = take_number(bytes);
        bytes->at += length;
    }
    return take_number(bytes) == YJS_SYNC ? (int)take_number(bytes) : -1;
}

static bool yjs_joined(struct pool *pool, struct client *client, const uint8_t *text, size_t length) {
    (void)pool, (void)client;
    return yjs_kind(&(struct bytes){text, text + length}) == YJS_STEP_2 && length > edit_plan->length;
}

static void yjs_push(struct pool *pool, struct client *client, struct editor *editor, uint32_t count) {
    uint8_t update[EDITS_PER_PUSH + 64], message[EDITS_PER_PUSH + 320], *to = update;
    uint32_t me = YJS_FIRST_CLIENT + (uint32_t)client->index, clock = editor->sent - count, place = edit_place(client, edit_plan->length);
    to = put_number(to, 1); /* one client, one struct */
    to = put_number(to, 1);
    to = put_number(put_number(to, me), clock);
    *to++ = 0x80 | 0x40 | YJS_STRING; /* left and right neighbour are named */
    to = clock ? put_number(put_number(to, me), clock - 1) : put_number(put_number(to, 1), place - 1);
    to = put_number(put_number(to, 1), place);
    to = put_number(to, count);
    memset(to, LETTERS[client->index], count);
    to += count;
    *to++ = 0; /* nothing deleted */
    uint8_t *end = put_name(message);
    *end++ = YJS_SYNC;
    *end++ = YJS_UPDATE;
    end = put_number(end, (uint32_t)(to - update));
    end = (uint8_t *)memcpy(end, update, (size_t)(to - update)) + (to - update);
    send_bytes(pool, client, message, end);
}

static void yjs_take(struct pool *pool, struct client *client, const uint8_t *text, size_t length, double now) {
    (void)pool;
    struct bytes bytes = {text, text + length};
    if (yjs_kind(&bytes) != YJS_UPDATE) return;
    take_number(&bytes); /* its length */
    if (take_number(&bytes) != 1 || take_number(&bytes) != 1) fail("an update of several structs: count those before you compare");
    int author = (int)take_number(&bytes) - YJS_FIRST_CLIENT;
    uint32_t clock = take_number(&bytes);
    if (author < 0 || author >= EDITORS || clock != editor_of(client)->heard[author]) fail("edit %u of %d came out of turn", clock, author);
    if (bytes.at >= bytes.end || *bytes.at++ != (0x80 | 0x40 | YJS_STRING)) fail("a struct that was never pushed");
    for (int i = 0; i < 4; i++) take_number(&bytes);
    edit_heard(client, author, take_number(&bytes), now);
}

/* ShareDB with its text type: skip, insert. An op of one's own comes back as an answer without the op. */

static void sharedb_begin(struct pool *pool, struct client *client) {
    char text[256];
    send_text(pool, client, text, sprintf(text, "{\"a\":\"hs\",\"id\":null,\"protocol\":1,\"protocolMinor\":2}"));
    send_text(pool, client, text, snprintf(text, sizeof text, "{\"a\":\"s\",\"c\":\"bench\",\"d\":\"%s\",\"v\":null}", edit_plan->document));
}

static bool sharedb_joined(struct pool *pool, struct client *client, const uint8_t *text, size_t length) {
    (void)pool;
    if (length < edit_plan->length || !starts_with(text, length, "{\"data\":")) return false;
    editor_of(client)->version = number_after(text, length, "\"v\":");
    return true;
}

/* Its first version is the one that made the document. */
static void sharedb_push(struct pool *pool, struct client *client, struct editor *editor, uint32_t count) {
    char text[EDITS_PER_PUSH + 256], letters[EDITS_PER_PUSH + 1] = {0};
    memset(letters, LETTERS[client->index], count);
    send_text(pool, client, text,
              snprintf(text, sizeof text, "{\"a\":\"op\",\"c\":\"bench\",\"d\":\"%s\",\"v\":%u,\"seq\":%u,\"x\":{},\"op\":[%u,\"%s\"]}", edit_plan->document,
                       editor->version, editor->ref, edit_place(client, edit_plan->length), letters));
}

static void sharedb_take(struct pool *pool, struct client *client, const uint8_t *text, size_t length, double now) {
    struct editor *editor = editor_of(client);
    if (memmem(text, length, "\"error\":", 8)) fail("refused: %.*s", (int)(length > 300 ? 300 : length), text);
    if (!memmem(text, length, "\"a\":\"op\"", 8)) return;
    uint32_t version = number_after(text, length, "\"v\":");
    const uint8_t *op = after(text, length, "\"op\":[");
    if (!op) {
        if (version > editor->version) fail("an answer at %u, the editor is at %u", version, editor->version);
        if (version == editor->version) editor->version++;
        edit_acked(client, now);
        edit_heard(client, client->index, editor->sent - editor->heard[client->index], now);
    } else if (version == editor->version) {
        const uint8_t *letter = after(op, (size_t)(text + length - op), "\"");
        uint32_t count = 0;
        if (!letter) fail("an op without an insertion");
        while (letter + count < text + length && letter[count] != '"') count++;
        editor->version++;
        edit_heard(client, author_of(*letter), count, now);
    } else if (version > editor->version && editor->fetched != editor->version + 1) {
        /* As its client does: ask for what is missing. */
        char ask[256];
        editor->fetched = editor->version + 1;
        send_text(pool, client, ask, snprintf(ask, sizeof ask, "{\"a\":\"f\",\"c\":\"bench\",\"d\":\"%s\",\"v\":%u}", edit_plan->document, editor->version));
    }
}

const struct tongue tongues[] = {
    {"ours", true, ours_begin, ours_joined, ours_push, ours_take},
    {"relay", false, NULL, NULL, relay_push, relay_take},
    {"yjs", false, yjs_begin, yjs_joined, yjs_push, yjs_take},
    {"sharedb", true, sharedb_begin, sharedb_joined, sharedb_push, sharedb_take},
    {0},
};
