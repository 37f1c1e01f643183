// Coroutines with stacks of their own kinds, traps, threads and misuse: coroutines CASE. Exits with 0,
// or with the number of the line of a check that has failed; some cases are to be killed.
#include "guest/programs/coroutines/coroutines.h"
#include "guest/include/format.h"

#define HANDLER_STACK 16384

static char handler_stack[HANDLER_STACK] __attribute__((aligned(16)));
unsigned drops;

void count_drop(void *object) {
    (void)object;
    drops++;
}

int64_t enable_traps(void) { return coro_trap_enable(CORO_TRAP_ENDS, handler_stack + HANDLER_STACK, HANDLER_STACK); }

__attribute__((noinline)) uint64_t use_stack(size_t bytes) {
    volatile char room[256];
    for (size_t i = 0; i < sizeof room; i += 64) room[i] = 1;
    uint64_t sum = bytes > 512 ? use_stack(bytes - sizeof room) : 0;
    for (size_t i = 0; i < sizeof room; i += 64) sum += (uint64_t)room[i];
    return sum;
}

int main(int argc, char **argv) {
    static const struct coroutine_case *const tables[] = {stack_cases, trap_cases, thread_cases, misuse_cases};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct coroutine_case *c = tables[i]; c->name != 0; c++) {
            if (argc > 1 && text_equal(argv[1], c->name)) return c->run();
        }
    }
    return 1;
}
