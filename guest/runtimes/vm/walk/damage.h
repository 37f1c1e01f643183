// What is said of a stack that makes no sense.
#ifndef VM_WALK_DAMAGE_H
#define VM_WALK_DAMAGE_H

#include "walk.h"

// Ends the program with what is wrong, and with as much as is known of where: the thread, its frame, the
// place of a reference.
_Noreturn void vm_damaged(const char *what, const struct vm_thread *thread, const struct vm_frame *frame,
                          const uint64_t *place);

#endif
