// The native functions of programs: C with a thread and the arguments, references by the addresses of
// their slots.
#include "../arch.h"
#include "../code/tier.h"
#include "../heap/heap.h"
#include "../program/program.h"
#include "../threads/lock.h"
#include "../threads/scan.h"
#include "../threads/threads.h"
#include "../threads/wait.h"
#include "guest/include/trapline.h"

// One more slot for a reference of the thread's, until the native function returns. With vm_lock.
static uint64_t new_handle(struct vm_thread *thread, uint64_t reference) {
    if (thread->handles.count == VM_HANDLES_MAX) vm_stop("too many handles", VM_EXIT_PROGRAM);
    uint64_t *slot = &thread->handles.refs[thread->handles.count];
    *slot = reference;
    thread->handles.count++;
    return (uint64_t)(uintptr_t)slot;
}

// A method that takes one argument, by its number.
static struct vm_method *find_method(uint64_t id, uint32_t refs, uint32_t result) {
    struct vm_method *method = id < vm_program.method_count ? vm_methods[id] : 0;
    if (method == 0 || method->params > 1 || method->param_refs != refs || (result && method->result != result)) {
        vm_stop("a native function calls a method that takes something else", VM_EXIT_PROGRAM);
    }
    return method;
}

static uint64_t print_value(struct vm_thread *thread, int64_t value) {
    (void)thread;
    char line[24], *at = line + sizeof line;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    *--at = '\n';
    do *--at = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (value < 0) *--at = '-';
    print(at, (size_t)(line + sizeof line - at));
    return 0;
}

static uint64_t spin(struct vm_thread *thread, int64_t turns) {
    (void)thread;
    for (volatile int64_t i = 0; i < turns; i++) continue;
    return 0;
}

static uint64_t sleep_some(struct vm_thread *thread, uint64_t instructions) {
    if (instructions > CLOCK_MAX) return 0;
    uint64_t until = (uint64_t)clock() + instructions;
    while (vm_wait(thread, vm_events(), until)) continue;
    return 0;
}

static uint64_t upcall(struct vm_thread *thread, uint64_t id, uint64_t argument) {
    vm_enter(thread, find_method(id, 0, VM_INT), &argument);
    return thread->pending ? 0 : thread->value;
}

static uint64_t blind(struct vm_thread *thread, uint64_t id, uint64_t argument) {
    vm_blind(thread, find_method(id, 0, VM_INT), &argument);
    return thread->pending ? 0 : thread->value;
}

static uint64_t upcall_ref(struct vm_thread *thread, uint64_t id, uint64_t slot) {
    vm_enter(thread, find_method(id, 1, VM_REF), &slot);
    vm_lock();
    uint64_t handle = thread->pending ? 0 : new_handle(thread, thread->result);
    thread->result = 0;
    vm_unlock();
    return handle;
}

static uint64_t collect(struct vm_thread *thread) {
    (void)thread;
    vm_collect();
    return 0;
}

static uint64_t raise(struct vm_thread *thread, const uint64_t *slot) {
    vm_lock();
    thread->pending = *slot;
    int null = thread->pending == 0;
    vm_unlock();
    if (!null) return 0;
    vm_allocate_object(thread, VM_CLASS_NULL);
    vm_lock();
    thread->pending = thread->result;
    thread->result = 0;
    vm_unlock();
    return 0;
}

static uint64_t give_way(struct vm_thread *thread) {
    (void)thread;
    yield();
    return 0;
}

static uint64_t tier(struct vm_thread *thread, uint64_t id, uint64_t kind) {
    (void)thread;
    if (id < vm_program.method_count && kind <= VM_WANTED_OPTIMIZED) vm_change_kind(vm_methods[id], (int)kind);
    return 0;
}

static uint64_t move(struct vm_thread *thread, uint64_t id) {
    (void)thread;
    if (id < vm_program.method_count) vm_move_code(vm_methods[id]);
    return 0;
}

static uint64_t start(struct vm_thread *thread, uint64_t id, uint64_t argument) {
    (void)thread;
    return vm_start(find_method(id, 0, VM_VOID), argument);
}

static uint64_t join(struct vm_thread *thread, uint64_t number) {
    vm_join(thread, number);
    return 0;
}

static uint64_t cancel(struct vm_thread *thread, uint64_t number) {
    vm_cancel(thread, number);
    return 0;
}

static uint64_t self(struct vm_thread *thread) { return thread->number; }

// What the semaphore has, under vm_lock.
static uint64_t units;

static uint64_t wait_for(struct vm_thread *thread) {
    for (;;) {
        uint32_t events = vm_events();
        vm_lock();
        // Who is to be unwound leaves it to others.
        int taken = units > 0 && thread->pending == 0;
        if (taken) units--;
        vm_unlock();
        if (taken || !vm_wait(thread, events, VM_FOREVER)) return 0;
    }
}

static uint64_t give(struct vm_thread *thread) {
    (void)thread;
    vm_lock();
    units++;
    vm_unlock();
    vm_happened();
    return 0;
}

static uint64_t static_get(struct vm_thread *thread) {
    vm_lock();
    uint64_t handle = new_handle(thread, vm_static_reference);
    vm_unlock();
    return handle;
}

static uint64_t static_set(struct vm_thread *thread, const uint64_t *slot) {
    (void)thread;
    vm_lock();
    vm_static_reference = *slot;
    vm_unlock();
    return 0;
}

// Where a debugger stops.
__attribute__((noinline)) uint64_t vm_native_here(struct vm_thread *thread);
uint64_t vm_native_here(struct vm_thread *thread) {
    __asm__ volatile("" : : "r"(thread) : "memory");
    return 0;
}

#define NATIVE(function) ((vm_native *)(function))
vm_native *const vm_natives[VM_NATIVE_COUNT] = {
    NATIVE(print_value), NATIVE(spin),  NATIVE(sleep_some), NATIVE(upcall), NATIVE(upcall_ref),
    NATIVE(collect),     NATIVE(raise), NATIVE(give_way),   NATIVE(blind),  NATIVE(tier),
    NATIVE(move),        NATIVE(start), NATIVE(join),       NATIVE(cancel), NATIVE(self),
    NATIVE(wait_for),    NATIVE(give),  NATIVE(static_get), NATIVE(static_set), NATIVE(vm_native_here),
};

const struct vm_native_shape vm_native_shapes[VM_NATIVE_COUNT] = {
    {1, 0, VM_VOID}, {1, 0, VM_VOID}, {1, 0, VM_VOID}, {2, 0, VM_INT},  {2, 2, VM_REF},
    {0, 0, VM_VOID}, {1, 1, VM_VOID}, {0, 0, VM_VOID}, {2, 0, VM_INT},  {2, 0, VM_VOID},
    {1, 0, VM_VOID}, {2, 0, VM_INT},  {1, 0, VM_VOID}, {1, 0, VM_VOID}, {0, 0, VM_INT},
    {0, 0, VM_VOID}, {0, 0, VM_VOID}, {0, 0, VM_REF},  {1, 1, VM_VOID}, {0, 0, VM_VOID},
};
