// A stack with a signal handler in the middle: work() is interrupted, and the handler calls down
// again before it waits.
#include <signal.h>
#include <unistd.h>

static volatile int depth;

__attribute__((noinline)) static void wait_here(void) {
  for (;;) pause();
}

__attribute__((noinline)) static void handler_work(int n) {
  if (n == 0) wait_here();
  else handler_work(n - 1);
  depth++;
}

static void handler(int number) {
  handler_work(number % 7);
  depth++;
}

__attribute__((noinline)) static int work(int n) {
  if (n == 0) raise(SIGUSR1);
  else work(n - 1);
  return ++depth;
}

int main(void) {
  signal(SIGUSR1, handler);
  return work(20);
}
