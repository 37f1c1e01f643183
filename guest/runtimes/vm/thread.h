// A thread of the VM.
#ifndef VM_THREAD_H
#define VM_THREAD_H

#include "records.h"

// Where a throw goes on. The values of registers are fetched from where they are at the last moment,
// once no collection can move what they refer to.
struct vm_landing {
    uint64_t sp, pc;
    uint64_t *store;
    uint64_t *registers[VM_CALLEE_SAVED];
};

struct vm_anchor {
    uint64_t sp, pc;
};

struct vm_thread {
    struct vm_anchor anchor;
    uint32_t scan, poll;
    uint64_t stack_limit;
    uint64_t pending, thrown, result;
    uint64_t value;
    uint64_t bcp;           // where the interpreter is to land
    // From here to the landing, only C's.
    struct vm_thread *next; // of all threads
    uint64_t number;        // of the VM's threads, from 1
    uint64_t idle;          // has no managed frame, and will get none without vm_lock
    uint64_t dummy;         // where an exception is stored that is in a register
    uint64_t stack_begin, stack_end;
    char gap[VM_THREAD_LANDING - VM_THREAD_BCP - 7 * 8];
    struct vm_landing landing;
    char other_gap[VM_THREAD_HANDLES - VM_THREAD_LANDING - sizeof(struct vm_landing)];
    struct {
        uint64_t count;
        uint64_t refs[VM_HANDLES_MAX];
    } handles;
} __attribute__((aligned(16)));

VM_OFFSET(vm_thread, anchor.sp, VM_THREAD_SP);
VM_OFFSET(vm_thread, anchor.pc, VM_THREAD_PC);
VM_OFFSET(vm_thread, scan, VM_THREAD_SCAN);
VM_OFFSET(vm_thread, poll, VM_THREAD_POLL);
VM_OFFSET(vm_thread, stack_limit, VM_THREAD_STACK_LIMIT);
VM_OFFSET(vm_thread, pending, VM_THREAD_PENDING);
VM_OFFSET(vm_thread, thrown, VM_THREAD_THROWN);
VM_OFFSET(vm_thread, result, VM_THREAD_RESULT);
VM_OFFSET(vm_thread, value, VM_THREAD_VALUE);
VM_OFFSET(vm_thread, bcp, VM_THREAD_BCP);
VM_OFFSET(vm_thread, landing, VM_THREAD_LANDING);
VM_OFFSET(vm_thread, handles, VM_THREAD_HANDLES);
VM_OFFSET(vm_landing, sp, VM_LANDING_SP);
VM_OFFSET(vm_landing, pc, VM_LANDING_PC);
VM_OFFSET(vm_landing, store, VM_LANDING_STORE);
VM_OFFSET(vm_landing, registers, VM_LANDING_REGISTERS);
_Static_assert(sizeof(struct vm_thread) == VM_THREAD_SIZE, "thread");

// The calling thread's own.
extern __thread struct vm_thread vm_thread;

#endif
