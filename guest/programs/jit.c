// Writes code, runs it, changes it and runs it again: by __builtin___clear_cache, and by the system
// call.
#include "guest/include/format.h"
#include "guest/include/trapline.h"

#define TURNS 20

// A function that returns a number.
static size_t write_function(uint32_t *code, uint16_t number) {
#if defined(__aarch64__)
    code[0] = 0x52800000 | ((uint32_t)number << 5); // mov w0, #number
    code[1] = 0xd65f03c0;                           // ret
#else
    code[0] = 0xb8 | ((uint32_t)number << 8);       // mov eax, number
    code[1] = 0xc300;                               // ret
#endif
    return 8;
}

static unsigned run(const uint32_t *code) {
    return ((unsigned (*)(void))(uintptr_t)code)();
}

int main(void) {
    int64_t page = vm_allocate(0, PAGE_SIZE);
    if (page < 0) return 1;
    // Near the end of the page, over the end of a cache line.
    uint32_t *code = (uint32_t *)(page + PAGE_SIZE - 68);
    uint16_t number = 1;
    for (int turn = 0; turn < TURNS; turn++) {
        if (vm_protect((uintptr_t)page, PAGE_SIZE, VM_PROT_READ | VM_PROT_WRITE) < 0) return 2;
        size_t size = write_function(code, number);
        if (vm_protect((uintptr_t)page, PAGE_SIZE, VM_PROT_READ | VM_PROT_EXECUTE) < 0) return 3;
        __builtin___clear_cache((char *)code, (char *)code + size);
        if (run(code) != number++) return 4;
    }
    // The same while the page may be written and executed at once.
    if (vm_protect((uintptr_t)page, PAGE_SIZE, VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE) < 0) return 5;
    for (int turn = 0; turn < TURNS; turn++) {
        size_t size = write_function(code, number);
        if (turn % 2 == 0) __builtin___clear_cache((char *)code, (char *)code + size);
        else if (cache_flush(code, size) != 0) return 6;
        if (run(code) != number++) return 7;
    }
    if (cache_flush(code, 0) != -KERN_INVALID_ARGUMENT) return 8;
    put_text("jit: every function is new\n");
    return 0;
}
