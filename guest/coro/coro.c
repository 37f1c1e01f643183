// Coroutines over the switches of coro_switch.S. What C++ adds is in runtime/coro.cc.
#include "../include/coro.h"
#include "../include/coro_inline.h"
#include "coro_runtime.h"

#include "../include/trapline.h"

// In coro_switch.S.
void coro_init_return(void);

// Status of a task that is ended for bad use.
#define BAD_USE_STATUS 125

// ---- Switches

void *coro_init_stack(void *base, coro_initial *initial, const void *object, size_t size) {
    return coro_init_stack_inline(base, initial, object, size);
}

void coro_drop_initial_obj(void *base, void *sp, void (*drop)(void *object)) {
    (void)base;
    drop((char *)sp + CORO_FRESH_SIZE);
}

struct coro_trap_registers coro_setup_trap_trampoline(void *base, const void *value, size_t size,
                                                      coro_trap_function *function) {
    uintptr_t *sp = (uintptr_t *)(void *)coro_place_inline(base, value, size);
    uintptr_t link = (uintptr_t)base - CORO_PARENT_LINK_OFFSET;
#if defined(__aarch64__)
    return (struct coro_trap_registers){
        .pc = (uintptr_t)function,
        .sp = (uintptr_t)sp,
        .x0 = (uintptr_t)sp,
        .x1 = link,
        .x29 = link,
        .lr = (uintptr_t)coro_init_return,
    };
#else
    struct coro_trap_registers registers = {
        .rip = (uintptr_t)function,
        .rdi = (uintptr_t)sp,
        .rsi = link,
        .rbp = link,
    };
    *--sp = (uintptr_t)coro_init_return;
    registers.rsp = (uintptr_t)sp;
    return registers;
#endif
}

void coro_never(void) { __builtin_trap(); }

// ---- Coroutines

// What C++ programs have: where a thread's exceptions are (Itanium C++ ABI, 2.2.2; here only those
// that handlers hold), how to throw one that has left a body, and how to unwind a stack.
__attribute__((weak)) void **__cxa_get_globals(void);
__attribute__((weak)) void exception_throw_carried(void *exception);
__attribute__((weak)) void coro_unwind(struct coro *coro);

static _Thread_local struct coro *current;

// A coroutine may go on in another thread, so no address of a thread's variable is kept across a
// switch: the compiler must not think that this gives the same twice.
__attribute__((noinline)) static struct coro **current_slot(void) {
    struct coro **slot = &current;
    __asm__ volatile("" : "+r"(slot));
    return slot;
}

struct coro *coro_current(void) { return *current_slot(); }

// What the runtime keeps on the stack of a coroutine, above its object.
struct frame {
    struct coro *coro;
    void *padding;
};

static void **link_of(struct coro *coro) {
    return (void **)((char *)coro->stack.base - CORO_PARENT_LINK_OFFSET);
}

struct coro *coro_of(struct coro_yielder *yielder) {
    return ((struct frame *)(void *)yielder)[-1].coro;
}

// C++ has another one.
__attribute__((weak)) void coro_drop_object(struct coro *coro) {
    void (*drop)(void *) = coro->drop;
    coro->drop = 0;
    if (drop) drop(coro->object);
}

// The initial function of all coroutines; C++ has another one.
__attribute__((weak)) void coro_root(uintptr_t input, void **link, void *object) {
    struct coro_yielder *yielder = (struct coro_yielder *)(void *)link;
    struct coro *coro = coro_of(yielder);
    uintptr_t output = coro->body(yielder, input, object);
    if (coro->drop) coro_drop_object(coro);
    coro->status = CORO_RETURNED;
    coro_switch_and_reset_inline(output, link);
}

int64_t coro_create(struct coro *coro, struct coro_stack stack, coro_body *body, const void *object,
                    size_t size, void (*drop)(void *object)) {
    uintptr_t base = (uintptr_t)stack.base, limit = (uintptr_t)stack.limit;
    if (base <= limit || limit == 0 || base % CORO_STACK_ALIGNMENT != 0) return CORO_ERROR_BAD_STACK;
    size_t room = base - limit;
    size_t used = CORO_PARENT_LINK_OFFSET + sizeof(struct frame);
    if (room < used + CORO_STACK_MIN || CORO_ROUND_UP(size) > room - used - CORO_STACK_MIN || size > room) {
        return CORO_ERROR_SMALL_STACK;
    }
    *coro = (struct coro){
        .stack = stack,
        .body = body,
        .drop = drop,
        .innermost = coro,
        .state = CORO_FRESH,
    };
    // Our frame is above the object, where it is found from the link.
    struct frame *frame = (struct frame *)(void *)link_of(coro) - 1;
    *frame = (struct frame){.coro = coro};
    char *place = coro_place_inline((char *)stack.base - sizeof *frame, object, size);
    coro->object = place;
    coro->sp = coro_begin_inline(stack.base, coro_root, place);
    return 0;
}

// Whether a coroutine was one of those states, and is the caller's now.
static int take(struct coro *coro, uint32_t state) {
    return __atomic_compare_exchange_n(&coro->state, &state, CORO_ACTIVE, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static int64_t take_error(struct coro *coro) {
    return __atomic_load_n(&coro->state, __ATOMIC_RELAXED) == CORO_ACTIVE ? CORO_ERROR_RUNNING : CORO_ERROR_FINISHED;
}

// Puts a list of caught exceptions in place of the thread's; returns that.
static void *exchange_caught(void *next) {
    if (!__cxa_get_globals) return 0;
    void **caught = __cxa_get_globals();
    void *before = *caught;
    *caught = next;
    return before;
}

int64_t coro_run(struct coro *coro, uintptr_t input, uintptr_t *output, void (*thrower)(uintptr_t)) {
    struct coro **slot = current_slot();
    struct coro *parent = *slot;
    coro->parent = parent;
    *slot = coro->innermost;
    coro->parent_caught = exchange_caught(coro->caught);
    struct coro_transfer back = thrower
        ? coro_switch_and_throw(thrower, input, coro->sp, coro->stack.base)
        : coro_switch_and_link(input, coro->sp, coro->stack.base);
    // A parent that was suspended together with it may be in another thread now.
    *current_slot() = parent;
    coro->caught = exchange_caught(coro->parent_caught);
    coro->sp = back.sp;
    if (back.sp) {
        *output = back.argument;
        __atomic_store_n(&coro->state, CORO_SUSPENDED, __ATOMIC_RELEASE);
        return CORO_YIELDED;
    }
    int64_t status = coro->status;
    void *exception = coro->exception;
    coro->exception = 0;
    __atomic_store_n(&coro->state, CORO_ENDED, __ATOMIC_RELEASE);
    if (exception) exception_throw_carried(exception);
    *output = back.argument;
    return status;
}

void coro_leave(struct coro *coro) {
    *current_slot() = coro->parent;
    __atomic_store_n(&coro->state, CORO_ENDED, __ATOMIC_RELEASE);
}

int64_t coro_resume(struct coro *coro, uintptr_t input, uintptr_t *output) {
    if (!take(coro, CORO_SUSPENDED) && !take(coro, CORO_FRESH)) return take_error(coro);
    return coro_run(coro, input, output, 0);
}

int64_t coro_try_yield(struct coro_yielder *yielder, uintptr_t output, uintptr_t *input) {
    struct coro *innermost = *current_slot();
    if (!innermost) return CORO_ERROR_OUTSIDE;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (here < (uintptr_t)innermost->stack.limit || here >= (uintptr_t)innermost->stack.base) {
        return CORO_ERROR_FOREIGN_STACK;
    }
    struct coro *coro = innermost;
    while (coro && link_of(coro) != (void **)(void *)yielder) coro = coro->parent;
    if (!coro) return CORO_ERROR_OUTSIDE;
    if (coro->is_dropping) return CORO_ERROR_DROPPING;
    coro->innermost = innermost;
    *input = coro_switch_yield(output, link_of(coro));
    return 0;
}

static void bad_use(int64_t error) {
    static const char *const errors[] = {
        [-CORO_ERROR_FOREIGN_STACK] = "not on the stack of the running coroutine",
        [-CORO_ERROR_OUTSIDE] = "outside of the yielder's coroutine",
        [-CORO_ERROR_DROPPING] = "the coroutine is being dropped",
    };
    const char *text = errors[-error];
    size_t length = 0;
    while (text[length]) length++;
    print("coro_yield: ", 12);
    print(text, length);
    print("\n", 1);
    exit(BAD_USE_STATUS);
}

uintptr_t coro_yield(struct coro_yielder *yielder, uintptr_t output) {
    uintptr_t input = 0;
    int64_t error = coro_try_yield(yielder, output, &input);
    if (error < 0) bad_use(error);
    return input;
}

int64_t coro_drop(struct coro *coro) {
    if (take(coro, CORO_FRESH)) {
        if (coro->drop) coro_drop_object(coro);
    } else if (take(coro, CORO_SUSPENDED)) {
        if (coro_unwind) coro_unwind(coro);
        if (coro->drop) coro_drop_object(coro);
    } else if (!take(coro, CORO_ENDED)) {
        return take_error(coro);
    }
    coro->sp = 0;
    struct coro_stack stack = coro->stack;
    __atomic_store_n(&coro->state, CORO_DROPPED, __ATOMIC_RELEASE);
    if (stack.give_back) stack.give_back(&stack);
    return 0;
}
