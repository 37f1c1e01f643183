// Coroutines. `coro CASE` does one of the things below, prints what comes of it and ends with 0 if
// that is right.
#include "guest/include/coro.h"
#include "guest/include/coro_inline.h"
#include "guest/include/format.h"
#include "guest/include/trapline.h"

#define STACK_SIZE (16 * 1024)
#define STACKS 4

static char stacks[STACKS][STACK_SIZE] __attribute__((aligned(16)));
static int given_back;
static int dropped;

static void give_back(struct coro_stack *stack) {
    (void)stack;
    given_back++;
}

static struct coro_stack stack_of(int index) {
    return (struct coro_stack){stacks[index] + STACK_SIZE, stacks[index], give_back, 0};
}

static void drop(void *object) {
    dropped += *(int *)object;
}

static int failed(const char *what, int64_t got, int64_t expected) {
    if (got == expected) return 0;
    put_format("%s: got %d, expected %d\n", what, got, expected);
    return 1;
}

static uintptr_t sum(struct coro_yielder *yielder, uintptr_t input, void *object) {
    uintptr_t total = *(int *)object;
    while (input != 0) {
        total += input;
        input = coro_yield(yielder, total);
    }
    return total + 1000;
}

static int pass_values(void) {
    struct coro coro;
    uintptr_t output = 0;
    int start = 5;
    if (failed("create", coro_create(&coro, stack_of(0), sum, &start, sizeof start, drop), 0)) return 1;
    for (uintptr_t i = 1; i <= 10; i++) {
        if (failed("resume", coro_resume(&coro, i, &output), CORO_YIELDED)) return 1;
        if (failed("output", (int64_t)output, 5 + (int64_t)(i * (i + 1) / 2))) return 1;
    }
    if (failed("last", coro_resume(&coro, 0, &output), CORO_RETURNED)) return 1;
    if (failed("result", (int64_t)output, 1060)) return 1;
    if (failed("finished", coro_resume(&coro, 0, &output), CORO_ERROR_FINISHED)) return 1;
    if (failed("drop", coro_drop(&coro), 0)) return 1;
    if (failed("drop again", coro_drop(&coro), CORO_ERROR_FINISHED)) return 1;
    return failed("object drops", dropped, 5) || failed("stacks", given_back, 1);
}

struct nested {
    int index;
    struct coro_yielder *outer;
};

static uintptr_t nest(struct coro_yielder *yielder, uintptr_t input, void *object) {
    struct nested *own = object;
    if (own->index == STACKS - 1) {
        uintptr_t got = coro_yield(yielder, input + 1);
        // Suspends all of them.
        got += own->outer ? coro_yield(own->outer, got * 2) : 0;
        return got;
    }
    struct coro inner;
    struct nested next = {own->index + 1, own->outer ? own->outer : yielder};
    uintptr_t output = 0;
    if (coro_create(&inner, stack_of(next.index), nest, &next, sizeof next, 0)) return 0;
    coro_resume(&inner, input + 10, &output);
    uintptr_t got = coro_yield(yielder, output);
    if (coro_resume(&inner, got, &output) != CORO_RETURNED) {
        got = coro_yield(yielder, output);
        coro_resume(&inner, got, &output);
    }
    coro_drop(&inner);
    return output;
}

static int nesting(void) {
    struct coro coro;
    struct nested first = {0, 0};
    uintptr_t output = 0;
    if (coro_create(&coro, stack_of(0), nest, &first, sizeof first, 0)) return 1;
    if (failed("first", coro_resume(&coro, 1, &output), CORO_YIELDED)) return 1;
    if (failed("innermost", (int64_t)output, 32)) return 1;
    if (failed("through", coro_resume(&coro, 7, &output), CORO_YIELDED)) return 1;
    if (failed("yielded through", (int64_t)output, 14)) return 1;
    if (failed("end", coro_resume(&coro, 100, &output), CORO_RETURNED)) return 1;
    if (failed("result", (int64_t)output, 107)) return 1;
    coro_drop(&coro);
    return failed("stacks", given_back, STACKS);
}

static int drops(void) {
    struct coro coro;
    uintptr_t output;
    int mark = 1;
    coro_create(&coro, stack_of(0), sum, &mark, sizeof mark, drop);
    if (failed("drop fresh", coro_drop(&coro), 0) || failed("once", dropped, 1)) return 1;
    coro_create(&coro, stack_of(1), sum, &mark, sizeof mark, drop);
    coro_resume(&coro, 1, &output);
    if (failed("drop suspended", coro_drop(&coro), 0) || failed("once", dropped, 2)) return 1;
    return failed("stacks", given_back, 2);
}

// The switches themselves, in both forms: a stack that one suspends, the other resumes.
static void count_inline(uintptr_t argument, void **link, void *object) {
    uint64_t *steps = object;
    while (argument != 0) {
        *steps += argument;
        argument = argument % 2 == 0 ? coro_switch_yield_inline(*steps, link) : coro_switch_yield(*steps, link);
    }
    coro_switch_and_reset_inline(*steps + 1, link);
}

static int switches(void) {
    void *base = stacks[0] + STACK_SIZE;
    uint64_t start = 100;
    struct coro_transfer back = {0, coro_init_stack(base, count_inline, &start, sizeof start)};
    uint64_t total = start;
    for (uintptr_t i = 1; i <= 12; i++) {
        total += i;
        back = i % 3 == 0 ? coro_switch_and_link_inline(i, back.sp, base) : coro_switch_and_link(i, back.sp, base);
        if (failed("argument", (int64_t)back.argument, (int64_t)total) || failed("sp", back.sp != 0, 1)) return 1;
    }
    back = coro_switch_and_link_inline(0, back.sp, base);
    if (failed("last", (int64_t)back.argument, (int64_t)total + 1) || failed("no sp", back.sp != 0, 0)) return 1;
    coro_drop_initial_obj(base, coro_init_stack(base, count_inline, &(int){3}, sizeof(int)), drop);
    return failed("initial object", dropped, 3);
}

static uintptr_t seen_on_stack;

static void look(uintptr_t argument) {
    seen_on_stack = (uintptr_t)__builtin_frame_address(0);
    dropped = (int)argument;
}

static int on_stack(void) {
    coro_on_stack(stacks[1] + STACK_SIZE, look, 77);
    uintptr_t low = (uintptr_t)stacks[1];
    return failed("argument", dropped, 77) ||
           failed("on that stack", seen_on_stack > low && seen_on_stack < low + STACK_SIZE, 1);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(void);
    } cases[] = {{"values", pass_values}, {"nesting", nesting}, {"drops", drops}, {"switches", switches}, {"on-stack", on_stack}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (argc > 1 && !text_equal(argv[1], cases[i].name)) continue;
        dropped = given_back = 0;
        if (cases[i].run()) return 1;
        put_format("coro: %s\n", cases[i].name);
    }
    return 0;
}
