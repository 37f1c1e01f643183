// The library. A context gives way in `schedule`, which moves it to the end of the list, saves it
// and switches to the first one; one that has ended leaves its stack to the next that comes back in
// `schedule`, as nobody can release the stack he is on.
#include "guest/green/green.h"

#include "guest/green/contexts.h"
#include "guest/green/frames.h"
#include "guest/green/heap.h"
#include "guest/green/log.h"
#include "guest/include/format.h"
#include "guest/include/trapline.h"

enum defect defect;

static struct registers root;
static struct contexts running;
static struct contexts unused;
static size_t ended;
static uint64_t last_id = FIRST_ID - 1;

// The stack pointer a fresh context is entered with.
static uint64_t first_stack_pointer(const struct context *context) {
    uint64_t *bottom = (uint64_t *)stack_bottom(context);
#if defined(__x86_64__) && !defined(ENTER_BY_CALL)
    bottom--; // the place of a return address, which a call would have filled
    *bottom = 0;
#endif
    return (uint64_t)bottom;
}

// SHARED: whether a context is on the stack of another.
static int shares_stack(const struct context *context) {
    return defect == SHARED && context->id == FIRST_ID + 2;
}

static char *allocate_stack(const struct layout *layout) {
    char *stack = heap_allocate(layout->size, layout->align);
    // Neighbors touch; the lowest page of each is its guard.
    if (defect != UNGUARDED && vm_protect((uintptr_t)stack, PAGE_SIZE, VM_PROT_NONE) != 0) exit(71);
    return stack;
}

static struct context make_context(void (*entry)(void), const char *name) {
    struct context context = {
        .layout = {STACK_SIZE, PAGE_SIZE}, .entry = entry, .id = last_id, .name = name};
    if (shares_stack(&context)) context.stack = running.items[0].stack;
    else context.stack = allocate_stack(&context.layout);
#if defined(__x86_64__)
    context.registers.rsp = first_stack_pointer(&context);
    context.registers.rdx = (uint64_t)entry_point;
#else
    context.registers.sp = first_stack_pointer(&context);
    context.registers.pc = (uint64_t)entry_point;
#endif
    print_stack(&context);
    return context;
}

void spawn_from_main(void (*entry)(void), const char *name) {
    FILL(FILL_SPAWN_FROM_MAIN);
    put_text("create root context from main\n");
    put_text("set_context from `spawn_from_main()`\n");
    if (set_context(&root) == 0) {
        put_text("set_context done: ");
        print_registers(&root);
        put_text("\n");
        last_id++;
        struct context context = make_context(entry, name);
        contexts_push(&running, &context);
        put_text("context to be switched to: ");
        print_context(&context);
        print_contexts(&running);
        switch_context(&running.items[0].registers);
    }
    rm_unused_stack();
}

void spawn(void (*entry)(void), const char *name) {
    struct context self = running.items[0];
    FILL(FILL_SPAWN);
    put_format("[%u] ID generated\n", ++last_id);
    struct context context = make_context(entry, name);
    contexts_push(&running, &context);
    // The log has the list here only when a third context is in it.
    if (running.count > 2) print_contexts(&running);
    put_format("[%u] spawned\n", context.id);
    schedule(&self);
}

// STALE: the frame that a context is saved in, which is left before anybody switches to it.
static int save_deeper(struct registers *registers) { return set_context(registers); }
static int save_elsewhere(struct registers *registers) { return save_deeper(registers); }

// STALE: what lies below the caller's frame is overwritten, with the same on every architecture.
static void wipe_below(void) {
    volatile uint64_t scratch[64];
    for (int i = 0; i < 64; i++) scratch[i] = 0;
}

void schedule(const struct context *self) {
    FILL(FILL_SCHEDULE);
    put_format("[%u] set_context being called\n", self->id);
    struct context last = contexts_shift(&running);
    contexts_push(&running, &last);
    print_contexts(&running);
    put_text("set_context from `schedule()`\n");
    struct registers *own = &running.items[running.count - 1].registers;
    if ((defect == STALE ? save_elsewhere(own) : set_context(own)) == 0) {
        put_text("set_context done (0): ");
        print_registers(own);
        put_text("\ncontext switching back to: ");
        print_context(&running.items[0]);
        if (defect == STALE) wipe_below();
        switch_context(&running.items[0].registers);
    }
    put_text("jump back to right after set_context(): ");
    print_registers(&running.items[0].registers);
    put_text("\n");
    rm_unused_stack();
    put_text("schedule() tail\n");
}

void rm_unused_stack(void) {
    put_text("rm_unused_stack() called\n");
    if (defect == FREED && running.count > 1) heap_release(running.items[running.count - 1].stack);
    while (unused.count > 0) {
        struct context context = contexts_shift(&unused);
        heap_release(context.stack);
    }
    put_text("rm_unused_stack() done\n");
}

// The running context has ended: the next one's turn, or that of main.
_Noreturn static void leave(void) {
    struct context self = contexts_shift(&running);
    put_format("[%u] ended\n", self.id);
    if (!shares_stack(&self)) contexts_push(&unused, &self);
    ended++;
    if (running.count > 0) switch_context(&running.items[0].registers);
    put_text("\n** regular stack (main)\n\n");
    switch_context(&root);
}

void entry_point(void) {
    FILL(FILL_ENTRY_POINT);
    struct registers current;
    uint64_t number = running.items[0].id - FIRST_ID + 1;
    const char *name = running.items[0].name;
    put_format("** stack in heap %u (%c%s)\n\n", number, name[0] - 'a' + 'A', name + 1);
    put_text("entry_point() called\n");
    set_context(&current);
    put_text("[DEBUG] curent reg: ");
    print_registers(&current);
    put_text("\n");
    running.items[0].entry();
    leave();
}

void green_end(void) {
    contexts_clear(&running);
    contexts_clear(&unused);
}

size_t green_ended(void) { return ended; }
