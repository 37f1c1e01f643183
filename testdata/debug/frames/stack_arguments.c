/* Tail calls with arguments on the stack: those of a function that has left are where its callee's
   are now, and what was passed to it in registers is known from what its caller has kept. */
#include <stdlib.h>

#ifdef __clang__
#define APART __attribute__((noinline))
#else
#define APART __attribute__((noipa))
#endif

volatile long sink;

struct large {
  long words[4];
};

APART void stop(long way) {
  sink = way;
  abort();
}

APART void third(long a, long b, long c, long d, long e, long f, long g, long h, struct large s) {
  sink = a + h;
  stop(a);
  sink = a + b + c + d + e + f + g + h + s.words[0];
}

APART void second(long a, long b, long c, long d, long e, long f, long g, long h, struct large s) {
  long own = g * 2 + s.words[1];
  sink = own;
  third(b, c, d, e, f, a, g, h, s);
}

APART void first(long a, long b, long c, long d, long e, long f, long g, long h, struct large s) {
  sink = c;
  second(c, b, a, f, e, d, g, h, s);
}

/* Functions that may have called themselves by jumps: with what at first is not known. */
APART void more(long times, long other);

APART void again(long times, long other) {
  sink = other;
  if (times > sink) {
    more(times - 3, other + times);
    return;
  }
  stop(times);
  sink = 1;
}

APART void more(long times, long other) {
  sink = other + 1;
  again(times, other + 5);
}

APART long start(long way) {
  struct large s = {{way, way + 1, way + 2, way + 3}};
#ifdef ITSELF
  again(way, 5);
#else
  first(way, 2, 3, 4, 5, 6, way * 7, 8, s);
#endif
  sink = way;
  return s.words[0];
}

int main(int count, char **values) {
  (void)values;
  return (int)start(count * 100) + 1;
}
