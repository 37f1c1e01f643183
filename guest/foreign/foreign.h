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

// The number that a program was started with, or `otherwise`: how often it goes to and fro.
long rounds(int argc, char **argv, long otherwise);

// Calls function(argument) with numbers behind `seed` in all registers that a call keeps; returns
// whether they are still there.
int with_registers(uintptr_t seed, void (*function)(void *), void *argument);

// Ways to round, and setting and getting what the floating-point unit is told of it: on x86-64 both
// MXCSR and the x87 control word.
enum rounding { TO_NEAREST, DOWN };
void set_rounding(enum rounding way);
int rounding_is(enum rounding way);

#endif
