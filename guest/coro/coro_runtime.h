// What the parts of the coroutine runtime know of each other: coro.c, and runtime/coro.cc in C++.
#ifndef TRAPLINE_CORO_RUNTIME_H
#define TRAPLINE_CORO_RUNTIME_H

#include "../include/coro.h"

#ifdef __cplusplus
#define CORO_NOEXCEPT noexcept
extern "C" {
#else
#define CORO_NOEXCEPT
#endif

// The initial function of all coroutines.
void coro_root(uintptr_t input, void **link, void *object);

// Gives the object to its drop function, the first time. As of a destructor, no exception comes out.
void coro_drop_object(struct coro *coro) CORO_NOEXCEPT;

// Runs a coroutine whose state is CORO_ACTIVE by the caller's doing, by resuming it or by calling a
// function there that throws: what coro_resume returns.
int64_t coro_run(struct coro *coro, uintptr_t input, uintptr_t *output, void (*thrower)(uintptr_t));

// The thread is leaving a coroutine for good, without a switch.
void coro_leave(struct coro *coro);

#ifdef __cplusplus
}
#endif
#endif
