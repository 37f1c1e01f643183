// What the files of this program share: each has a table of cases, main.c runs the one that is asked
// for.
#ifndef TRAPLINE_COROUTINES_H
#define TRAPLINE_COROUTINES_H

#include "guest/include/coro.h"
#include "guest/include/coro_stack.h"
#include "guest/include/coro_trap.h"
#include "guest/include/trapline.h"

// A case. `run` returns 0 if all is as it should be, or a line number.
struct coroutine_case {
    const char *name;
    int (*run)(void);
};

// Tables that end with a case without a name.
extern const struct coroutine_case stack_cases[];
extern const struct coroutine_case trap_cases[];
extern const struct coroutine_case thread_cases[];
extern const struct coroutine_case misuse_cases[];

// Leaves the case with the number of the line unless something holds.
#define CHECK(holds)                \
    do {                            \
        if (!(holds)) return __LINE__; \
    } while (0)

// Turns on the handler of traps for the calling thread.
int64_t enable_traps(void);

// Recurses so deep that it needs so many bytes of stack, and touches all of them; returns their sum.
uint64_t use_stack(size_t bytes);

// How often the objects of coroutines have been dropped.
extern unsigned drops;
void count_drop(void *object);

#endif
