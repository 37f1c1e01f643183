// The other file of the program.
#include "inlined.h"

int leave(int value) { return value > 1000 ? scaled(value - 1000, 1) : value + 1; }
