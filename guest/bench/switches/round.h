// Loops that stack switches are measured in: each goes its way for ever, and says where a round
// begins.
#ifndef TRAPLINE_SWITCHES_ROUND_H
#define TRAPLINE_SWITCHES_ROUND_H

#include "guest/include/format.h"
#include "guest/include/trapline.h"

#define USAGE 201

// Where a round of a loop begins: no instruction, but its address in a section of the loop's own. A
// loop that the compiler has copied has more than one such address.
#define ROUND(name)                                                                               \
    __asm__ volatile("0:\n\t.pushsection rounds_" #name ", \"a\"\n\t.quad 0b\n\t.popsection")

// Loops by name; the list ends with one that has none. The argument is the base of a stack of
// STACK_SIZE bytes.
struct loop {
    const char *name;
    void (*run)(char *base);
};

#define STACK_SIZE (4 * PAGE_SIZE)

extern const struct loop loops[];

#endif
