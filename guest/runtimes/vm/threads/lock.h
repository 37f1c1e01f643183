// The lock of everything the VM's threads share: heap, code, threads. Who waits for it is in native code
// (has an anchor), so a root scan, which holds it, does not wait for them; and while somebody else holds
// it there is no root scan: references in C's variables are good until it is unlocked.
#ifndef VM_THREADS_LOCK_H
#define VM_THREADS_LOCK_H

void vm_lock(void);
void vm_unlock(void);

#endif
