// The agent: does in the guest what a CoroutineHost asks for. It waits at coro_agent_wait, where the
// host stops the machine, writes into the record what is to be done, and lets it go on. Whatever
// there is to know of the host's coroutines is in guest memory, so that it goes into snapshots, and
// back in time with the machine.
#include "coro_agent_record.h"

#include "../include/coro_agent.h"
#include "coro_runtime.h"
#include "../include/coro_trap.h"
#include "../include/format.h"
#include "../include/string.h"

// Exit status of a program whose functions nobody calls.
#define NO_HOST 127

struct coro_agent_record coro_agent_record = {.version = CORO_AGENT_VERSION};

#define record coro_agent_record

// Token of what the host has thrown into a function in C that it had called.
static uint64_t raised;

// Where the host stops the machine.
__attribute__((noinline)) static void coro_agent_wait(void) { __asm__ volatile("" : : : "memory"); }

static uint64_t coro_agent_guarded(coro_agent_function *function, const uint64_t *words, int64_t *outcome) {
    *outcome = CORO_AGENT_RETURNED;
    return coro_agent_catch ? coro_agent_catch(function, words, outcome) : function(words);
}

// ---- Coroutines

static uint64_t coro_agent_run_body(const uint64_t *words) {
    const struct coro_agent_slot *slot = (const struct coro_agent_slot *)words[0];
    return slot->body((struct coro_yielder *)words[1], words[2], (void *)words[3]);
}

// The body of every coroutine of the host: that of its slot, with what it throws caught.
static uintptr_t coro_agent_body(struct coro_yielder *yielder, uintptr_t input, void *object) {
    const uint64_t words[] = {(uintptr_t)record.current, (uintptr_t)yielder, input, (uintptr_t)object};
    int64_t outcome;
    uint64_t value = coro_agent_guarded(coro_agent_run_body, words, &outcome);
    record.outcome = outcome;
    return value;
}

static struct coro_agent_slot *coro_agent_free_slot(void) {
    for (struct coro_agent_slot *slot = record.slots; slot != 0; slot = slot->next) {
        if (slot->number == 0) return slot;
    }
    int64_t page = vm_allocate(0, PAGE_SIZE);
    if (page < 0) return 0;
    struct coro_agent_slot *slots = (struct coro_agent_slot *)page;
    for (size_t i = PAGE_SIZE / sizeof *slots; i-- > 0;) {
        slots[i].next = record.slots;
        record.slots = &slots[i];
    }
    return record.slots;
}

static int64_t coro_agent_create(const uint64_t *words) {
    struct coro_agent_slot *slot = coro_agent_free_slot();
    struct coro_stack stack = {0, 0, 0, 0};
    if (slot == 0) return CORO_AGENT_ERROR_MEMORY;
    int64_t error = coro_stack_allocate(&stack, words[2]);
    if (error < 0) return error;
    error = coro_create(&slot->coro, stack, coro_agent_body, (const void *)words[3], words[4], (void (*)(void *))words[1]);
    if (error < 0) {
        coro_stack_free(&stack);
        return error;
    }
    slot->number = words[5];
    slot->state = slot->coro.state;
    slot->body = (coro_body *)words[0];
    slot->base = (uintptr_t)stack.base;
    slot->limit = (uintptr_t)stack.limit;
    slot->note = 0;
    record.value = (uintptr_t)slot;
    return 0;
}

// A coroutine that has ended goes at once: the host keeps what came of it.
static int64_t coro_agent_drop(struct coro_agent_slot *slot) {
    int64_t error = coro_drop(&slot->coro);
    if (error == 0) slot->number = 0;
    else slot->state = slot->coro.state;
    return error;
}

// Resumes a coroutine, or throws into it.
static int64_t coro_agent_run(struct coro_agent_slot *slot, uint64_t word, int throws) {
    struct coro_agent_slot *outer = record.current;
    // It may end in the midst of operations that are served on its stack.
    struct coro_agent_call *call = record.call;
    uint64_t depth = record.depth;
    uintptr_t output = 0;
    record.current = slot;
    slot->state = CORO_ACTIVE;
    int64_t status;
    if (!throws) status = coro_resume(&slot->coro, word, &output);
    else if (slot->coro.state != CORO_SUSPENDED) status = CORO_ERROR_RUNNING;
    else if (coro_agent_raise) {
        slot->coro.state = CORO_ACTIVE; // no other thread has it
        status = coro_run(&slot->coro, word, &output, coro_agent_raise);
    } else {
        // In C nothing can catch it.
        int64_t error = coro_agent_drop(slot);
        record.current = outer;
        record.value = word;
        return error < 0 ? error : CORO_AGENT_HOST_ERROR;
    }
    record.current = outer;
    record.call = call;
    record.depth = depth;
    slot->state = slot->coro.state;
    if (status < 0) return status;
    record.value = output;
    if (status == CORO_YIELDED) return CORO_AGENT_YIELDED;
    int64_t outcome = status == CORO_TRAPPED ? CORO_AGENT_TRAPPED : record.outcome;
    coro_agent_drop(slot);
    return outcome;
}

// ---- Operations

static uint64_t coro_agent_call_function(const uint64_t *words) {
    typedef uint64_t function(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
    return ((function *)words[0])(words[1], words[2], words[3], words[4], words[5], words[6]);
}

static int64_t coro_agent_operate(uint64_t operation, struct coro_agent_slot *slot, const uint64_t *words) {
    int64_t outcome;
    uint64_t token;
    switch (operation) {
    case CORO_AGENT_CREATE:
        return coro_agent_create(words);
    case CORO_AGENT_RESUME:
        return coro_agent_run(slot, words[0], 0);
    case CORO_AGENT_THROW:
        return coro_agent_run(slot, words[0], 1);
    case CORO_AGENT_DROP:
        return coro_agent_drop(slot);
    case CORO_AGENT_CALL:
        token = raised;
        raised = 0;
        record.value = coro_agent_guarded(coro_agent_call_function, words, &outcome);
        if (raised != 0) {
            record.value = raised;
            outcome = CORO_AGENT_HOST_ERROR;
        }
        raised = token;
        return outcome;
    case CORO_AGENT_ALLOCATE:
        outcome = vm_allocate(0, words[0]);
        record.value = (uint64_t)outcome;
        return outcome < 0 ? outcome : 0;
    case CORO_AGENT_FREE:
        return vm_deallocate(words[0], words[1]);
    default:
        return -KERN_NOT_IMPLEMENTED;
    }
}

// Does what the host asks for until it has enough, or turns out not to be there.
static void coro_agent_serve(void) {
    for (;;) {
        record.operation = CORO_AGENT_NONE;
        record.busy = 0;
        coro_agent_wait();
        uint64_t operation = record.operation;
        struct coro_agent_slot *slot = record.slot;
        if (operation == CORO_AGENT_LEAVE) return;
        if (operation == CORO_AGENT_NONE) {
            if (!record.hosted) return;
            yield();
            continue;
        }
        uint64_t words[8];
        memcpy(words, record.words, sizeof words);
        record.outcome = coro_agent_operate(operation, slot, words);
        record.done = operation;
        record.done_slot = slot;
    }
}

int coro_agent(void) {
    static char handler_stack[16384] __attribute__((aligned(16)));
    // In C++ a CPU exception unwinds the stack, and ends up in coro_agent_catch.
    coro_trap_enable(coro_agent_catch ? CORO_TRAP_THROWS : CORO_TRAP_ENDS, handler_stack + sizeof handler_stack,
                     sizeof handler_stack);
    coro_agent_serve();
    put_text("This program's functions are for a CoroutineHost to call.\n");
    return NO_HOST;
}

// The main of a program that has none of its own.
int main(void);
__attribute__((weak)) int main(void) { return coro_agent(); }

// ---- Calls of host functions

// What the host has thrown, where nothing can catch it: the host's coroutine ends, or the function
// that was called is left to come to its end.
static uint64_t coro_agent_end_with(uint64_t token) {
    struct coro_agent_slot *slot = record.current;
    if (slot == 0) {
        raised = token;
        return 0;
    }
    coro_drop_object(&slot->coro);
    record.outcome = CORO_AGENT_HOST_ERROR;
    slot->coro.status = CORO_RETURNED;
    coro_switch_and_reset(token, (void **)(slot->base - CORO_PARENT_LINK_OFFSET));
}

// Serves operations in the name of a host function.
static void coro_agent_serve_within(struct coro_agent_call *within) {
    struct coro_agent_call *outer = record.call;
    record.call = within;
    record.depth++;
    coro_agent_serve();
    record.depth--;
    record.call = outer;
}

uint64_t coro_agent_act(struct coro_agent_call *answered) {
    if (answered->action == CORO_AGENT_SERVE) coro_agent_serve_within(answered);
    uintptr_t input = 0;
    int64_t error;
    switch (answered->action) {
    case CORO_AGENT_YIELD:
        error = coro_try_yield((struct coro_yielder *)answered->arguments[0], answered->value, &input);
        if (error == 0) {
            answered->action = CORO_AGENT_RETURN;
            return input;
        }
        answered->action = CORO_AGENT_AGAIN;
        answered->value = (uint64_t)error;
        return 0;
    case CORO_AGENT_RAISE:
        if (coro_agent_raise) coro_agent_raise(answered->value);
        return coro_agent_end_with(answered->value);
    }
    return answered->value;
}
