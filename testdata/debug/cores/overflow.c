// A recursion that ends where the stack does. With an argument, a handler on a stack of its own
// aborts then.
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

__attribute__((noinline)) static unsigned odd(unsigned n, unsigned char *below);

__attribute__((noinline)) static unsigned even(unsigned n, unsigned char *below) {
  unsigned char own[200];
  own[n % sizeof own] = below[0];
  return odd(n + 1, own) + own[n / 2 % sizeof own];
}

__attribute__((noinline)) static unsigned odd(unsigned n, unsigned char *below) {
  unsigned char own[100];
  own[n % sizeof own] = below[0];
  return even(n + 1, own) + own[n / 3 % sizeof own];
}

static void on_fault(int number) {
  (void)number;
  abort();
}

static char stack_of_handler[1 << 15];

int main(int argc, char **argv) {
  // The limit counts for the main stack when a program begins.
  struct rlimit limit = {128 << 10, 128 << 10};
  if (getenv("SMALL") == NULL) {
    setrlimit(RLIMIT_STACK, &limit);
    setenv("SMALL", "1", 1);
    execv("/proc/self/exe", argv);
  }
  if (argc > 1) {
    stack_t stack = {.ss_sp = stack_of_handler, .ss_size = sizeof stack_of_handler};
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
  }
  unsigned char first[1] = {0};
  return (int)even(0, first);
}
