/* Editors of one document: who types when, what came back, and the tongues in which servers are told of it.
 * Called by main.c; edit.c keeps the time and the counts, tongues.c knows the wires. */
#ifndef EDIT_H
#define EDIT_H
#include "load.h"

enum { EDITORS = 64, TYPED = 4096, EDITS_PER_PUSH = 256 };

struct edit_plan {
    const char *tongue, *document; /* the document's number or name on the wire */
    uint32_t length;               /* of its text at version 0 */
    int edits;                     /* in each push, if rate is 0 */
    double rate;                   /* edits a second of each editor; 0: the next push as soon as the last one is stored */
};

struct editor {
    uint32_t version;     /* of the document as this editor has it */
    uint32_t typed, sent; /* edits made and pushed */
    uint32_t ref;         /* of the last push */
    uint32_t fetched;     /* the version of the last question for what is missing, plus one */
    bool waiting, acked;  /* a push is on its way; its answer is here */
    double pushed_at, due;
    uint32_t heard[EDITORS]; /* edits of each editor that came here */
    double typed_at[TYPED];
};

struct tongue {
    const char *name;
    bool one_at_a_time; /* the next push waits for the last one */
    void (*begin)(struct pool *pool, struct client *client);
    bool (*joined)(struct pool *pool, struct client *client, const uint8_t *text, size_t length);
    void (*push)(struct pool *pool, struct client *client, struct editor *editor, uint32_t count);
    void (*take)(struct pool *pool, struct client *client, const uint8_t *text, size_t length, double now);
};

extern const struct tongue tongues[];
extern const struct edit_plan *edit_plan;

struct editor *editor_of(const struct client *client);
/* The next `count` edits of an author came to this client; a tongue that numbers them says which the first is. */
void edit_heard(struct client *client, int author, uint32_t count, double now);
/* The push on its way is stored, or whatever the server's answer means. */
void edit_acked(struct client *client, double now);
/* Where this editor types in a text of that length: each has a place of its own. */
uint32_t edit_place(const struct client *client, uint32_t length);

void run_edit(struct pool *pool, const struct plan *plan, const struct edit_plan *edits);
#endif
