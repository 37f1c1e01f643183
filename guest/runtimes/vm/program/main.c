// The VM: prepares the program, starts its threads, and is the root-scanning thread from then on.
#include "../arch.h"
#include "../code/tier.h"
#include "../heap/heap.h"
#include "../threads/lock.h"
#include "../threads/scan.h"
#include "../threads/threads.h"
#include "guest/include/trapline.h"
#include "program.h"

#define HEAP_SIZE (64 * PAGE_SIZE)

static uintptr_t thread_pointer(void) {
    uintptr_t pointer;
#if defined(__aarch64__)
    __asm__("mrs %0, tpidr_el0" : "=r"(pointer));
#else
    __asm__("mov %%fs:0, %0" : "=r"(pointer));
#endif
    return pointer;
}

int main(void) {
    // What generated code and the code maps know.
    if ((uintptr_t)&vm_thread != thread_pointer() + (uintptr_t)VM_THREAD_OFFSET) {
        vm_stop("thread-local storage is laid out otherwise", VM_EXIT_DAMAGED);
    }
    const char *wrong = vm_load_program();
    if (wrong == 0 && !vm_heap_begin(vm_program.heap_size ? vm_program.heap_size : HEAP_SIZE)) {
        wrong = "no memory for the heap";
    }
    if (wrong == 0) {
        vm_lock();
        wrong = vm_make_first_code();
        vm_unlock();
    }
    uint32_t count = vm_program.thread_count > 0 ? vm_program.thread_count : 1;
    for (uint32_t i = 0; i < count && wrong == 0; i++) {
        if (vm_start(vm_methods[vm_program.main], i) == 0) wrong = "too many threads";
    }
    if (wrong != 0) vm_stop(wrong, VM_EXIT_PROGRAM);
    return vm_run_scans();
}
