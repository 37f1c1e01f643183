// A heap of its own, for stacks and lists: first fit over one piece of address space. What it knows
// of its blocks it keeps elsewhere, so that blocks may touch each other.
#ifndef TRAPLINE_GREEN_HEAP_H
#define TRAPLINE_GREEN_HEAP_H

#include <stddef.h>

#define HEAP_SIZE (16ul << 20)
#define HEAP_BLOCKS 32 // most blocks at a time

// Allocates `size` bytes, more than 0, at a multiple of `align`, a power of 2 of 16 or more. The
// task ends if there is no room.
void *heap_allocate(size_t size, size_t align);

// Releases a block. Whole pages of it go back to the kernel: they are zeros when they are used
// again, and allow reading and writing. The task ends if there is no such block.
void heap_release(void *block);

// Number of blocks that have been allocated and not released.
size_t heap_blocks(void);

#endif
