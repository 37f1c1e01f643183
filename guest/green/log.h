// What the log says, in the log's words.
#ifndef TRAPLINE_GREEN_LOG_H
#define TRAPLINE_GREEN_LOG_H

#include "guest/green/green.h"

void print_registers(const struct registers *registers);
void print_context(const struct context *context);
void print_contexts(const struct contexts *contexts);
// The two lines about a stack that has been allocated.
void print_stack(const struct context *context);

// One past the highest byte of a context's stack, which the log calls the stack's bottom.
char *stack_bottom(const struct context *context);

// Where contexts begin.
void entry_point(void);

#endif
