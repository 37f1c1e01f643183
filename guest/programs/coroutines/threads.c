// Coroutines that move from thread to thread: whoever comes first resumes them.
#include "guest/programs/coroutines/coroutines.h"

#define THREADS 3
#define COROUTINES 12
#define TURNS 25
#define STACK_SIZE 16384

static char stacks[THREADS][STACK_SIZE] __attribute__((aligned(16)));
static char handler_stacks[THREADS][STACK_SIZE] __attribute__((aligned(16)));
static struct coro coroutines[COROUTINES];
static struct coro_stack_pool pool;
static unsigned ended, finished, failed, moved, crowded;

static _Thread_local uint64_t own_number;
static _Thread_local uint64_t own_resumes;

// A function of its own, so that the address of a thread's variable is asked for each time: what a
// compiler may keep of it across a yield is that of the thread before.
__attribute__((noinline)) static uint64_t number(void) {
    __asm__ volatile("");
    return own_number;
}

static void fail(unsigned line) { __atomic_store_n(&failed, line, __ATOMIC_SEQ_CST); }

// Is told who resumes it, and finds the variables of that thread; needs ever more stack; ends by itself
// or by a trap.
static uintptr_t wander(struct coro_yielder *yielder, uintptr_t resumer, void *object) {
    uint64_t index = *(uint64_t *)object, before = resumer;
    for (uint64_t turn = 0; turn < TURNS; turn++) {
        if (number() != resumer || coro_current() != &coroutines[index]) fail(__LINE__);
        if (before != resumer) __atomic_add_fetch(&moved, 1, __ATOMIC_SEQ_CST);
        before = resumer;
        if (use_stack(turn * 900) == 0) fail(__LINE__);
        if (number() != resumer) fail(__LINE__);
        resumer = coro_yield(yielder, turn);
    }
    if (index % 3 == 0) *(volatile uint64_t *)(index * 8) = 1;
    return index;
}

static void resume_any(uintptr_t thread) {
    own_number = thread + 100;
    if (coro_trap_enable(CORO_TRAP_ENDS, handler_stacks[thread] + STACK_SIZE, STACK_SIZE) != 0) fail(__LINE__);
    uint64_t random = thread * 7919 + 1;
    while (__atomic_load_n(&ended, __ATOMIC_SEQ_CST) < COROUTINES) {
        random = random * 6364136223846793005ul + 1442695040888963407ul;
        struct coro *coro = &coroutines[(random >> 33) % COROUTINES];
        uintptr_t output;
        int64_t status = coro_resume(coro, own_number, &output);
        uint64_t index = (uint64_t)(coro - coroutines);
        if (status == CORO_YIELDED) own_resumes++;
        else if (status == CORO_ERROR_RUNNING) __atomic_add_fetch(&crowded, 1, __ATOMIC_SEQ_CST);
        else if (status == CORO_RETURNED ? index % 3 == 0 || output != index : status == CORO_TRAPPED && index % 3 != 0) fail(__LINE__);
        if (status == CORO_RETURNED || status == CORO_TRAPPED) {
            if (coro_drop(coro) != 0) fail(__LINE__);
            __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
        }
        if (random >> 61 == 0) yield();
    }
    if (own_resumes == 0 || number() != thread + 100) fail(__LINE__);
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
    thread_exit();
}

static int threads(void) {
    CHECK(coro_stack_pool_create(&pool, 4096, 65536, COROUTINES) == 0);
    for (uint64_t i = 0; i < COROUTINES; i++) {
        struct coro_stack stack;
        CHECK(coro_stack_pool_take(&pool, &stack) == 0);
        CHECK(coro_create(&coroutines[i], stack, wander, &i, sizeof i, count_drop) == 0);
    }
    for (uintptr_t i = 0; i < THREADS; i++) CHECK(thread_create(resume_any, stacks[i] + STACK_SIZE, i) > 0);
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < THREADS) yield();
    if (failed != 0) return (int)failed;
    CHECK(drops == COROUTINES && pool.taken == 0 && moved > COROUTINES);
    CHECK(coro_stack_pool_destroy(&pool) == 0);
    return 0;
}

// One thread stays in a coroutine; what the other one tries with it is refused.
static volatile int stay = 1;

static uintptr_t wait_inside(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)yielder;
    (void)object;
    __atomic_store_n(&ended, 1, __ATOMIC_SEQ_CST);
    while (stay) sleep(100);
    return input;
}

static void resume_first(uintptr_t unused) {
    (void)unused;
    uintptr_t output;
    if (coro_resume(&coroutines[0], 5, &output) != CORO_RETURNED || output != 5) fail(__LINE__);
    __atomic_store_n(&finished, 1, __ATOMIC_SEQ_CST);
    thread_exit();
}

static int shared(void) {
    struct coro_stack stack;
    uintptr_t output;
    CHECK(coro_stack_allocate(&stack, 8192) == 0);
    CHECK(coro_create(&coroutines[0], stack, wait_inside, 0, 0, count_drop) == 0);
    CHECK(thread_create(resume_first, stacks[0] + STACK_SIZE, 0) > 0);
    while (__atomic_load_n(&ended, __ATOMIC_SEQ_CST) == 0) yield();
    CHECK(coro_resume(&coroutines[0], 1, &output) == CORO_ERROR_RUNNING);
    CHECK(coro_drop(&coroutines[0]) == CORO_ERROR_RUNNING && drops == 0);
    stay = 0;
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) == 0) yield();
    if (failed != 0) return (int)failed;
    CHECK(coro_drop(&coroutines[0]) == 0 && drops == 1);
    return 0;
}

const struct coroutine_case thread_cases[] = {{"threads", threads}, {"shared", shared}, {0, 0}};
