// Which kind of code methods have.
#ifndef VM_CODE_TIER_H
#define VM_CODE_TIER_H

#include "../records.h"

// Makes the first code of all methods; what went wrong, or null.
const char *vm_make_first_code(void);

// Has a method entered in code of a kind (VM_WANTED_…) from now on; with VM_WANTED_AUTO it begins anew,
// interpreted. If there is no room, a collection frees what is no longer used. The caller is in native
// code, without vm_lock.
void vm_change_kind(struct vm_method *method, int wanted);

// Makes a method's code anew, elsewhere; so called.
void vm_move_code(struct vm_method *method);

#endif
