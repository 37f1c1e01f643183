// What the programs in this folder share. They link Debian's static libraries as they are and make
// Linux's system calls, so that the same file runs in a guest and on a host.
#ifndef FOREIGN_H
#define FOREIGN_H

#include <stddef.h>
#include <stdint.h>

// Prints a text.
void say(const char *text);
// Prints a text, a number and the end of a line.
void say_number(const char *text, long number);
// Prints a text, yes or no, and the end of a line.
void say_whether(const char *text, int is_so);

// Ways to round, and setting and getting what the floating-point unit is told of it: on x86-64 both
// MXCSR and the x87 control word.
enum rounding { TO_NEAREST, DOWN };
void set_rounding(enum rounding way);
int rounding_is(enum rounding way);

#endif
