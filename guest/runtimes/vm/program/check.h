// Whether a method's bytecode is what its positions say.
#ifndef VM_PROGRAM_CHECK_H
#define VM_PROGRAM_CHECK_H

#include "../records.h"

// What is wrong with the bytecode of a method, and at which one; null if nothing is. All methods'
// records are right.
const char *vm_check_code(const struct vm_method *method, uint32_t *bci);

#endif
