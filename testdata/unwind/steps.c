// What step_trace runs: calls through every kind of stub, deep recursion, callbacks from a library,
// a signal in the middle of work, and a call of address 0.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static volatile int depth;
static void (*volatile nowhere)(void);

// The first time, stepping begins; the second time it ends.
#if defined(__x86_64__)
#define MARK() __asm__ volatile("int3")
#else
#define MARK() mark()
__attribute__((noinline)) void mark(void) { __asm__ volatile("" ::: "memory"); }
#endif

__attribute__((noinline)) static int work(int n) {
  volatile char room[48] = {(char)n};
  if (n == 0) raise(SIGUSR1);
  else work(n - 1);
  return depth += room[0];
}

__attribute__((noinline)) static void called_in_handler(int number) { depth += number; }

static void on_user(int number) { called_in_handler(number); }

// Does what the called function's `ret` would have done.
static void on_fault(int number, siginfo_t *info, void *context) {
  mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
  called_in_handler(number + (info->si_addr == 0));
#if defined(__x86_64__)
  machine->gregs[REG_RIP] = *(greg_t *)machine->gregs[REG_RSP];
  machine->gregs[REG_RSP] += 8;
#else
  machine->pc = machine->regs[30];
#endif
}

__attribute__((noinline)) static int call_nowhere(int n) {
  nowhere();
  return depth += n;
}

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

// Six arguments and a large frame that is aligned by itself.
__attribute__((noinline)) static int aligned(int a, int b, int c, int d, int e, int f) {
  _Alignas(64) volatile char room[256] = {(char)(a + b + c + d + e + f)};
  return depth += room[0];
}

__attribute__((noinline)) static int dynamic(size_t size) {
  char *room = __builtin_alloca(size);
  memset(room, 1, size);
  return depth += room[size / 2];
}

int main(void) {
  static int numbers[24];
  char text[128];
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, 0);
  signal(SIGUSR1, on_user);
  MARK();
  work(5);
  call_nowhere(7);
  for (int i = 0; i < 24; i++) numbers[i] = (i * 7919) % 101;
  qsort(numbers, 24, sizeof numbers[0], compare);
  snprintf(text, sizeof text, "%d %s %.3f %lx", numbers[3], "text", 1.0 / 3, 0xbeefUL);
  depth += (int)strlen(text) + atoi("12") + (int)strtol("ff", 0, 16);
  aligned(1, 2, 3, 4, 5, 6);
  dynamic(200);
  char *copy = strdup(text);
  free(copy);
  MARK();
  return depth & 1;
}
