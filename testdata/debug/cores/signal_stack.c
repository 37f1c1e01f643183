// A signal handler, on a stack of its own if there is an argument, that crashes some calls down,
// while a function that was interrupted some calls down waits for it.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static volatile int depth;

__attribute__((noinline)) static int fall(int left, int *where) {
  if (left == 0) return *(volatile int *)where;
  char text[64];
  snprintf(text, sizeof text, "%d", left);
  return fall(left - 1, where) + (int)strlen(text);
}

static void on_signal(int number, siginfo_t *info, void *context) {
  (void)info;
  (void)context;
  depth += fall(number % 5, NULL);
}

__attribute__((noinline)) static int work(int left) {
  volatile int kept = left;
  if (left == 0) raise(SIGUSR1);
  else work(left - 1);
  return kept + depth;
}

int main(int argc, char **argv) {
  (void)argv;
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  if (argc > 1) {
    // Below the other stack: debuggers that only go up must be told by the signal frame.
    const size_t size = 1 << 16;
    stack_t stack = {.ss_size = size};
    stack.ss_sp = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaltstack(&stack, NULL);
    action.sa_flags |= SA_ONSTACK;
  }
  sigaction(SIGUSR1, &action, NULL);
  return work(6);
}
