// The VM's threads.
#ifndef VM_THREADS_H
#define VM_THREADS_H

#include "../thread.h"

// What a managed frame leaves of a stack, in bytes: the VM's own C runs on it, too.
#define VM_STACK_RESERVE (8 * PAGE_SIZE)

// Those that run, under vm_lock.
extern struct vm_thread *vm_threads;

// Starts a thread that runs a method with one argument (or none, if it takes none); returns its number,
// or 0 if there can be no more.
uint64_t vm_start(struct vm_method *method, uint64_t argument);

// Waits until a thread has ended, or the one that waits is to be unwound.
void vm_join(struct vm_thread *thread, uint64_t number);

// Has a thread unwound: its next return from native code or poll throws a cancellation, and what it
// waits for in native code it waits for no longer. The caller is in native code; 0 is itself.
void vm_cancel(struct vm_thread *thread, uint64_t number);

// How many threads have not ended; a futex of those who wait for the end.
extern uint32_t vm_running;

// A thread's anchor, while a root scan runs: if the thread comes back from native code just now, it puts
// its PC back in a moment.
struct vm_anchor vm_anchor_of(const struct vm_thread *thread);

#endif
