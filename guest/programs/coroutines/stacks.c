// Stacks: sizes, guards, pools, growth.
#include "guest/programs/coroutines/coroutines.h"

static uintptr_t deep(struct coro_yielder *yielder, uintptr_t bytes, void *object) {
    (void)object;
    for (;;) bytes = coro_yield(yielder, use_stack(bytes));
}

static int sizes(void) {
    struct coro_stack stack;
    struct coro_stack_pool pool;
    static char memory[4096] __attribute__((aligned(16)));
    CHECK(coro_stack_allocate(&stack, 0) == CORO_STACK_ERROR_ZERO);
    CHECK(coro_stack_allocate(&stack, CORO_STACK_MAX + 1) == CORO_STACK_ERROR_TOO_LARGE);
    CHECK(coro_stack_allocate(&stack, -1ul) == CORO_STACK_ERROR_TOO_LARGE);
    CHECK(coro_stack_allocate_growing(&stack, 0, 4096) == CORO_STACK_ERROR_ZERO);
    CHECK(coro_stack_allocate_growing(&stack, 4096, 0) == CORO_STACK_ERROR_ZERO);
    CHECK(coro_stack_allocate_growing(&stack, 1, -8ul) == CORO_STACK_ERROR_TOO_LARGE);
    CHECK(coro_stack_pool_create(&pool, 0, 0, 1) == CORO_STACK_ERROR_ZERO);
    CHECK(coro_stack_pool_create(&pool, 4096, -1ul, 1) == CORO_STACK_ERROR_TOO_LARGE);
    CHECK(coro_stack_use(&stack, memory, 0) == CORO_STACK_ERROR_ZERO);
    CHECK(coro_stack_use(&stack, memory + 8, 2048) == CORO_STACK_ERROR_UNALIGNED);
    CHECK(coro_stack_use(&stack, memory, 2040) == CORO_STACK_ERROR_UNALIGNED);
    CHECK(coro_stack_use(&stack, memory, -16ul) == CORO_STACK_ERROR_TOO_LARGE);
    CHECK(coro_stack_use(&stack, memory, 4096) == 0);
    CHECK(stack.limit == memory && stack.base == memory + 4096 && coro_stack_map(&stack) == 0);
    CHECK(coro_stack_grow(&stack, (uintptr_t)memory) == 0 && coro_stack_open_reserve(&stack) == 0);
    // What is asked for is there, whatever else the pages hold.
    for (size_t size = 1; size < 70000; size = size * 3 + 1) {
        CHECK(coro_stack_allocate(&stack, size) == 0);
        const uintptr_t base = (uintptr_t)stack.base, limit = (uintptr_t)stack.limit;
        CHECK(base % 16 == 0 && limit % PAGE_SIZE == 0 && base - limit >= size && base - limit < size + PAGE_SIZE);
        for (uintptr_t at = limit; at + 8 <= base; at += 512) *(volatile uint64_t *)at = at;
        coro_stack_free(&stack);
        CHECK(stack.base == 0 && stack.owner == 0);
    }
    return 0;
}

// Until the kernel's table of ranges is full; afterwards all is as before.
static int many(void) {
    static struct coro_stack stacks[VM_ENTRIES_MAX];
    struct task_info before, after;
    CHECK(task_info(task_self(), &before, sizeof before) == 0);
    size_t count = 0;
    int64_t error = 0;
    while (count < VM_ENTRIES_MAX && (error = coro_stack_allocate(&stacks[count], 1)) == 0) count++;
    CHECK(error == CORO_STACK_ERROR_NO_MEMORY && count > 1000);
    while (count > 0) coro_stack_free(&stacks[--count]);
    CHECK(coro_stack_allocate(&stacks[0], 1) == 0);
    coro_stack_free(&stacks[0]);
    CHECK(task_info(task_self(), &after, sizeof after) == 0);
    // The program's own pages, such as those of the table, have come meanwhile.
    CHECK(after.pages <= before.pages + sizeof stacks / PAGE_SIZE + 8);
    return 0;
}

static int pools(void) {
    struct coro_stack_pool pool;
    struct coro_stack stacks[4], more;
    CHECK(coro_stack_pool_create(&pool, 8192, 8192, 4) == 0);
    for (int i = 0; i < 4; i++) CHECK(coro_stack_pool_take(&pool, &stacks[i]) == 0);
    CHECK(pool.made == 4 && pool.taken == 4);
    CHECK(coro_stack_pool_take(&pool, &more) == CORO_STACK_ERROR_EXHAUSTED);
    CHECK(coro_stack_pool_destroy(&pool) == CORO_STACK_ERROR_IN_USE);
    void *const second = stacks[1].base, *const third = stacks[2].base;
    *((uint64_t *)third - 1) = 77;
    coro_stack_free(&stacks[1]);
    coro_stack_free(&stacks[2]);
    CHECK(pool.made == 4 && pool.taken == 2);
    // The last one first, and as it was.
    CHECK(coro_stack_pool_take(&pool, &more) == 0 && more.base == third && *((uint64_t *)third - 1) == 77);
    coro_stack_free(&more);
    CHECK(coro_stack_pool_take(&pool, &more) == 0 && more.base == third);
    CHECK(coro_stack_pool_take(&pool, &stacks[1]) == 0 && stacks[1].base == second);
    coro_stack_free(&more);
    struct coro coro;
    uintptr_t output;
    CHECK(coro_stack_pool_take(&pool, &more) == 0);
    CHECK(coro_create(&coro, more, deep, 0, 0, 0) == 0 && coro_resume(&coro, 2000, &output) == CORO_YIELDED);
    CHECK(pool.taken == 4 && coro_drop(&coro) == 0 && pool.taken == 3);
    coro_stack_free(&stacks[0]);
    coro_stack_free(&stacks[1]);
    coro_stack_free(&stacks[3]);
    CHECK(pool.taken == 0 && pool.made == 4);
    CHECK(coro_stack_pool_destroy(&pool) == 0 && pool.made == 0 && pool.idle == 0);
    return 0;
}

static int grows(void) {
    struct coro_stack stack;
    struct coro coro;
    uintptr_t output, again;
    CHECK(enable_traps() == 0);
    CHECK(coro_stack_allocate_growing(&stack, 4096, 1 << 20) == 0);
    const struct coro_stack_map *const map = coro_stack_map(&stack);
    CHECK(map->growths == 0 && (uintptr_t)stack.base - map->lowest < 2 * PAGE_SIZE);
    CHECK(coro_create(&coro, stack, deep, 0, 0, count_drop) == 0);
    CHECK(coro_resume(&coro, 600, &output) == CORO_YIELDED && map->growths == 0);
    for (size_t size = 10000; size < 800000; size = size * 3 / 2) {
        CHECK(coro_resume(&coro, size, &output) == CORO_YIELDED);
        CHECK((uintptr_t)stack.base - map->lowest >= size - 512);
    }
    CHECK(map->growths >= 5 && map->growths <= 12);
    // As deep as before, it does not grow.
    const uint32_t growths = map->growths;
    CHECK(coro_resume(&coro, 600000, &again) == CORO_YIELDED && map->growths == growths);
    // To its limit and no further.
    CHECK(coro_resume(&coro, 1200000, &output) == CORO_TRAPPED);
    const struct coro_trap *const trap = (const struct coro_trap *)output;
    CHECK(trap->kind == CORO_TRAP_OVERFLOW && map->lowest == (uintptr_t)stack.limit);
    CHECK(trap->address < (uintptr_t)stack.limit && trap->address >= (uintptr_t)stack.limit - 2 * PAGE_SIZE);
    CHECK(drops == 1 && coro_drop(&coro) == 0 && drops == 1);
    return 0;
}

// A large frame is touched at its far end first: the stack grows to there in one step.
__attribute__((noinline)) static uint64_t large_frame(void) {
    char room[300000];
    char *first = room;
    __asm__ volatile("" : "+r"(first) : : "memory"); // all of it is there
    *first = 1;
    return (uint64_t)room[0];
}

static uintptr_t leap(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)yielder;
    (void)input;
    (void)object;
    return large_frame();
}

static int leaps(void) {
    struct coro_stack_pool pool;
    struct coro coro;
    struct coro_stack stack;
    uintptr_t output;
    CHECK(enable_traps() == 0 && coro_stack_pool_create(&pool, 4096, 400000, 2) == 0);
    CHECK(coro_stack_pool_take(&pool, &stack) == 0 && coro_create(&coro, stack, leap, 0, 0, 0) == 0);
    CHECK(coro_resume(&coro, 0, &output) == CORO_RETURNED && output == 1);
    CHECK(coro_stack_map(&stack)->growths == 1 && coro_drop(&coro) == 0);
    // The pool hands it out as far as it has grown.
    CHECK(coro_stack_pool_take(&pool, &stack) == 0 && coro_create(&coro, stack, leap, 0, 0, 0) == 0);
    CHECK(coro_resume(&coro, 0, &output) == CORO_RETURNED && coro_stack_map(&stack)->growths == 1);
    CHECK(coro_drop(&coro) == 0 && coro_stack_pool_destroy(&pool) == 0);
    return 0;
}

// Without the handler, the end of what a growing stack has is the end of the task.
static int does_not_grow(void) {
    struct coro_stack stack;
    struct coro coro;
    uintptr_t output;
    CHECK(coro_stack_allocate_growing(&stack, 4096, 1 << 20) == 0);
    CHECK(coro_create(&coro, stack, deep, 0, 0, 0) == 0);
    coro_resume(&coro, 20000, &output);
    return __LINE__;
}

const struct coroutine_case stack_cases[] = {
    {"sizes", sizes}, {"many", many}, {"pools", pools}, {"grows", grows}, {"leaps", leaps},
    {"does-not-grow", does_not_grow}, {0, 0},
};
