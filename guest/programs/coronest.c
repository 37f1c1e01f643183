// Coroutines three deep on stacks in a row: `coronest ORDER FORM`. In the order `above` each
// parent's stack lies above its child's, in `below` below it. The forms are `runtime`, `function`
// and `inline`: coro_resume, and the switches of coro.h in both of theirs. Debuggers are shown it at
// every instruction of the switches.
#include "guest/include/coro.h"
#include "guest/include/coro_inline.h"
#include "guest/include/format.h"
#include "guest/include/string.h"
#include "guest/include/trapline.h"

#define STACK_SIZE (16 * 1024)
#define DEPTH 3
#define ROUNDS 2

static char stacks[DEPTH + 1][STACK_SIZE] __attribute__((aligned(16)));
static int is_above;
static int done;
// What the coroutines have added up, each round at each depth.
static uintptr_t total;

// Stack 0 is the root's.
static char *stack_of(int depth) {
    return stacks[is_above ? DEPTH - depth : depth];
}

static char *base_of(int depth) {
    return stack_of(depth) + STACK_SIZE;
}

// A few frames of its own at the deepest place.
__attribute__((noinline)) uintptr_t nest_deepest(uintptr_t argument) {
    __asm__ volatile("" ::: "memory");
    return argument + 1;
}

__attribute__((noinline)) static uintptr_t nest_leaf(uintptr_t argument) {
    uintptr_t found = nest_deepest(argument);
    __asm__ volatile("" ::: "memory");
    return found * 2;
}

static uintptr_t nest_runtime(struct coro_yielder *yielder, uintptr_t input, void *object) {
    int depth = *(int *)object + 1;
    if (depth > DEPTH) {
        for (int i = 0; i < ROUNDS; i++) input = coro_yield(yielder, nest_leaf(input));
        return input;
    }
    struct coro coro;
    struct coro_stack stack = {base_of(depth), stack_of(depth), 0, 0};
    uintptr_t output = 0;
    if (coro_create(&coro, stack, nest_runtime, &depth, sizeof depth, 0)) return 0;
    while (coro_resume(&coro, input, &output) == CORO_YIELDED) {
        total += output;
        if (yielder) input = coro_yield(yielder, output + 1);
    }
    coro_drop(&coro);
    return output;
}

// The same with the switches themselves, as functions and inline.
#define NEST(form, link, yield, reset)                                                            \
    static uintptr_t form(uintptr_t input, void **parent, int depth);                             \
    static void form##_begin(uintptr_t input, void **parent, void *object) {                      \
        reset(form(input, parent, *(int *)object + 1), parent);                                   \
    }                                                                                             \
    __attribute__((noinline)) static uintptr_t form(uintptr_t input, void **parent, int depth) {  \
        if (depth > DEPTH) {                                                                      \
            for (int i = 0; i < ROUNDS; i++) input = yield(nest_leaf(input), parent);             \
            return input;                                                                         \
        }                                                                                         \
        void *base = base_of(depth);                                                              \
        struct coro_transfer back = {0, coro_init_stack(base, form##_begin, &depth, sizeof depth)}; \
        for (;;) {                                                                                \
            back = link(input, back.sp, base);                                                    \
            if (!back.sp) return back.argument;                                                   \
            total += back.argument;                                                               \
            if (parent) input = yield(back.argument + 1, parent);                                 \
        }                                                                                         \
    }

NEST(nest_function, coro_switch_and_link, coro_switch_yield, coro_switch_and_reset)
NEST(nest_inline, coro_switch_and_link_inline, coro_switch_yield_inline, coro_switch_and_reset_inline)

static void nest_root(uintptr_t form) {
    int depth = 0;
    if (form == 'r') nest_runtime(0, 1, &depth);
    else if (form == 'f') nest_function(1, 0, 1);
    else nest_inline(1, 0, 1);
    __atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
    thread_exit();
}

int main(int argc, char **argv) {
    if (argc != 3) return 1;
    is_above = argv[1][0] == 'a';
    if (thread_create(nest_root, base_of(0), (uintptr_t)argv[2][0]) < 0) return 2;
    while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST)) yield();
    put_format("coronest: %d\n", (int64_t)total);
    return 0;
}
