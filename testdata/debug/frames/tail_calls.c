/* Tail calls that a debugger can tell, and such that it cannot, with functions inlined in them.
   Each function is called with the way to go, and in the end one stops. */
#include <signal.h>
#include <stdlib.h>

#ifdef __clang__
#define APART __attribute__((noinline))
#else
#define APART __attribute__((noipa))
#endif
#define INTO static inline __attribute__((always_inline))

volatile int sink;

APART void stop(int way) {
  sink = way;
  if (way != 99) abort();
}

/* Where the chain is plain: first jumps to second, second to third. */
APART void third(int way) {
  sink = way + 3;
  stop(way);
  sink = way;
}
APART void second(int way) {
  sink = way + 2;
  third(way);
}
APART void first(int way) {
  sink = way + 1;
  second(way);
}

/* A function that is inlined makes the jump. */
INTO void jump(int way) {
  sink = way * 2;
  first(way);
}
APART void through_inlined(int way) {
  sink = way + 4;
  jump(way);
}

/* Two ways lead to one function, through one that both have in common. */
APART void both(int way) {
  sink = way + 5;
  third(way);
}
APART void left(int way) {
  sink = way + 6;
  both(way);
}
APART void right(int way) {
  sink = way + 7;
  both(way);
}
APART void fork_in_between(int way) {
  if (sink & 1) left(way);
  else right(way);
}

/* Two ways with nothing in common. */
APART void one(int way) {
  sink = way + 8;
  third(way);
}
APART void other(int way) {
  sink = way + 9;
  third(way);
}
APART void unclear(int way) {
  if (sink & 1) one(way);
  else other(way);
}

/* A function that jumps to itself before it jumps on. */
APART void again(int way, int times) {
  sink = times;
  if (times > 0) again(way, times - 1);
  else third(way);
}
APART void recursive(int way) {
  sink = way;
  again(way, sink & 1);
}

/* Jumps through a pointer, which nobody can follow. */
void (*volatile pointer)(int) = third;
APART void indirect(int way) {
  sink = way + 10;
  pointer(way);
}
APART void to_indirect(int way) {
  sink = way + 11;
  indirect(way);
}

/* Jumps to a library's function. */
APART void to_library(int way) {
  sink = way + 12;
  exit(way);
}

/* Calls in functions that are inlined into each other. */
INTO void inner(int way) {
  sink = way + 13;
  first(way);
  sink = way;
}
INTO void middle(int way) {
  sink = way + 14;
  inner(way);
  sink = way;
}
APART void outer(int way) {
  middle(way + 1);
  sink = way;
}

static void handler(int signal) {
  (void)signal;
  outer(100);
  sink = 0;
}

static void ended(void) {
  first(101);
  sink = 0;
}

int main(int count, char **values) {
  int way = count > 1 ? atoi(values[1]) : 0;
  sink = way;
  switch (way) {
    case 0: first(way); break;
    case 1: through_inlined(way); break;
    case 2: fork_in_between(way); break;
    case 3: unclear(way); break;
    case 4: recursive(way); break;
    case 5: to_indirect(way); break;
    case 6: atexit(ended); to_library(way); break;
    case 7: outer(way); break;
    case 8: signal(SIGUSR1, handler); raise(SIGUSR1); break;
    default: middle(way); break;
  }
  sink = 0;
  return 0;
}
