#include "publish.h"

enum { NO_ACTION, REGISTERED, UNREGISTERED };

// The names and layouts are the interface's.
struct jit_descriptor {
    uint32_t version;
    uint32_t action;
    struct jit_code_entry *relevant;
    struct jit_code_entry *first;
};

void __jit_debug_register_code(void);
extern struct jit_descriptor __jit_debug_descriptor;

struct jit_descriptor __jit_debug_descriptor = {.version = 1};

// A debugger stops here.
__attribute__((noinline)) void __jit_debug_register_code(void) { __asm__ volatile("" : : : "memory"); }

static void tell(struct jit_code_entry *entry, uint32_t action) {
    __jit_debug_descriptor.relevant = entry;
    __jit_debug_descriptor.action = action;
    __jit_debug_register_code();
    __jit_debug_descriptor.action = NO_ACTION;
}

void vm_publish(struct jit_code_entry *entry) {
    struct jit_code_entry *first = __jit_debug_descriptor.first;
    entry->previous = 0;
    entry->next = first;
    __atomic_store_n(&__jit_debug_descriptor.first, entry, __ATOMIC_RELEASE);
    if (first != 0) first->previous = entry;
    tell(entry, REGISTERED);
}

void vm_withdraw(struct jit_code_entry *entry) {
    struct jit_code_entry **link = entry->previous == 0 ? &__jit_debug_descriptor.first : &entry->previous->next;
    __atomic_store_n(link, entry->next, __ATOMIC_RELEASE);
    if (entry->next != 0) entry->next->previous = entry->previous;
    tell(entry, UNREGISTERED);
}
