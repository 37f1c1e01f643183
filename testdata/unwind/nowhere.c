// A stack that stops in the handler of a call of address 0. The handler turns in a loop of its own,
// so that no code of a library without unwind tables is on the stack.
#include <signal.h>

static volatile int depth;
static void (*volatile nowhere)(void);

__attribute__((noinline)) static int turn(int n) {
  for (;;) depth += n;
}

static void handler(int number) { depth += turn(number); }

__attribute__((noinline)) static int work(int n) {
  if (n == 0) nowhere();
  else work(n - 1);
  return ++depth;
}

int main(void) {
  signal(SIGSEGV, handler);
  return work(5);
}
