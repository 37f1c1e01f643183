/* A deep stack: two functions call each other through one that is inlined, each with parameters and
   local variables. The argument is how deep; then it dies. */
#include <stdlib.h>

#define APART __attribute__((noinline, noclone))
#define INTO static inline __attribute__((always_inline))

struct pair {
  int number;
  const char *name;
};

volatile int sink;

static void keep(const void *what) { __asm__ volatile("" : : "r"(what) : "memory"); }

APART int even(int depth, const char *name);
APART int odd(int depth, const char *name);

INTO int further(int depth, const struct pair *pair) {
  int next = depth - 1;
  int result = depth & 1 ? even(next, pair->name) : odd(next, pair->name);
  sink = result;
  return result + next;
}

APART int even(int depth, const char *name) {
  struct pair pair = {depth, name};
  keep(&pair);
  if (depth == 0) __builtin_trap();
  int result = further(depth, &pair);
  keep(&pair);
  return result + pair.number;
}

APART int odd(int depth, const char *name) {
  struct pair pair = {depth * 2, name};
  keep(&pair);
  if (depth == 0) __builtin_trap();
  int result = further(depth, &pair);
  keep(&pair);
  return result - pair.number;
}

int main(int count, char **values) {
  return even(count > 1 ? atoi(values[1]) : 10, values[0]);
}
