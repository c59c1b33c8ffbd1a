/* Editors of one document who type at a steady rate, or push as fast as the answers come.
 * Called by main.c. An edit is one letter; an editor's letters stand at a place of its own, so that all texts grow alike.
 * Time counts from the moment when the letter was due, not from when it could be sent. */
#include "edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bill.h"

static const double LOSS_SECONDS = 4, SWEEP_SECONDS = 1;

const struct edit_plan *edit_plan;

static struct {
    const struct tongue *tongue;
    struct editor *editors;
    int count;
    uint64_t typed, delivered, own, pushes, acked;
    double progress_at, waited_seconds;
    struct histogram deliveries, acks;
} work;

struct editor *editor_of(const struct client *client) { return &work.editors[client->index]; }

uint32_t edit_place(const struct client *client, uint32_t length) {
    return (uint32_t)((client->index + 0.5) / work.count * length);
}

static void finish_push(struct editor *editor, int index) {
    if (editor->acked && editor->heard[index] == editor->sent) editor->waiting = false;
}

void edit_heard(struct client *client, int author, uint32_t count, double now) {
    struct editor *receiver = editor_of(client);
    if (author < 0 || author >= work.count) fail("an edit of nobody's");
    for (; count > 0; count--) {
        uint32_t number = receiver->heard[author]++;
        if (number >= work.editors[author].sent) fail("editor %d was told edit %u of %d, which was never pushed", client->index, number, author);
        work.progress_at = now;
        if (author == client->index) {
            work.own++;
        } else {
            work.delivered++;
            histogram_add(&work.deliveries, now - work.editors[author].typed_at[number % TYPED], 1);
        }
    }
    if (author == client->index && !work.tongue->one_at_a_time) edit_acked(client, now);
    if (author == client->index) finish_push(receiver, author);
}

void edit_acked(struct client *client, double now) {
    struct editor *editor = editor_of(client);
    if (!editor->waiting || editor->acked) return;
    editor->acked = true;
    work.acked++;
    work.progress_at = now;
    histogram_add(&work.acks, now - editor->pushed_at, 1);
    finish_push(editor, client->index);
}

static void type(struct editor *editor, double due) {
    if (editor->typed - editor->sent >= TYPED / 2) fail("the server does not follow: %d edits of one editor wait", TYPED / 2);
    editor->typed_at[editor->typed++ % TYPED] = due;
    work.typed++;
}

static double random_share(void) { return (double)(random_word() >> 11) / (double)(1ull << 53); }

static void type_what_is_due(struct editor *editor, double now) {
    if (edit_plan->rate > 0) {
        for (; editor->due <= now; editor->due += (0.5 + random_share()) / edit_plan->rate) type(editor, editor->due);
    } else if (!editor->waiting) {
        for (int i = 0; i < edit_plan->edits; i++) type(editor, now);
    }
}

static void push(struct pool *pool, struct client *client, struct editor *editor) {
    uint32_t count = editor->typed - editor->sent;
    if (!count || (editor->waiting && work.tongue->one_at_a_time)) return;
    if (client->state != CLIENT_READY) fail("an editor's socket ended");
    if (count > EDITS_PER_PUSH) count = EDITS_PER_PUSH;
    editor->ref++;
    editor->sent += count;
    editor->waiting = true;
    editor->acked = false;
    editor->pushed_at = now_seconds();
    work.pushes++;
    work.tongue->push(pool, client, editor, count);
}

static bool is_outstanding(void) {
    return work.own < work.typed || work.delivered < work.typed * (uint64_t)(work.count - 1);
}

/* Types for some seconds and returns when everybody has everything. Whoever types at a rate never sleeps, see load.c; a
 * flood leaves this core's free time to the database. */
static void edit_for(struct pool *pool, double seconds) {
    double start = now_seconds(), now = start, swept_at = start;
    work.progress_at = start;
    work.waited_seconds = 0;
    for (int i = 0; i < work.count; i++) work.editors[i].due = start + random_share() / (edit_plan->rate > 0 ? edit_plan->rate : 1);
    do {
        for (int i = 0; i < work.count; i++) {
            if (now - start < seconds) type_what_is_due(&work.editors[i], now);
            push(pool, &pool->clients[i], &work.editors[i]);
        }
        bool busy = pool_poll(pool, edit_plan->rate > 0 ? 0 : 20);
        double before = now;
        now = now_seconds();
        if (!busy) work.waited_seconds += now - before;
        if (now - swept_at > SWEEP_SECONDS) {
            sweep(pool);
            swept_at = now;
        }
        if (pool->ended) fail("%d sockets ended under load", pool->ended);
    } while (now - start < seconds || (is_outstanding() && now - work.progress_at < LOSS_SECONDS));
}

static void on_text(struct pool *pool, struct client *client, const uint8_t *text, size_t length, double now) {
    work.tongue->take(pool, client, text, length, now);
}

static void measure(struct pool *pool, const struct plan *plan, double opening) {
    edit_for(pool, plan->warmup_seconds);
    if (is_outstanding()) fail("edits were lost in the warm-up");
    memset(&work.deliveries, 0, sizeof work.deliveries);
    memset(&work.acks, 0, sizeof work.acks);
    work.typed = work.delivered = work.own = work.pushes = work.acked = 0;
    struct bill bill = bill_begin(plan->pids);
    edit_for(pool, plan->seconds);
    double elapsed = work.progress_at - bill.start, busy = now_seconds() - bill.start - work.waited_seconds;
    uint64_t expected = work.typed * (uint64_t)(work.count - 1);
    putchar('{');
    bill_print(&bill, plan->pids);
    printf("\"connections\":%d,\"open_seconds\":%.3f,\"seconds\":%.3f,\"edits\":%llu,\"pushes\":%llu,\"acks\":%llu,\"deliveries\":%llu,"
           "\"lost\":%llu,\"generator_busy_seconds\":%.3f,\"delivery_p50_ms\":%.3f,\"delivery_p99_ms\":%.3f,\"ack_p50_ms\":%.3f,"
           "\"ack_p99_ms\":%.3f}\n",
           work.count, opening, elapsed, (unsigned long long)work.typed, (unsigned long long)work.pushes, (unsigned long long)work.acked,
           (unsigned long long)work.delivered, (unsigned long long)(expected - work.delivered + work.typed - work.own), busy,
           histogram_quantile_ms(&work.deliveries, 0.5), histogram_quantile_ms(&work.deliveries, 0.99),
           histogram_quantile_ms(&work.acks, 0.5), histogram_quantile_ms(&work.acks, 0.99));
}

void run_edit(struct pool *pool, const struct plan *plan, const struct edit_plan *edits) {
    if (plan->connections > EDITORS) fail("at most %d editors", EDITORS);
    if (edits->edits < 1 || edits->edits > EDITS_PER_PUSH) fail("a push has 1 to %d edits", EDITS_PER_PUSH);
    for (work.tongue = tongues; work.tongue->name && strcmp(work.tongue->name, edits->tongue); work.tongue++) continue;
    if (!work.tongue->name) fail("nobody speaks '%s'", edits->tongue);
    edit_plan = edits;
    work.count = plan->connections;
    work.editors = calloc((size_t)work.count, sizeof *work.editors);
    if (!work.editors) fail("out of memory");
    pool->on_text = on_text;
    pool->begin = work.tongue->begin;
    pool->joined = work.tongue->joined;
    double opening = now_seconds();
    open_all(pool, plan);
    opening = now_seconds() - opening;
    for (double end = now_seconds() + 0.3; now_seconds() < end;) pool_poll(pool, 50);
    measure(pool, plan, opening);
}
