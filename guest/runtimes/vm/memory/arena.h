// Memory in blocks, out of pages of the kernel's. Free blocks hold nothing of the arena's, so that freed
// code stays what it was filled with.
#ifndef VM_MEMORY_ARENA_H
#define VM_MEMORY_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct vm_arena {
    struct vm_arena_chunk *chunks;
    int executable;
};

// A block of at least that many bytes, aligned to 16; null if the kernel has no memory left.
void *vm_arena_get(struct vm_arena *arena, size_t size);
// Gives a block back.
void vm_arena_put(struct vm_arena *arena, void *block);

// What is not code.
extern struct vm_arena vm_data;

#endif
