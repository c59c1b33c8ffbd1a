/* What a measurement cost: CPU seconds of the server, of the generator and of everybody else.
 * Called by load.c and edit.c. Never decides when a measurement begins. */
#ifndef BILL_H
#define BILL_H

struct bill {
    double start, server, own, all;
};

/* `pids`: the server's processes, separated by commas. */
struct bill bill_begin(const char *pids);

/* Prints the differences since then as members of a JSON object, with a comma behind. */
void bill_print(const struct bill *bill, const char *pids);
#endif
