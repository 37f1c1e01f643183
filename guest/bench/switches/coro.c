// Ours: the switches of coro.h inline and as functions, and coroutines with all that they check.
#include "guest/include/coro.h"
#include "guest/include/coro_inline.h"
#include "guest/bench/switches/round.h"

// ---- There and back, inline

static void yield_inline(uintptr_t argument, void **link, void *object) {
    (void)object;
    for (;;) argument = coro_switch_yield_inline(argument, link);
}

static void pair_inline(char *base) {
    struct coro_transfer back = {0, coro_init_stack_inline(base, yield_inline, 0, 0)};
    for (;;) {
        ROUND(pair_inline);
        back = coro_switch_and_link_inline(back.argument, back.sp, base);
    }
}

// ---- The same by functions

static void yield_function(uintptr_t argument, void **link, void *object) {
    (void)object;
    for (;;) argument = coro_switch_yield(argument, link);
}

static void pair_function(char *base) {
    struct coro_transfer back = {0, coro_init_stack(base, yield_function, 0, 0)};
    for (;;) {
        ROUND(pair_function);
        back = coro_switch_and_link(back.argument, back.sp, base);
    }
}

// ---- The same with coroutines

static uintptr_t yield_for_ever(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)object;
    for (;;) input = coro_yield(yielder, input);
}

static struct coro_stack stack_at(char *base) {
    return (struct coro_stack){.base = base, .limit = base - STACK_SIZE};
}

static void pair_checked(char *base) {
    struct coro coro;
    uintptr_t output = 0;
    coro_create(&coro, stack_at(base), yield_for_ever, 0, 0, 0);
    for (;;) {
        ROUND(pair_checked);
        coro_resume(&coro, output, &output);
    }
}

// ---- A stack's whole life

static void end_inline(uintptr_t argument, void **link, void *object) {
    (void)object;
    coro_switch_and_reset_inline(argument, link);
}

static void spawn_inline(char *base) {
    uintptr_t argument = 0;
    for (;;) {
        ROUND(spawn_inline);
        void *sp = coro_init_stack_inline(base, end_inline, 0, 0);
        argument = coro_switch_and_link_inline(argument, sp, base).argument;
    }
}

static uintptr_t end_at_once(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)yielder;
    (void)object;
    return input;
}

static void spawn_checked(char *base) {
    uintptr_t output = 0;
    for (;;) {
        ROUND(spawn_checked);
        struct coro coro;
        coro_create(&coro, stack_at(base), end_at_once, 0, 0, 0);
        coro_resume(&coro, output, &output);
        coro_drop(&coro);
    }
}

const struct loop loops[] = {
    {"pair_inline", pair_inline},   {"pair_function", pair_function},
    {"pair_checked", pair_checked}, {"spawn_inline", spawn_inline},
    {"spawn_checked", spawn_checked}, {0, 0},
};
