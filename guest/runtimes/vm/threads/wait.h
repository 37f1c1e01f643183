// Waits of native functions for what other threads do, and for a time. All are for one number of
// events, so that whoever is to be unwound can be woken wherever it waits.
#ifndef VM_WAIT_H
#define VM_WAIT_H

#include "../thread.h"

#define VM_FOREVER UINT64_MAX

// How many events there have been. A waiter reads it before it looks at what it waits for.
uint32_t vm_events(void);

// Something has happened that a thread may be waiting for.
void vm_happened(void);

// Waits until something happens that is not among the events counted, or the clock shows a time.
// Returns 0 without waiting if the time has come, or an exception is pending: the wait is over.
int vm_wait(struct vm_thread *thread, uint32_t events, uint64_t until);

#endif
