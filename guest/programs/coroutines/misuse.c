// Bad use: each is an error, or the end of this task.
#include "guest/programs/coroutines/coroutines.h"

#define STACK_SIZE 8192

static struct coro coro, other;
static char foreign[STACK_SIZE] __attribute__((aligned(16)));

static uintptr_t turn(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)object;
    return coro_yield(yielder, input + 1) + 2;
}

static int64_t create(struct coro *target, coro_body *body) {
    struct coro_stack stack;
    int64_t error = coro_stack_allocate(&stack, STACK_SIZE);
    return error == 0 ? coro_create(target, stack, body, 0, 0, count_drop) : error;
}

static int finished(void) {
    uintptr_t output = 0;
    CHECK(create(&coro, turn) == 0);
    CHECK(coro_resume(&coro, 1, &output) == CORO_YIELDED && output == 2);
    CHECK(coro_resume(&coro, 5, &output) == CORO_RETURNED && output == 7);
    for (int i = 0; i < 3; i++) CHECK(coro_resume(&coro, 1, &output) == CORO_ERROR_FINISHED);
    CHECK(output == 7 && drops == 1 && coro_drop(&coro) == 0);
    CHECK(coro_drop(&coro) == CORO_ERROR_FINISHED && coro_resume(&coro, 1, &output) == CORO_ERROR_FINISHED);
    CHECK(drops == 1 && coro_current() == 0);
    return 0;
}

// Everything that a running coroutine, or one that waits for another, can be asked to do.
static uintptr_t meddle_inside(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)object;
    uintptr_t output = 0;
    struct coro *const both[] = {&coro, &other};
    for (int i = 0; i < 2; i++) {
        if (coro_resume(both[i], 1, &output) != CORO_ERROR_RUNNING) return __LINE__;
        if (coro_drop(both[i]) != CORO_ERROR_RUNNING) return __LINE__;
    }
    if (coro_current() != &other || coro_of(yielder) != &other || drops != 0) return __LINE__;
    return coro_yield(yielder, input);
}

static uintptr_t meddle(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)object;
    uintptr_t output = 0;
    if (coro_resume(&coro, 1, &output) != CORO_ERROR_RUNNING || coro_drop(&coro) != CORO_ERROR_RUNNING) return __LINE__;
    if (create(&other, meddle_inside) != 0) return __LINE__;
    if (coro_resume(&other, 40, &output) != CORO_YIELDED || output != 40) return output;
    if (coro_yield(yielder, 41) != 42) return __LINE__;
    if (coro_resume(&other, 0, &output) != CORO_RETURNED || output != 0) return __LINE__;
    return coro_drop(&other) == 0 ? input : __LINE__;
}

static int running(void) {
    uintptr_t output = 0;
    CHECK(create(&coro, meddle) == 0);
    CHECK(coro_resume(&coro, 0, &output) == CORO_YIELDED && output == 41);
    CHECK(coro_resume(&coro, 42, &output) == CORO_RETURNED);
    if (output != 0) return (int)output;
    CHECK(drops == 2 && coro_drop(&coro) == 0 && drops == 2);
    return 0;
}

static struct coro_yielder *yielder_of_coro;

static uintptr_t tell_yielder(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)object;
    yielder_of_coro = yielder;
    return coro_yield(yielder, input);
}

static uintptr_t yield_for_another(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)yielder;
    (void)object;
    uintptr_t got;
    return coro_try_yield(yielder_of_coro, input, &got) == CORO_ERROR_OUTSIDE ? 1 : 0;
}

static int outside(void) {
    uintptr_t output = 0, got;
    CHECK(create(&coro, tell_yielder) == 0 && create(&other, yield_for_another) == 0);
    CHECK(coro_resume(&coro, 3, &output) == CORO_YIELDED);
    CHECK(coro_try_yield(yielder_of_coro, 1, &got) == CORO_ERROR_OUTSIDE);
    CHECK(coro_try_yield(0, 1, &got) == CORO_ERROR_OUTSIDE);
    CHECK(coro_resume(&other, 0, &output) == CORO_RETURNED && output == 1);
    CHECK(coro_resume(&coro, 9, &output) == CORO_RETURNED && output == 9);
    CHECK(coro_drop(&coro) == 0 && coro_drop(&other) == 0 && drops == 2);
    return 0;
}

static int yield_outside(void) {
    uintptr_t output;
    CHECK(create(&coro, tell_yielder) == 0 && coro_resume(&coro, 3, &output) == CORO_YIELDED);
    coro_yield(yielder_of_coro, 1);
    return __LINE__;
}

static uintptr_t there;

static void try_there(uintptr_t yielder) {
    uintptr_t got;
    there = coro_try_yield((struct coro_yielder *)yielder, 1, &got) == CORO_ERROR_FOREIGN_STACK;
}

static void yield_there(uintptr_t yielder) { coro_yield((struct coro_yielder *)yielder, 1); }

static uintptr_t go_elsewhere(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)object;
    coro_on_stack(foreign + STACK_SIZE, input == 0 ? try_there : yield_there, (uintptr_t)yielder);
    return coro_yield(yielder, there) + 5;
}

static int foreign_stack(void) {
    uintptr_t output = 0;
    CHECK(create(&coro, go_elsewhere) == 0);
    CHECK(coro_resume(&coro, 0, &output) == CORO_YIELDED && output == 1);
    CHECK(coro_resume(&coro, 6, &output) == CORO_RETURNED && output == 11);
    CHECK(coro_drop(&coro) == 0 && drops == 1);
    return 0;
}

static int yield_foreign(void) {
    uintptr_t output;
    CHECK(create(&coro, go_elsewhere) == 0);
    coro_resume(&coro, 1, &output);
    return __LINE__;
}

static int bad_stacks(void) {
    static uint64_t object[4096];
    char *const top = foreign + STACK_SIZE;
    const struct { void *base, *limit; int64_t error; } all[] = {
        {top, top, CORO_ERROR_BAD_STACK},
        {foreign, top, CORO_ERROR_BAD_STACK},
        {0, 0, CORO_ERROR_BAD_STACK},
        {top, 0, CORO_ERROR_BAD_STACK},
        {top - 8, foreign, CORO_ERROR_BAD_STACK},
        {top - 1, foreign, CORO_ERROR_BAD_STACK},
        {top, top - 16, CORO_ERROR_SMALL_STACK},
        {top, top - CORO_STACK_MIN, CORO_ERROR_SMALL_STACK},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct coro_stack stack = {all[i].base, all[i].limit, 0, 0};
        if (coro_create(&coro, stack, turn, 0, 0, count_drop) != all[i].error) return 100 + (int)i;
    }
    struct coro_stack stack = {top, foreign, 0, 0};
    CHECK(coro_create(&coro, stack, turn, object, sizeof object, count_drop) == CORO_ERROR_SMALL_STACK);
    CHECK(coro_create(&coro, stack, turn, object, STACK_SIZE, count_drop) == CORO_ERROR_SMALL_STACK);
    CHECK(coro_create(&coro, stack, turn, object, -1ul, count_drop) == CORO_ERROR_SMALL_STACK);
    CHECK(coro_create(&coro, stack, turn, object, -16ul, count_drop) == CORO_ERROR_SMALL_STACK);
    CHECK(drops == 0);
    uintptr_t output;
    CHECK(coro_create(&coro, stack, turn, object, 4096, count_drop) == 0 && coro_resume(&coro, 1, &output) == CORO_YIELDED);
    CHECK(coro_drop(&coro) == 0 && drops == 1);
    return 0;
}

const struct coroutine_case misuse_cases[] = {
    {"finished", finished},   {"running", running},         {"outside", outside},
    {"yield-outside", yield_outside}, {"foreign-stack", foreign_stack}, {"yield-foreign", yield_foreign},
    {"bad-stacks", bad_stacks}, {0, 0},
};
