// Coroutines in C++: exceptions that leave a body are carried to its parent, and a suspended coroutine
// is unwound when it is dropped.
#ifndef KERNEL_MODE
#include "../include/coro_inline.h"
#include "coro_runtime.h"
#include "../runtime/system.h"

extern "C" {

void coro_drop_object(coro *coro) noexcept {
    void (*drop)(void *) = coro->drop;
    coro->drop = nullptr;
    if (drop) drop(coro->object);
}

// Nothing passes out of the frame that has no caller to land in.
void coro_root(uintptr_t input, void **link, void *object) {
    auto *yielder = reinterpret_cast<coro_yielder *>(link);
    coro *self = coro_of(yielder);
    uintptr_t output;
    try {
        output = self->body(yielder, input, object);
    } catch (...) {
        // A request to end the task goes on through all of its stacks.
        if (exception_is_kill()) {
            coro_drop_object(self);
            coro_leave(self);
            exception_go_on(self->parent_caught);
        }
        void *exception = exception_carry();
        coro_drop_object(self);
        if (!self->is_dropping) self->exception = exception;
        self->status = CORO_RETURNED;
        coro_switch_and_reset_inline(0, link);
    }
    coro_drop_object(self);
    self->status = CORO_RETURNED;
    coro_switch_and_reset_inline(output, link);
}

static void throw_forced(uintptr_t) { exception_force(); }

void coro_unwind(coro *coro) {
    uintptr_t output;
    coro->is_dropping = 1;
    coro_run(coro, 0, &output, throw_forced);
}
}
#endif
