// What stubs call for bytecodes.
#include "../arch.h"
#include "../heap/heap.h"
#include "scan.h"

void vm_runtime_new(struct vm_thread *thread, uint64_t class) { vm_allocate_object(thread, (uint32_t)class); }

// For a root scan the stub itself waits, and throws what has become pending.
void vm_runtime_poll(struct vm_thread *thread) {
    __atomic_fetch_and(&thread->poll, ~VM_POLL_CANCEL, __ATOMIC_RELAXED);
    if (thread->poll & VM_POLL_COLLECT) vm_collect();
}
