// Root scans: the thread that runs them, and how others ask for them and wait.
#ifndef VM_THREADS_SCAN_H
#define VM_THREADS_SCAN_H

#include "../thread.h"

// Why a thread's next poll is to call the runtime.
enum { VM_POLL_SCAN = 1, VM_POLL_COLLECT = 2, VM_POLL_CANCEL = 4 };

// Asks for a collection and waits until it is over. The caller is in native code, without vm_lock.
void vm_collect(void);

// What the root-scanning thread does, until no other is left; the program's exit code.
int vm_run_scans(void);

// A thread has ended, by an exception of a class if it was not caught, or with a result.
void vm_thread_ended(uint64_t number, const char *uncaught, uint64_t result);

#endif
