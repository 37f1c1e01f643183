// CPU exceptions in coroutines: stacks that grow, and coroutines that end where they cannot go on.
#ifndef TRAPLINE_CORO_TRAP_H
#define TRAPLINE_CORO_TRAP_H

#include "coro.h"
#include "coro_stack.h"

#ifdef __cplusplus
extern "C" {
#endif

// What becomes of a coroutine that takes a CPU exception.
enum coro_trap_action {
    // It ends: coro_resume returns CORO_TRAPPED, and its output is the address of a struct coro_trap
    // that is on the stack until the coroutine is dropped. Its object is dropped, but nothing else on
    // its stack.
    CORO_TRAP_ENDS = 1,
    // C++: its stack is unwound, and coro_resume throws on what no handler can take: `catch (...)`.
    CORO_TRAP_THROWS,
};

enum coro_trap_kind {
    CORO_TRAP_OVERFLOW = 1, // an access below the stack, in its reserve or guard
    CORO_TRAP_MEMORY,       // any other access that is not allowed
    CORO_TRAP_INSTRUCTION,  // undefined, or not a program's to execute
    CORO_TRAP_ARITHMETIC,   // x86-64: a division
    CORO_TRAP_BREAKPOINT,
    CORO_TRAP_OTHER,
};

// What a coroutine has ended with.
struct coro_trap {
    uint64_t kind;     // enum coro_trap_kind
    uint64_t code;     // see struct exception_state
    uintptr_t address; // see there
    uintptr_t pc;
    uintptr_t sp;
};

// Has CPU exceptions of the calling thread's coroutines handled, on a stack for the handler. Those of
// code that runs on no coroutine's stack end the task as before.
int64_t coro_trap_enable(enum coro_trap_action action, void *stack_top, size_t size);

// Ends that.
int64_t coro_trap_disable(void);

#ifdef __cplusplus
}
#endif
#endif
