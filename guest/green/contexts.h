// The list of contexts: it grows in the heap, to four places at first.
#ifndef TRAPLINE_GREEN_CONTEXTS_H
#define TRAPLINE_GREEN_CONTEXTS_H

#include "guest/green/green.h"

void contexts_push(struct contexts *contexts, const struct context *context);
// Takes the first one out; the others move up.
struct context contexts_shift(struct contexts *contexts);
// Releases the list's memory.
void contexts_clear(struct contexts *contexts);

#endif
