// GDB's interface for code that is generated at run time ("JIT Compilation Interface"): a list of ELF
// files in memory, and a function that is called at each change.
#ifndef VM_CODE_PUBLISH_H
#define VM_CODE_PUBLISH_H

#include <stdint.h>

struct jit_code_entry {
    struct jit_code_entry *next, *previous;
    const char *file;
    uint64_t size;
};

// The list is whole at every instruction, for who reads it forward.
void vm_publish(struct jit_code_entry *entry);
void vm_withdraw(struct jit_code_entry *entry);

#endif
