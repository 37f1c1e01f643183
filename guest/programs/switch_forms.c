// Every switch of coro.h, as a function and inline, each in a function of its own that can be looked
// at: there and back, from deeper down, thrown into, ended. Both stacks have floating-point control
// and kept registers of their own. `switch-forms CASE` does one of the things at the end of this file.
#include "guest/include/coro.h"
#include "guest/include/coro_inline.h"
#include "guest/include/format.h"
#include "guest/include/trapline.h"

#define STACK_SIZE (16 * 1024)
#define ROUNDS 3

static char stacks[2][STACK_SIZE] __attribute__((aligned(16)));

#define NOINLINE __attribute__((noinline))

NOINLINE static struct coro_transfer link_inline(uintptr_t argument, void *sp, void *base) {
    return coro_switch_and_link_inline(argument, sp, base);
}

NOINLINE static uintptr_t yield_inline(uintptr_t argument, void **link) {
    return coro_switch_yield_inline(argument, link);
}

NOINLINE static struct coro_transfer throw_inline(void (*thrower)(uintptr_t), uintptr_t argument,
                                                  void *sp, void *base) {
    return coro_switch_and_throw_inline(thrower, argument, sp, base);
}

NOINLINE static void reset_inline(uintptr_t argument, void **link) {
    coro_switch_and_reset_inline(argument, link);
}

typedef struct coro_transfer link_function(uintptr_t, void *, void *);
typedef uintptr_t yield_function(uintptr_t, void **);

struct forms {
    link_function *link;
    yield_function *yield;
    void (*reset)(uintptr_t, void **);
    struct coro_transfer (*throw)(void (*)(uintptr_t), uintptr_t, void *, void *);
};

static const struct forms functions = {
    coro_switch_and_link, coro_switch_yield, coro_switch_and_reset, coro_switch_and_throw,
};
static const struct forms inlined = {link_inline, yield_inline, reset_inline, throw_inline};
static const struct forms mixed = {link_inline, coro_switch_yield, reset_inline, coro_switch_and_throw};

// Rounding up, or toward zero, with every exception masked.
static void set_fp_control(int toward_zero) {
#if defined(__x86_64__)
    unsigned mxcsr = toward_zero ? 0x7f80 : 0x5f80;
    unsigned short cw = toward_zero ? 0x0f7f : 0x0b7f;
    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(cw));
#else
    uint64_t fpcr = toward_zero ? 3ul << 22 : 1ul << 22;
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
#endif
}

// Calls a switch with a value of its own in each register that calls keep; says whether they are
// there when it comes back.
#if defined(__x86_64__)
#define FILL(value)                                                                               \
    register uintptr_t kept0 __asm__("rbx") = (value);                                            \
    register uintptr_t kept1 __asm__("r12") = (value) + 1;                                        \
    register uintptr_t kept2 __asm__("r15") = (value) + 2;                                        \
    __asm__ volatile("" : "+r"(kept0), "+r"(kept1), "+r"(kept2))
#else
#define FILL(value)                                                                               \
    register uintptr_t kept0 __asm__("x19") = (value);                                            \
    register uintptr_t kept1 __asm__("x20") = (value) + 1;                                        \
    register double kept2 __asm__("d8") = (double)(value);                                        \
    __asm__ volatile("" : "+r"(kept0), "+r"(kept1), "+w"(kept2))
#endif
#if defined(__x86_64__)
#define USE() __asm__ volatile("" : : "r"(kept0), "r"(kept1), "r"(kept2))
#else
#define USE() __asm__ volatile("" : : "r"(kept0), "r"(kept1), "w"(kept2))
#endif

NOINLINE static uintptr_t deeper(const struct forms *forms, uintptr_t argument, void **link, int depth) {
    volatile uintptr_t on_stack = argument;
    if (depth > 0) return deeper(forms, argument, link, depth - 1) + on_stack - argument;
    FILL(0x1111 * argument);
    uintptr_t next = forms->yield(argument + 1, link);
    USE();
    return next;
}

static void body(uintptr_t argument, void **link, void *object) {
    const struct forms *forms = *(const struct forms **)object;
    set_fp_control(1);
    for (int depth = 0; argument != 0; depth++) argument = deeper(forms, argument, link, depth % 3);
    forms->reset(99, link);
}

static void **thrown_link;

static void thrower(uintptr_t argument) {
    coro_switch_and_reset(argument, thrown_link);
}

NOINLINE static struct coro_transfer resume(const struct forms *forms, uintptr_t argument, void *sp, void *base) {
    FILL(0x7777000 + argument);
    struct coro_transfer back = forms->link(argument, sp, base);
    USE();
    return back;
}

static int use(const struct forms *forms) {
    void *base = stacks[0] + STACK_SIZE;
    void *sp = coro_init_stack(base, body, &forms, sizeof forms);
    set_fp_control(0);
    for (uintptr_t i = 1; i <= ROUNDS; i++) {
        struct coro_transfer back = resume(forms, i, sp, base);
        if (back.argument != i + 1 || back.sp == 0) return 1;
        sp = back.sp;
    }
    struct coro_transfer end = resume(forms, 0, sp, base);
    if (end.argument != 99 || end.sp != 0) return 2;
    // And one that is thrown into where it has yielded.
    sp = coro_init_stack(base, body, &forms, sizeof forms);
    sp = resume(forms, 1, sp, base).sp;
    sp = resume(forms, 1, sp, base).sp;
    thrown_link = (void **)((char *)base - CORO_PARENT_LINK_OFFSET);
    end = forms->throw(thrower, 55, sp, base);
    return end.argument != 55 || end.sp != 0 ? 3 : 0;
}

// A coroutine that resumes another, whose stack is above its own, and yields in between.
static void outer(uintptr_t argument, void **link, void *object) {
    const struct forms *forms = *(const struct forms **)object;
    void *base = stacks[1] + STACK_SIZE;
    void *sp = coro_init_stack(base, body, &forms, sizeof forms);
    for (int i = 1; i <= 2; i++) {
        sp = resume(forms, argument, sp, base).sp;
        argument = deeper(forms, argument, link, i);
    }
    forms->reset(resume(forms, 0, sp, base).argument + 1, link);
}

NOINLINE static int nested(const struct forms *forms) {
    void *base = stacks[0] + STACK_SIZE;
    void *sp = coro_init_stack(base, outer, &forms, sizeof forms);
    struct coro_transfer back = {0, sp};
    for (uintptr_t i = 1; i <= 3; i++) back = resume(forms, i, back.sp, base);
    return back.argument != 100 || back.sp != 0;
}

// There and back from the first function of a stack, inline or by functions; inline each return is to
// where the call before it came from.
static void root_inline(uintptr_t argument, void **link, void *object) {
    (void)object;
    while (argument != 0) argument = coro_switch_yield_inline(argument + 1, link);
    coro_switch_and_reset_inline(99, link);
}

static void root_functions(uintptr_t argument, void **link, void *object) {
    (void)object;
    while (argument != 0) argument = coro_switch_yield(argument + 1, link);
    coro_switch_and_reset_inline(99, link);
}

NOINLINE static int pairs_inline(char *base) {
    struct coro_transfer back = {0, coro_init_stack(base, root_inline, 0, 0)};
    for (uintptr_t i = ROUNDS; i + 1 > 0; i--) back = coro_switch_and_link_inline(i, back.sp, base);
    return back.argument != 99 || back.sp != 0;
}

NOINLINE static int pairs_functions(char *base) {
    struct coro_transfer back = {0, coro_init_stack(base, root_functions, 0, 0)};
    for (uintptr_t i = ROUNDS; i + 1 > 0; i--) back = coro_switch_and_link(i, back.sp, base);
    return back.argument != 99 || back.sp != 0;
}

// No switch, but something that an interrupt changes.
NOINLINE static int64_t tells_time(void) {
    return clock();
}

static uintptr_t seen;

static void called(uintptr_t argument) {
    seen = argument;
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    volatile int status = 127; // main stays on the stack: no last call is a jump
    if (text_equal(name, "functions")) status = use(&functions);
    if (text_equal(name, "inline")) status = use(&inlined);
    if (text_equal(name, "mixed")) status = use(&mixed);
    if (text_equal(name, "nested")) status = nested(&functions);
    if (text_equal(name, "nested-inline")) status = nested(&inlined);
    if (text_equal(name, "pairs-inline")) status = pairs_inline(stacks[0] + STACK_SIZE);
    if (text_equal(name, "pairs-functions")) status = pairs_functions(stacks[0] + STACK_SIZE);
    if (text_equal(name, "clock")) status = tells_time() <= 0;
    if (text_equal(name, "on-stack")) {
        FILL(0x123);
        coro_on_stack(stacks[1] + STACK_SIZE, called, 7);
        USE();
        status = seen != 7;
    }
    return status;
}
