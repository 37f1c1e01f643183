// Stacks for coroutines: with guard pages, from a pool, and such that grow when they are used.
//
//     +-----------------------+ <- end of the mapping
//     | struct coro_stack_map |
//     +-----------------------+ <- base, a multiple of 16
//     | in use                |
//     +-----------------------+ <- of a growing stack, the lowest byte that it has so far
//     | not to be accessed    |    until coro_trap.h's handler makes it accessible
//     +-----------------------+ <- limit
//     | reserve, one page     |    not to be accessed, but while an overflow is dealt with
//     +-----------------------+
//     | guard, one page       |    never to be accessed
//     +-----------------------+ <- begin of the mapping
//
// Pages come when they are first touched, those of a stack of fixed size, too.
#ifndef TRAPLINE_CORO_STACK_H
#define TRAPLINE_CORO_STACK_H

#include "coro.h"

#ifdef __cplusplus
extern "C" {
#endif

// What calls below return when they do not return 0.
enum coro_stack_error {
    CORO_STACK_ERROR_ZERO = -16,      // a size of 0
    CORO_STACK_ERROR_UNALIGNED = -17, // memory that does not begin or end at a multiple of 16
    CORO_STACK_ERROR_TOO_LARGE = -18, // more than CORO_STACK_MAX
    CORO_STACK_ERROR_NO_MEMORY = -19, // the kernel has refused
    CORO_STACK_ERROR_EXHAUSTED = -20, // all stacks of the pool are in use
    CORO_STACK_ERROR_IN_USE = -21,    // stacks of the pool are in use
};

// Bytes of the largest stack.
#define CORO_STACK_MAX (1ul << 30)

// What belongs to a stack that was made here, above its base.
struct coro_stack_map {
    uintptr_t begin;              // of the mapping
    uintptr_t end;
    uintptr_t lowest;             // lowest byte that may be accessed so far; below it, more may come
    struct coro_stack_pool *pool; // whose it is, or 0
    struct coro_stack_map *next;  // of the pool's idle stacks
    uint32_t is_open;             // whether the reserve is accessible
    uint32_t growths;             // how often it has grown
};

// A stack of a size, rounded up to whole pages. coro_drop gives it back.
int64_t coro_stack_allocate(struct coro_stack *stack, size_t size);

// A stack that has `initial` bytes and grows to `size`, both rounded up to whole pages. Growing takes
// coro_trap.h's handler; without it, the end of what it has is an overflow.
int64_t coro_stack_allocate_growing(struct coro_stack *stack, size_t initial, size_t size);

// A stack in memory of the caller's own, which has no guard; nothing is given back.
int64_t coro_stack_use(struct coro_stack *stack, void *memory, size_t size);

// Gives a stack back that no coroutine has: to its pool, or to the kernel.
void coro_stack_free(struct coro_stack *stack);

// The map of a stack that was made here, 0 of any other.
struct coro_stack_map *coro_stack_map(const struct coro_stack *stack);

// Makes a growing stack reach down to an address. Returns whether it does now.
int coro_stack_grow(const struct coro_stack *stack, uintptr_t address);

// Makes the reserve accessible until the stack is given back. Returns whether it was not, and is.
int coro_stack_open_reserve(const struct coro_stack *stack);

// Stacks of one kind, for threads of the task to share. What was given back last is taken first, as
// it is, with what is on it and as far as it has grown.
struct coro_stack_pool {
    size_t initial;
    size_t size;
    uint32_t most;  // stacks there may be
    uint32_t made;  // stacks there are
    uint32_t taken; // those in use
    uint32_t lock;
    struct coro_stack_map *idle;
};

// Makes a pool of at most so many stacks; `initial` and `size` are equal if they do not grow.
int64_t coro_stack_pool_create(struct coro_stack_pool *pool, size_t initial, size_t size, uint32_t most);

// Takes a stack from a pool; coro_drop or coro_stack_free gives it back.
int64_t coro_stack_pool_take(struct coro_stack_pool *pool, struct coro_stack *stack);

// Gives all stacks of a pool to the kernel; none may be in use.
int64_t coro_stack_pool_destroy(struct coro_stack_pool *pool);

#ifdef __cplusplus
}
#endif
#endif
