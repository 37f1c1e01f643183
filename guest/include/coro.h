// Coroutines: stacks of their own that a program switches between. docs/coroutines.md has the
// layouts of the stacks and the rules.
//
// A coroutine is resumed by its parent and yields to it, each with a word for the other:
//
//     static uintptr_t count(struct coro_yielder *yielder, uintptr_t input, void *object) {
//         for (uintptr_t n = 0; input != 0; n++) input = coro_yield(yielder, n);
//         return 0;
//     }
//     struct coro coro;
//     uintptr_t output;
//     coro_create(&coro, stack, count, 0, 0, 0);
//     while (coro_resume(&coro, 1, &output) == CORO_YIELDED && output < 10) {}
//     coro_drop(&coro);
//
// Stacks grow downward. A base is one past the highest byte and a multiple of 16, a limit is the
// lowest byte to be used.
#ifndef TRAPLINE_CORO_H
#define TRAPLINE_CORO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define CORO_NORETURN [[noreturn]]
extern "C" {
#else
#define CORO_NORETURN _Noreturn
#endif

// ---- Switches: what they do not say is not checked.

#define CORO_STACK_ALIGNMENT 16
#define CORO_PARENT_LINK_OFFSET 16 // the link is the word this far below the base

// A suspended stack begins with the address where it goes on; the call that the suspended switch seems
// to be in would return to this many bytes before it.
#if defined(__x86_64__)
#define CORO_THROW_DISTANCE 2
#else
#define CORO_THROW_DISTANCE 4
#endif

// What a switch brings back: the word sent, and where the sender's stack is now, 0 if it ended.
struct coro_transfer {
    uintptr_t argument;
    void *sp;
};

// The first function on a stack. It does not return. The object is what coro_init_stack has put
// there, aligned to 16.
typedef void coro_initial(uintptr_t argument, void **parent_link, void *object);

// Makes a stack that begins with a function when it is first resumed; the object's bytes are copied
// to the stack. Returns its stack pointer.
void *coro_init_stack(void *base, coro_initial *initial, const void *object, size_t size);

// Resumes a suspended stack, whose parent is the caller from now on.
struct coro_transfer coro_switch_and_link(uintptr_t argument, void *sp, void *base);

// Goes back to the parent; returns what the next resume sends.
uintptr_t coro_switch_yield(uintptr_t argument, void **parent_link);

// Goes back to the parent for the last time. The argument may point into this stack, which is there
// until the parent uses it for something else.
CORO_NORETURN void coro_switch_and_reset(uintptr_t argument, void **parent_link);

// Resumes a stack that has begun by calling a function in the place where it was suspended. The
// function does not return but throws what unwinds the stack to its first function.
struct coro_transfer coro_switch_and_throw(void (*thrower)(uintptr_t), uintptr_t argument, void *sp,
                                           void *base);

// Gives the object of a stack that was never resumed to a function.
void coro_drop_initial_obj(void *base, void *sp, void (*drop)(void *object));

// Ends what a coroutine that trapped was doing: with these registers its thread goes on in the
// function, at the base of the same stack, with the address of a copy of the value. The function
// does not return; it may use coro_switch_and_reset.
typedef void coro_trap_function(void *value, void **parent_link);
struct coro_trap_registers {
#if defined(__x86_64__)
    uintptr_t rip, rsp, rbp, rdi, rsi;
#else
    uintptr_t pc, sp, x0, x1, x29, lr;
#endif
};
struct coro_trap_registers coro_setup_trap_trampoline(void *base, const void *value, size_t size,
                                                      coro_trap_function *function);

// Calls a function on another stack. It may throw; it may not yield.
void coro_on_stack(void *base, void (*function)(uintptr_t), uintptr_t argument);

// ---- Coroutines

// What calls below return: how a coroutine came back, or a negative error.
enum coro_status {
    CORO_YIELDED = 0,
    CORO_RETURNED = 1, // the body has returned the output
    CORO_TRAPPED = 2,  // an exception of the CPU has ended it: coro_trap.h
};
enum coro_error {
    CORO_ERROR_FINISHED = -1,      // it has ended
    CORO_ERROR_RUNNING = -2,       // it is running, or waits for one that it has resumed
    CORO_ERROR_FOREIGN_STACK = -3, // not called on the stack of the running coroutine
    CORO_ERROR_BAD_STACK = -4,     // of no size, or not aligned to 16
    CORO_ERROR_OUTSIDE = -5,       // this yielder's coroutine is not one of those running here
    CORO_ERROR_DROPPING = -7,      // it is being unwound: its destructors may not yield
    CORO_ERROR_SMALL_STACK = -6,   // less than CORO_STACK_MIN is left beside the object
};

// Bytes a stack must have beside the object.
#define CORO_STACK_MIN 1024

// A stack and whom to give it back to: give_back is called when the coroutine is dropped; it may be
// 0.
struct coro_stack {
    void *base;
    void *limit;
    void (*give_back)(struct coro_stack *stack);
    void *owner; // for give_back
};

// What a body yields through. Its address is that of the parent link.
struct coro_yielder;

// The function of a coroutine: its first input, and the copy of the object on its stack.
typedef uintptr_t coro_body(struct coro_yielder *yielder, uintptr_t input, void *object);

enum coro_state { CORO_FRESH = 1, CORO_SUSPENDED, CORO_ACTIVE, CORO_ENDED, CORO_DROPPED };

// A coroutine. It stays where it was created, and may be resumed by any thread, one at a time.
// Nothing in it is the user's to change.
struct coro {
    void *sp;               // while it is fresh or suspended; it may be on the stack of a coroutine
                            // that it has resumed
    struct coro_stack stack;
    coro_body *body;
    void (*drop)(void *object);
    void *object;
    struct coro *parent;    // the coroutine that has resumed it, 0 if none has
    struct coro *innermost; // the coroutine that was suspended with it: itself, or one further in
    void *caught;           // exceptions that handlers on its stack hold
    void *exception;        // what left its body, on the way to the parent
    uint32_t state;         // enum coro_state
    uint32_t status;        // enum coro_status it ended with
    uint32_t is_dropping;   // whether it is being unwound to be dropped
    uint32_t reserved;
    void *parent_caught;    // while it runs, what handlers of its parent hold
};

// Makes a coroutine; the object's bytes are copied to its stack. `drop`, if it is not 0, is called
// once with the copy when the body has ended or will never begin. Returns 0 or an error.
int64_t coro_create(struct coro *coro, struct coro_stack stack, coro_body *body, const void *object,
                    size_t size, void (*drop)(void *object));

// Runs a coroutine until it yields or ends: a status, with its output, or an error. An exception
// that leaves the body is thrown here.
int64_t coro_resume(struct coro *coro, uintptr_t input, uintptr_t *output);

// Suspends a coroutine from any function called on its stack, or from a coroutine that was resumed
// there, which is then suspended with it. Bad use ends the task.
uintptr_t coro_yield(struct coro_yielder *yielder, uintptr_t output);

// As coro_yield; returns 0 with the next input, or an error.
int64_t coro_try_yield(struct coro_yielder *yielder, uintptr_t output, uintptr_t *input);

// Ends a coroutine, if it has not ended, and gives its stack back. In C++ a suspended one is
// unwound: destructors run, no handler can keep it. Returns 0 or an error.
int64_t coro_drop(struct coro *coro);

// The coroutine of a yielder.
struct coro *coro_of(struct coro_yielder *yielder);

// The innermost coroutine that runs in this thread, 0 if none does.
struct coro *coro_current(void);

#ifdef __cplusplus
}
#endif
#endif
