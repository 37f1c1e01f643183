// Thread-local storage of programs that are linked statically (Drepper, "ELF Handling For
// Thread-Local Storage"): one block a thread, in pages of its own.
//
//   AArch64, variant I                        x86-64, variant II
//   +----------------+-----+-----------+      +-----------+-----+------------------+
//   | two words      | gap | variables |      | variables | gap | thread pointer   |
//   +----------------+-----+-----------+      +-----------+-----+------------------+
//   ^ thread pointer                                            ^ thread pointer
//
// The gap keeps the variables where their alignment wants them, given that of the thread pointer.
#include "trapline.h"

#define AT_NULL 0
#define AT_PHDR 3
#define AT_PHNUM 5
#define PT_TLS 7
// Bytes at the thread pointer that are not the variables'.
#define CONTROL_SIZE 16
#define CANNOT_START 127

struct program_header {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, alignment;
};

// What a block is made of; none is needed while `size` is 0.
static struct {
    const char *image;   // initial values, zeros after them
    size_t image_size;
    size_t pointer;      // from the beginning of a block to the thread pointer
    size_t variables;    // from the beginning of a block to the variables
    size_t size;         // bytes of a block
} layout;

static void lay_out(const struct program_header *tls) {
    size_t alignment = tls->alignment > 1 ? tls->alignment : 1;
    // Pages are what blocks are allocated in.
    if (alignment > PAGE_SIZE) exit(CANNOT_START);
    size_t mask = alignment - 1;
    layout.image = (const char *)tls->address;
    layout.image_size = tls->file_size;
#if defined(__aarch64__)
    layout.pointer = 0;
    layout.variables = CONTROL_SIZE + ((tls->address - CONTROL_SIZE) & mask);
    layout.size = layout.variables + tls->memory_size;
#else
    size_t below = tls->memory_size + ((0 - tls->address - tls->memory_size) & mask);
    layout.pointer = (below + mask) & ~mask;
    layout.variables = layout.pointer - below;
    layout.size = ((layout.pointer + 7) & ~7ul) + CONTROL_SIZE;
#endif
}

static char *own_block(void) {
    uintptr_t pointer;
#if defined(__aarch64__)
    __asm__("mrs %0, tpidr_el0" : "=r"(pointer));
#else
    __asm__("mov %%fs:0, %0" : "=r"(pointer));
#endif
    return (char *)pointer - layout.pointer;
}

int64_t tls_create(void) {
    if (layout.size == 0) return 0;
    int64_t block = vm_allocate(0, layout.size);
    if (block < 0) return block;
    char *variables = (char *)block + layout.variables;
    for (size_t i = 0; i < layout.image_size; i++) variables[i] = layout.image[i];
    uintptr_t pointer = (uintptr_t)block + layout.pointer;
#if defined(__x86_64__)
    *(uintptr_t *)pointer = pointer; // how code finds out what the base of FS is
#endif
    return (int64_t)pointer;
}

void tls_delete(void) {
    if (layout.size != 0) vm_deallocate((uintptr_t)own_block(), layout.size);
}

// Before main: finds the program's thread-local storage by the auxiliary vector at the end of what is
// on the stack at entry, and gives the first thread its own.
void tls_begin(const uintptr_t *stack) {
    const uintptr_t *word = stack + 1 + stack[0] + 1;
    while (*word != 0) word++; // the environment
    const struct program_header *headers = 0;
    size_t count = 0;
    for (word++; word[0] != AT_NULL; word += 2) {
        if (word[0] == AT_PHDR) headers = (const struct program_header *)word[1];
        if (word[0] == AT_PHNUM) count = word[1];
    }
    for (size_t i = 0; headers != 0 && i < count; i++) {
        if (headers[i].type == PT_TLS && headers[i].memory_size > 0) lay_out(&headers[i]);
    }
    int64_t pointer = tls_create();
    if (pointer == 0) return;
    if (pointer < 0 || thread_set_pointer(THREAD_POINTER, (uintptr_t)pointer) < 0) exit(CANNOT_START);
}
