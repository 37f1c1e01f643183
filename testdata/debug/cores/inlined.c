// Functions inlined into each other from two files, and alloca, so that the frame has no fixed size;
// at the bottom a division by zero.
#include <alloca.h>
#include <string.h>

#include "inlined.h"

static inline int quotient(int a, int b) { return a / b; }

static inline int mean(const int *values, int count) {
  int sum = 0;
  for (int i = 0; i < count; i++) sum += values[i];
  return quotient(sum, count - 3);
}

__attribute__((noinline)) static int measure(int count) {
  int *copy = alloca((size_t)count * 40);
  memset(copy, 1, (size_t)count * 40);
  copy[count] = scaled(count, 2);
  return mean(copy, count) + copy[0];
}

int main(int argc, char **argv) {
  (void)argv;
  return leave(measure(argc + 2));
}
