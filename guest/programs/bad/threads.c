// Threads that start wild, end wild, or do not end.
#include "guest/programs/bad/bad.h"

#define STACK_SIZE (4 * PAGE_SIZE)
// Longer than the machine's longest quantum.
#define A_WHILE 10000000

static char *stack_top(void) {
    int64_t stack = vm_allocate(0, STACK_SIZE);
    return stack < 0 ? 0 : (char *)stack + STACK_SIZE;
}

static void do_nothing(uintptr_t unused) {
    (void)unused;
    thread_exit();
}

// The new thread faults at its first instruction and takes the task with it, while this thread
// sleeps.
static int enter_at(uintptr_t entry) {
    char *stack = stack_top();
    if (stack == 0) return BROKEN;
    if (refused(system_call3(SYS_THREAD_CREATE, entry, (uintptr_t)stack, 0))) return REFUSED;
    sleep(A_WHILE);
    return SURVIVED;
}

// Uses its stack at once, wherever that is.
static void use_stack(uintptr_t argument) {
    volatile uint64_t value = argument;
    value++;
    thread_exit();
}

static int start_with_stack(uintptr_t stack) {
    if (refused(system_call3(SYS_THREAD_CREATE, (uintptr_t)use_stack, stack, 0))) return REFUSED;
    sleep(A_WHILE);
    return SURVIVED;
}

__attribute__((noinline)) static uint64_t recurse(volatile uint64_t *above) {
    volatile uint64_t frame[16];
    frame[0] = *above + 1;
    if (frame[0] == 0) return 0;
    return recurse(frame) + frame[0];
}

static void recurse_for_ever(uintptr_t argument) {
    volatile uint64_t start = argument;
    recurse(&start);
    thread_exit();
}

static void fault(uintptr_t argument) {
    *(volatile uint64_t *)hide(argument) = 1;
    thread_exit();
}

static void spin(uintptr_t unused) {
    (void)unused;
    for (volatile uint64_t turns = 1; turns != 0;) turns++;
}

static void sleep_for_ever(uintptr_t unused) {
    (void)unused;
    for (;;) sleep(1ul << 50);
}

// The thread ends the whole task by what it does; a task whose main thread merely waits would
// otherwise survive.
static int run_fatal(uintptr_t entry) {
    char *stack = stack_top();
    if (stack == 0 || thread_create((void (*)(uintptr_t))entry, stack, UNMAPPED) < 0) return BROKEN;
    sleep(A_WHILE);
    return SURVIVED;
}

// The thread never ends by itself; the task must be able to, all the same.
static int leave_behind(uintptr_t entry) {
    char *stack = stack_top();
    if (stack == 0 || thread_create((void (*)(uintptr_t))entry, stack, 0) < 0) return BROKEN;
    for (int i = 0; i < 10; i++) yield();
    sleep(A_WHILE / 10);
    return 0;
}

// More threads than any table holds: the kernel must say so, not fall over.
static int create_many(uintptr_t unused) {
    (void)unused;
    char *stack = stack_top();
    if (stack == 0) return BROKEN;
    for (int i = 0; i < 10000; i++) {
        // They share a stack, of which a thread that only sleeps needs nothing worth keeping.
        if (refused(thread_create(sleep_for_ever, stack, 0))) return REFUSED;
    }
    return SURVIVED;
}

// Threads that come and go do not use anything up.
static int create_and_end(uintptr_t count) {
    char *stack = stack_top();
    if (stack == 0) return BROKEN;
    for (uintptr_t i = 0; i < count; i++) {
        if (thread_create(do_nothing, stack, 0) < 0) return BROKEN;
        sleep(A_WHILE / 1000);
    }
    return 0;
}

const struct bad_case thread_cases[] = {
    {"thread-entry-null", enter_at, 0},
    {"thread-entry-unmapped", enter_at, UNMAPPED},
    {"thread-entry-kernel", enter_at, KERNEL_TEXT},
    {"thread-entry-non-canonical", enter_at, NON_CANONICAL},
    {"thread-stack-null", start_with_stack, 0},
    {"thread-stack-unmapped", start_with_stack, UNMAPPED},
    {"thread-stack-kernel", start_with_stack, KERNEL_TEXT + 64},
    {"thread-recurse", run_fatal, (uintptr_t)recurse_for_ever},
    {"thread-fault", run_fatal, (uintptr_t)fault},
    {"thread-spins", leave_behind, (uintptr_t)spin},
    {"thread-sleeps", leave_behind, (uintptr_t)sleep_for_ever},
    {"thread-flood", create_many, 0},
    {"thread-churn", create_and_end, 200},
    {0, 0, 0},
};
