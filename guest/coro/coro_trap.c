#include "../include/coro_trap.h"

#include "../include/coro_inline.h"
#include "coro_runtime.h"
#include "../include/trapline.h"

static _Thread_local enum coro_trap_action action;

#if defined(__aarch64__)
#define MEMORY_CODES (1ull << 0x20 | 1ull << 0x24)
#define INSTRUCTION_CODES (1ull << 0x00 | 1ull << 0x01 | 1ull << 0x18)
#define ARITHMETIC_CODES 0ull
#define BREAKPOINT_CODES (1ull << 0x3c | 1ull << 0x30)
#else
#define MEMORY_CODES (1ull << 12 | 1ull << 13 | 1ull << 14)
#define INSTRUCTION_CODES (1ull << 6)
#define ARITHMETIC_CODES (1ull << 0)
#define BREAKPOINT_CODES (1ull << 1 | 1ull << 3)
#endif

static uint64_t kind_of(const struct exception_state *state) {
    if (state->code >= 64) return CORO_TRAP_OTHER;
    uint64_t code = 1ull << state->code;
    if (code & MEMORY_CODES) return CORO_TRAP_MEMORY;
    if (code & INSTRUCTION_CODES) return CORO_TRAP_INSTRUCTION;
    if (code & ARITHMETIC_CODES) return CORO_TRAP_ARITHMETIC;
    return code & BREAKPOINT_CODES ? CORO_TRAP_BREAKPOINT : CORO_TRAP_OTHER;
}

// What the calling thread's coroutine has trapped with, from the handler to the base of its stack.
static _Thread_local struct coro_trap pending;

// Runs at the base of the stack that has trapped. The parent reads the description here, in a stack
// frame that is over.
static void end_trapped(void *object, void **link) {
    (void)object;
    struct coro_trap trap = pending;
    struct coro *coro = coro_of((struct coro_yielder *)(void *)link);
    coro_drop_object(coro);
    coro->status = CORO_TRAPPED;
    coro_switch_and_reset_inline((uintptr_t)&trap, link);
}

// Has the thread go on at the base of the stack. The value that goes there is all that is between the
// link and the end of the object and lies there already, so that the stack is whole until it is left.
static void redirect(struct exception_state *state, struct coro *coro, uint64_t kind) {
    pending = (struct coro_trap){kind, state->code, state->address, state->pc, state->sp};
    size_t size = (uintptr_t)coro->stack.base - CORO_PARENT_LINK_OFFSET - (uintptr_t)coro->object;
    struct coro_trap_registers registers =
        coro_setup_trap_trampoline(coro->stack.base, coro->object, size, end_trapped);
#if defined(__aarch64__)
    state->pc = registers.pc;
    state->sp = registers.sp;
    state->x[0] = registers.x0;
    state->x[1] = registers.x1;
    state->x[29] = registers.x29;
    state->x[30] = registers.lr;
    state->flags = 0;
    state->fpcr = 0;
#else
    state->pc = registers.rip;
    state->sp = registers.rsp;
    state->rbp = registers.rbp;
    state->rdi = registers.rdi;
    state->rsi = registers.rsi;
    state->flags = 0;
    // The x87 stack is empty, and both control words are those of a new thread.
    *(uint16_t *)(state->fp + 0) = 0x037f;
    *(uint16_t *)(state->fp + 2) = 0;
    state->fp[4] = 0;
    *(uint32_t *)(state->fp + 24) = 0x1f80;
#endif
}

static void handle(struct exception_state *state) {
    struct coro *coro = coro_current();
    if (!coro) return;
    const struct coro_stack *stack = &coro->stack;
    const struct coro_stack_map *map = coro_stack_map(stack);
    // A large frame may have left the stack before it has touched any of it.
    int is_below = map && state->status != 0 && state->address >= map->begin && state->address < map->lowest;
    int is_on_it = state->sp >= (uintptr_t)stack->limit && state->sp <= (uintptr_t)stack->base;
    if (!is_below && !is_on_it) return;
    if (is_below && coro_stack_grow(stack, state->address)) exception_return(state);
    uint64_t kind = is_below ? CORO_TRAP_OVERFLOW : kind_of(state);
    if (action == CORO_TRAP_ENDS) {
        redirect(state, coro, kind);
        exception_return(state);
    }
    // Unwinding is the kernel's; cleanups of the innermost frames need room.
    if (kind == CORO_TRAP_OVERFLOW) coro_stack_open_reserve(stack);
}

int64_t coro_trap_enable(enum coro_trap_action what, void *stack_top, size_t size) {
    action = what;
    return thread_set_handler(handle, stack_top, size);
}

int64_t coro_trap_disable(void) { return thread_set_handler(0, 0, 0); }
