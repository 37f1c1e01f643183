// Coroutines that take a CPU exception: the coroutine ends, its stack can be used again.
#include "guest/programs/coroutines/coroutines.h"

#define UNMAPPED 0x5555deadb000ul

struct deed {
    uint64_t kind;
    uintptr_t address;
};

static uintptr_t hide(uintptr_t value) {
    __asm__("" : "+r"(value));
    return value;
}

__attribute__((noinline)) static void commit(const struct deed *deed) {
    switch (deed->kind) {
        case CORO_TRAP_OVERFLOW:
            use_stack(1 << 20);
            break;
        case CORO_TRAP_MEMORY:
            *(volatile uint64_t *)hide(deed->address) = 1;
            break;
        case CORO_TRAP_INSTRUCTION:
#if defined(__aarch64__)
            __asm__ volatile("udf #0");
#else
            __asm__ volatile("ud2");
#endif
            break;
        case CORO_TRAP_ARITHMETIC: {
            volatile uint64_t one = 1;
            one = one / hide(0);
            break;
        }
        case CORO_TRAP_BREAKPOINT:
#if defined(__aarch64__)
            __asm__ volatile("brk #1");
#else
            __asm__ volatile("int3");
#endif
            break;
        default:
            break;
    }
}

static uintptr_t misbehave(struct coro_yielder *yielder, uintptr_t turns, void *object) {
    // Yields first, or not.
    while (turns-- > 0) coro_yield(yielder, turns);
    commit(object);
    return 99;
}

static const struct deed deeds[] = {
    {CORO_TRAP_MEMORY, 0},         {CORO_TRAP_MEMORY, UNMAPPED}, {CORO_TRAP_OVERFLOW, 0},
    {CORO_TRAP_INSTRUCTION, 0},    {CORO_TRAP_BREAKPOINT, 0},
#if defined(__x86_64__)
    {CORO_TRAP_ARITHMETIC, 0},
#endif
};
#define DEEDS (sizeof deeds / sizeof *deeds)

// Every kind, on one and the same stack, again and again.
static int traps(void) {
    struct coro_stack_pool pool;
    struct coro coro;
    struct coro_stack stack;
    uintptr_t output;
    unsigned ended = 0;
    CHECK(enable_traps() == 0 && coro_stack_pool_create(&pool, 16384, 16384, 1) == 0);
    for (uintptr_t turns = 0; turns < 4; turns++) {
        for (size_t i = 0; i < DEEDS; i++) {
            CHECK(coro_stack_pool_take(&pool, &stack) == 0);
            CHECK(coro_create(&coro, stack, misbehave, &deeds[i], sizeof *deeds, count_drop) == 0);
            for (uintptr_t turn = 0; turn < turns; turn++) CHECK(coro_resume(&coro, turns, &output) == CORO_YIELDED);
            CHECK(coro_resume(&coro, 0, &output) == CORO_TRAPPED);
            const struct coro_trap *const trap = (const struct coro_trap *)output;
            CHECK(trap->kind == deeds[i].kind);
            if (trap->kind == CORO_TRAP_MEMORY) CHECK(trap->address == deeds[i].address);
            if (trap->kind == CORO_TRAP_OVERFLOW) {
                CHECK(trap->address < (uintptr_t)stack.limit && trap->address >= (uintptr_t)stack.limit - 2 * PAGE_SIZE);
            }
            CHECK(drops == ++ended && coro_resume(&coro, 0, &output) == CORO_ERROR_FINISHED);
            CHECK(coro_current() == 0 && coro_drop(&coro) == 0 && drops == ended);
            CHECK(pool.taken == 0 && coro_drop(&coro) == CORO_ERROR_FINISHED);
        }
    }
    CHECK(pool.made == 1 && coro_stack_pool_destroy(&pool) == 0);
    return 0;
}

struct outer {
    struct coro_stack_pool *pool;
    size_t index;
};

// Its inner coroutines trap; it sees that and goes on.
static uintptr_t survive(struct coro_yielder *yielder, uintptr_t input, void *object) {
    struct outer *const outer = object;
    struct coro inner;
    struct coro_stack stack;
    uintptr_t output, seen = input;
    for (size_t i = 0; i < DEEDS; i++) {
        if (coro_stack_pool_take(outer->pool, &stack) != 0) return 0;
        if (coro_create(&inner, stack, misbehave, &deeds[i], sizeof *deeds, count_drop) != 0) return 0;
        if (coro_resume(&inner, 1, &output) != CORO_YIELDED) return 0;
        seen += coro_yield(yielder, seen);
        if (coro_resume(&inner, 0, &output) != CORO_TRAPPED) return 0;
        if (((struct coro_trap *)output)->kind != deeds[i].kind) return 0;
        if (coro_current() != coro_of(yielder) || coro_drop(&inner) != 0) return 0;
    }
    commit(&deeds[outer->index]);
    return seen;
}

static int nested(void) {
    struct coro_stack_pool pool;
    struct coro coro;
    struct coro_stack stack;
    uintptr_t output;
    CHECK(enable_traps() == 0 && coro_stack_pool_create(&pool, 8192, 16384, 2) == 0);
    for (size_t i = 0; i < DEEDS; i++) {
        struct outer outer = {&pool, i};
        CHECK(coro_stack_pool_take(&pool, &stack) == 0);
        CHECK(coro_create(&coro, stack, survive, &outer, sizeof outer, count_drop) == 0);
        for (size_t turn = 0; turn < DEEDS; turn++) CHECK(coro_resume(&coro, 1, &output) == CORO_YIELDED);
        CHECK(output == DEEDS && coro_resume(&coro, 1, &output) == CORO_TRAPPED);
        CHECK(((struct coro_trap *)output)->kind == deeds[i].kind && coro_drop(&coro) == 0);
        CHECK(pool.taken == 0 && drops == (i + 1) * (DEEDS + 1));
    }
    CHECK(coro_stack_pool_destroy(&pool) == 0);
    return 0;
}

static void drop_badly(void *object) {
    count_drop(object);
    commit(object);
}

// The object's own end traps: the coroutine ends with that.
static int bad_drop(void) {
    struct coro_stack stack;
    struct coro coro;
    uintptr_t output;
    CHECK(enable_traps() == 0);
    for (size_t i = 0; i < DEEDS; i++) {
        CHECK(coro_stack_allocate(&stack, 16384) == 0);
        CHECK(coro_create(&coro, stack, misbehave, &deeds[i], sizeof *deeds, drop_badly) == 0);
        CHECK(coro_resume(&coro, 0, &output) == CORO_TRAPPED && drops == i + 1);
        CHECK(((struct coro_trap *)output)->kind == deeds[i].kind && coro_drop(&coro) == 0 && drops == i + 1);
    }
    return 0;
}

// Flags and control words of what has trapped are not the parent's.
static uintptr_t disturb(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)yielder;
    (void)object;
#if defined(__aarch64__)
    __asm__ volatile(".arch_extension fp\n\tmsr fpcr, %0" : : "r"(input));
#else
    uint32_t control = (uint32_t)input;
    __asm__ volatile("ldmxcsr %0\n\tfninit\n\tfld1\n\tfld1\n\tstd\n\tud2" : : "m"(control));
#endif
    commit(&(struct deed){CORO_TRAP_INSTRUCTION, 0});
    return 0;
}

static uint64_t control(void) {
#if defined(__aarch64__)
    uint64_t value;
    __asm__ volatile(".arch_extension fp\n\tmrs %0, fpcr" : "=r"(value));
    return value;
#else
    uint32_t value;
    __asm__ volatile("stmxcsr %0" : "=m"(value));
    return value;
#endif
}

static int state(void) {
    struct coro_stack stack;
    struct coro coro;
    uintptr_t output;
    const uint64_t before = control();
    CHECK(enable_traps() == 0 && coro_stack_allocate(&stack, 4096) == 0);
    CHECK(coro_create(&coro, stack, disturb, 0, 0, 0) == 0);
#if defined(__aarch64__)
    CHECK(coro_resume(&coro, 0x00c00000, &output) == CORO_TRAPPED);
#else
    CHECK(coro_resume(&coro, 0x7f80, &output) == CORO_TRAPPED);
    uint64_t flags;
    struct { uint16_t words[14]; } environment;
    __asm__ volatile("pushfq\n\tpop %0" : "=r"(flags));
    __asm__ volatile("fnstenv %0" : "=m"(environment));
    CHECK((flags & 0x400) == 0 && environment.words[4] == 0xffff && environment.words[0] == 0x037f);
#endif
    CHECK(control() == before && coro_drop(&coro) == 0);
    return 0;
}

// Exceptions of code that is on no coroutine's stack end the task.
static int outside(void) {
    CHECK(enable_traps() == 0);
    commit(&deeds[0]);
    return __LINE__;
}

static char other_stack[8192] __attribute__((aligned(16)));

static void commit_there(uintptr_t index) { commit(&deeds[index]); }

static uintptr_t elsewhere(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)yielder;
    (void)object;
    coro_on_stack(other_stack + sizeof other_stack, commit_there, input);
    return 0;
}

static int on_stack(void) {
    struct coro_stack stack;
    struct coro coro;
    uintptr_t output;
    CHECK(enable_traps() == 0 && coro_stack_allocate(&stack, 4096) == 0);
    CHECK(coro_create(&coro, stack, elsewhere, 0, 0, 0) == 0);
    coro_resume(&coro, 0, &output);
    return __LINE__;
}

static int disabled(void) {
    struct coro_stack stack;
    struct coro coro;
    uintptr_t output;
    CHECK(enable_traps() == 0 && coro_trap_disable() == 0 && coro_stack_allocate(&stack, 4096) == 0);
    CHECK(coro_create(&coro, stack, misbehave, &deeds[0], sizeof *deeds, 0) == 0);
    coro_resume(&coro, 0, &output);
    return __LINE__;
}

const struct coroutine_case trap_cases[] = {
    {"traps", traps},     {"nested", nested},     {"bad-drop", bad_drop}, {"state", state},
    {"trap-outside", outside}, {"on-stack", on_stack}, {"disabled", disabled}, {0, 0},
};
