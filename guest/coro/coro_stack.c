#include "../include/coro_stack.h"

#include "../include/trapline.h"

// The guard and the reserve.
#define BELOW (2 * PAGE_SIZE)

#define ROUND_UP(size) (((size) + PAGE_SIZE - 1) & -PAGE_SIZE)

static int64_t check_size(size_t size) {
    if (size == 0) return CORO_STACK_ERROR_ZERO;
    return size > CORO_STACK_MAX ? CORO_STACK_ERROR_TOO_LARGE : 0;
}

static void give_back(struct coro_stack *stack) { coro_stack_free(stack); }

struct coro_stack_map *coro_stack_map(const struct coro_stack *stack) {
    return stack->give_back == give_back ? stack->owner : 0;
}

static struct coro_stack stack_of(struct coro_stack_map *map) {
    return (struct coro_stack){map, (void *)(map->begin + BELOW), give_back, map};
}

// Makes a mapping of which the upper part is accessible.
static int64_t make(struct coro_stack *stack, size_t initial, size_t size, struct coro_stack_pool *pool) {
    int64_t error = check_size(initial);
    if (error == 0) error = check_size(size);
    if (error != 0) return error;
    // The map is part of the pages, but does not take of what was asked for.
    size = ROUND_UP(size + sizeof(struct coro_stack_map));
    initial = ROUND_UP(initial + sizeof(struct coro_stack_map));
    if (initial > size) initial = size;
    int64_t begin = vm_allocate(0, BELOW + size);
    if (begin < 0) return CORO_STACK_ERROR_NO_MEMORY;
    uintptr_t end = (uintptr_t)begin + BELOW + size;
    if (vm_protect((uintptr_t)begin, BELOW + size - initial, VM_PROT_NONE) != 0) {
        vm_deallocate((uintptr_t)begin, BELOW + size);
        return CORO_STACK_ERROR_NO_MEMORY;
    }
    struct coro_stack_map *map = (struct coro_stack_map *)end - 1;
    *map = (struct coro_stack_map){.begin = (uintptr_t)begin, .end = end, .lowest = end - initial, .pool = pool};
    *stack = stack_of(map);
    return 0;
}

int64_t coro_stack_allocate(struct coro_stack *stack, size_t size) { return make(stack, size, size, 0); }

int64_t coro_stack_allocate_growing(struct coro_stack *stack, size_t initial, size_t size) {
    return make(stack, initial, size, 0);
}

int64_t coro_stack_use(struct coro_stack *stack, void *memory, size_t size) {
    int64_t error = check_size(size);
    if (error != 0) return error;
    if (((uintptr_t)memory | size) % CORO_STACK_ALIGNMENT != 0) return CORO_STACK_ERROR_UNALIGNED;
    *stack = (struct coro_stack){(char *)memory + size, memory, 0, 0};
    return 0;
}

int coro_stack_grow(const struct coro_stack *stack, uintptr_t address) {
    struct coro_stack_map *map = coro_stack_map(stack);
    if (!map || address < (uintptr_t)stack->limit || address >= map->end) return 0;
    if (address >= map->lowest) return 1;
    // Twice what there is, so that a deep stack does not grow page by page.
    size_t size = map->end - map->lowest;
    uintptr_t lowest = map->lowest - (uintptr_t)stack->limit > size ? map->lowest - size : (uintptr_t)stack->limit;
    if (lowest > address) lowest = address & -PAGE_SIZE;
    if (vm_protect(lowest, map->lowest - lowest, VM_PROT_READ | VM_PROT_WRITE) != 0) return 0;
    map->lowest = lowest;
    map->growths++;
    return 1;
}

static int protect_reserve(struct coro_stack_map *map, int protection) {
    return vm_protect(map->begin + PAGE_SIZE, PAGE_SIZE, protection) == 0;
}

int coro_stack_open_reserve(const struct coro_stack *stack) {
    struct coro_stack_map *map = coro_stack_map(stack);
    if (!map || map->is_open || !protect_reserve(map, VM_PROT_READ | VM_PROT_WRITE)) return 0;
    map->is_open = 1;
    return 1;
}

// ---- Pools

static void acquire(struct coro_stack_pool *pool) {
    while (__atomic_exchange_n(&pool->lock, 1, __ATOMIC_ACQUIRE) != 0) yield();
}

static void release(struct coro_stack_pool *pool) { __atomic_store_n(&pool->lock, 0, __ATOMIC_RELEASE); }

static void unmap(struct coro_stack_map *map) { vm_deallocate(map->begin, map->end - map->begin); }

void coro_stack_free(struct coro_stack *stack) {
    struct coro_stack_map *map = coro_stack_map(stack);
    *stack = (struct coro_stack){0, 0, 0, 0};
    if (!map) return;
    struct coro_stack_pool *pool = map->pool;
    if (!pool) {
        unmap(map);
        return;
    }
    int is_whole = !map->is_open || protect_reserve(map, VM_PROT_NONE);
    map->is_open = 0;
    acquire(pool);
    pool->taken--;
    if (is_whole) {
        map->next = pool->idle;
        pool->idle = map;
    } else {
        pool->made--;
    }
    release(pool);
    if (!is_whole) unmap(map);
}

int64_t coro_stack_pool_create(struct coro_stack_pool *pool, size_t initial, size_t size, uint32_t most) {
    int64_t error = check_size(initial);
    if (error == 0) error = check_size(size);
    if (error != 0) return error;
    *pool = (struct coro_stack_pool){.initial = initial, .size = size, .most = most};
    return 0;
}

int64_t coro_stack_pool_take(struct coro_stack_pool *pool, struct coro_stack *stack) {
    acquire(pool);
    struct coro_stack_map *map = pool->idle;
    int64_t error = 0;
    if (map) {
        pool->idle = map->next;
        *stack = stack_of(map);
    } else if (pool->made == pool->most) {
        error = CORO_STACK_ERROR_EXHAUSTED;
    } else {
        error = make(stack, pool->initial, pool->size, pool);
        if (error == 0) pool->made++;
    }
    if (error == 0) pool->taken++;
    release(pool);
    return error;
}

int64_t coro_stack_pool_destroy(struct coro_stack_pool *pool) {
    acquire(pool);
    int64_t error = pool->taken == 0 ? 0 : CORO_STACK_ERROR_IN_USE;
    while (error == 0 && pool->idle) {
        struct coro_stack_map *map = pool->idle;
        pool->idle = map->next;
        pool->made--;
        unmap(map);
    }
    release(pool);
    return error;
}
