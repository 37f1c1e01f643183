#include "guest/green/heap.h"

#include "guest/include/format.h"
#include "guest/include/trapline.h"

struct block {
    uintptr_t begin, end;
};

// By address.
static struct block blocks[HEAP_BLOCKS];
static size_t count;
static uintptr_t heap;

_Noreturn static void fail(const char *what) {
    put_format("heap: %s\n", what);
    exit(70);
}

void *heap_allocate(size_t size, size_t align) {
    if (heap == 0) {
        int64_t address = vm_allocate(0, HEAP_SIZE);
        if (address < 0) fail("no memory");
        heap = (uintptr_t)address;
    }
    if (count == HEAP_BLOCKS) fail("too many blocks");
    uintptr_t begin = heap;
    size_t index = 0;
    while (index < count && blocks[index].begin < begin + size) {
        begin = (blocks[index].end + align - 1) & ~(align - 1);
        index++;
    }
    if (begin + size > heap + HEAP_SIZE) fail("no room");
    for (size_t i = count; i > index; i--) blocks[i] = blocks[i - 1];
    blocks[index] = (struct block){begin, begin + size};
    count++;
    return (void *)begin;
}

void heap_release(void *block) {
    size_t index = 0;
    while (index < count && blocks[index].begin != (uintptr_t)block) index++;
    if (index == count) fail("no such block");
    uintptr_t begin = (blocks[index].begin + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    uintptr_t end = blocks[index].end & ~(PAGE_SIZE - 1);
    if (begin < end) {
        vm_deallocate(begin, end - begin);
        if (vm_allocate(begin, end - begin) != (int64_t)begin) fail("pages are gone");
    }
    count--;
    for (size_t i = index; i < count; i++) blocks[i] = blocks[i + 1];
}

size_t heap_blocks(void) { return count; }
