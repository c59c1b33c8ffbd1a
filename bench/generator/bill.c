/* What a measurement cost. Called by load.c and edit.c. Never decides when a measurement begins. */
#include "bill.h"

#include <stdio.h>

#include "wire.h"

struct bill bill_begin(const char *pids) {
    return (struct bill){now_seconds(), cpu_seconds_of(pids), cpu_seconds_own(), cpu_seconds_all()};
}

void bill_print(const struct bill *bill, const char *pids) {
    struct bill end = bill_begin(pids);
    double server = end.server - bill->server, own = end.own - bill->own;
    printf("\"server_cpu_seconds\":%.3f,\"generator_cpu_seconds\":%.3f,\"other_cpu_seconds\":%.3f,\"bill_seconds\":%.3f,", server, own,
           end.all - bill->all - server - own, end.start - bill->start);
}
