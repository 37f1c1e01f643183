#include "arena.h"

#include "guest/include/trapline.h"

#define CHUNK_SIZE (64 * PAGE_SIZE)

// Before each block; blocks fill a chunk without gaps.
struct block {
    uint64_t size; // with this header
    uint64_t used;
};

struct vm_arena_chunk {
    struct vm_arena_chunk *next;
    uint64_t size;
    struct block first;
};

struct vm_arena vm_data;

static struct block *after(struct block *block) { return (struct block *)((char *)block + block->size); }

static struct block *find_in(struct vm_arena_chunk *chunk, uint64_t size) {
    struct block *end = (struct block *)((char *)chunk + chunk->size);
    for (struct block *block = &chunk->first; block < end; block = after(block)) {
        if (block->used) continue;
        for (struct block *next = after(block); next < end && !next->used; next = after(block)) {
            block->size += next->size;
        }
        if (block->size < size) continue;
        if (block->size - size >= 2 * sizeof(struct block)) {
            uint64_t rest = block->size - size;
            block->size = size;
            *after(block) = (struct block){.size = rest};
        }
        block->used = 1;
        return block;
    }
    return 0;
}

static struct vm_arena_chunk *add_chunk(struct vm_arena *arena, uint64_t size) {
    uint64_t pages = sizeof(struct vm_arena_chunk) + size;
    pages = pages < CHUNK_SIZE ? CHUNK_SIZE : (pages + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    int64_t memory = vm_allocate(0, pages);
    if (memory < 0) return 0;
    int protection = VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE;
    if (arena->executable && vm_protect((uintptr_t)memory, pages, protection) < 0) return 0;
    struct vm_arena_chunk *chunk = (struct vm_arena_chunk *)memory;
    chunk->next = arena->chunks;
    chunk->size = pages;
    chunk->first.size = pages - offsetof(struct vm_arena_chunk, first);
    arena->chunks = chunk;
    return chunk;
}

void *vm_arena_get(struct vm_arena *arena, size_t size) {
    uint64_t whole = ((size + 15) & ~15ul) + sizeof(struct block);
    struct block *block = 0;
    for (struct vm_arena_chunk *chunk = arena->chunks; chunk != 0 && block == 0; chunk = chunk->next) {
        block = find_in(chunk, whole);
    }
    if (block == 0) {
        struct vm_arena_chunk *chunk = add_chunk(arena, whole);
        if (chunk == 0) return 0;
        block = find_in(chunk, whole);
    }
    return block + 1;
}

void vm_arena_put(struct vm_arena *arena, void *block) {
    (void)arena;
    ((struct block *)block)[-1].used = 0;
}
