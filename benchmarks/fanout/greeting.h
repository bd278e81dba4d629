/* One connection, and its way through the wire's greeting. */
#ifndef GREETING_H
#define GREETING_H

#include <stdint.h>

#include "wires.h"

enum kind { READER, POSTER };

struct connection {
    enum kind kind;
    int fd, number, step;
    uint64_t seen;  /* a reader's lines */
    int owed;       /* a poster's messages without an answer */
    size_t held;    /* bytes in `buffer`: of a greeting, or of posts not yet sent */
    char buffer[16384];
};

/* Connections that are not through their greeting. */
extern int greeting;

void greet_first(const struct wire *wire, struct connection *one);
/* Takes what the server said to a connection that is not through its greeting. */
void greet(const struct wire *wire, struct connection *one, const char *data, size_t size);
int is_greeted(const struct wire *wire, const struct connection *one);

#endif
