// The program that the VM runs, and its end.
#ifndef VM_PROGRAM_H
#define VM_PROGRAM_H

#include "../records.h"

// Exit codes other than the program's own.
enum { VM_EXIT_UNCAUGHT = 100, VM_EXIT_HEAP, VM_EXIT_PROGRAM, VM_EXIT_DAMAGED };

// Ends the program with a reason.
_Noreturn void vm_stop(const char *why, int code);

// Writes a line of two texts.
void vm_say(const char *text, const char *more);

// Finds methods and classes; what is wrong with the program, or null.
const char *vm_load_program(void);

static inline const char *vm_class_name(uint32_t class) {
    return (const char *)&vm_program + vm_classes[class].name;
}

#endif
