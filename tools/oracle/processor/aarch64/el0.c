/*
 * Runs pieces of AArch64 code as an ordinary Linux process and tells how each ended: signal, code,
 * address, registers, and which memory changed. Standard input has the memory and the states to
 * start from, standard output gets the outcomes; el0_process.ts writes the one and reads the other.
 *
 * A state is entered and left through signal frames, so that every register is the case's own, the
 * stack pointer and the floating-point control register among them.
 */
#define _GNU_SOURCE
#include <asm/sigcontext.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

struct state {
  uint64_t x[31], sp, pc, flags;
  __uint128_t v[32];
  uint64_t fpcr, fpsr;
};

struct outcome {
  uint64_t signal, code, address, changes;
  struct state state;
};

struct region {
  uint64_t address, size, protection;
};

enum { MAX_REGIONS = 16, READ = 1, WRITE = 2, EXECUTE = 4 };

static const uint64_t NZCV = 0xf0000000;
static struct region regions[MAX_REGIONS];
static char *contents[MAX_REGIONS];
static struct state start, runner;
static struct outcome outcome;
static void *thread_pointer;

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static void take(void *into, size_t size) {
  if (fread(into, 1, size, stdin) != size) fail("read the cases");
}

static void give(const void *from, size_t size) {
  if (fwrite(from, 1, size, stdout) != size) fail("write an outcome");
}

static struct fpsimd_context *vectors(ucontext_t *context) {
  struct _aarch64_ctx *each = (void *)context->uc_mcontext.__reserved;
  while (each->magic != FPSIMD_MAGIC) {
    if (each->magic == 0) abort();
    each = (void *)((char *)each + each->size);
  }
  return (void *)each;
}

static void save(struct state *to, ucontext_t *from) {
  struct fpsimd_context *fp = vectors(from);
  for (int i = 0; i < 31; i++) to->x[i] = from->uc_mcontext.regs[i];
  to->sp = from->uc_mcontext.sp;
  to->pc = from->uc_mcontext.pc;
  to->flags = from->uc_mcontext.pstate & NZCV;
  memcpy(to->v, fp->vregs, sizeof to->v);
  to->fpcr = fp->fpcr;
  to->fpsr = fp->fpsr;
}

static void load(ucontext_t *to, const struct state *from) {
  struct fpsimd_context *fp = vectors(to);
  for (int i = 0; i < 31; i++) to->uc_mcontext.regs[i] = from->x[i];
  to->uc_mcontext.sp = from->sp;
  to->uc_mcontext.pc = from->pc;
  to->uc_mcontext.pstate = (to->uc_mcontext.pstate & ~NZCV) | from->flags;
  memcpy(fp->vregs, from->v, sizeof from->v);
  fp->fpcr = from->fpcr;
  fp->fpsr = from->fpsr;
}

static void on_start(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  save(&runner, context);
  load(context, &start);
}

static void on_end(int signal, siginfo_t *info, void *context) {
  /* The case may have changed it, and the C library needs it. */
  asm volatile("msr tpidr_el0, %0" ::"r"(thread_pointer));
  outcome.signal = signal;
  outcome.code = info->si_code;
  outcome.address = (uint64_t)info->si_addr;
  save(&outcome.state, context);
  load(context, &runner);
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *)) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  if (sigaction(signal, &action, NULL) != 0) fail("handle a signal");
}

static void map_region(int i) {
  take(&regions[i], sizeof regions[i]);
  uint64_t size = regions[i].size;
  contents[i] = malloc(size);
  if (contents[i] == NULL) fail("keep memory");
  take(contents[i], size);
  void *address = (void *)regions[i].address;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  if (mmap(address, size, PROT_READ | PROT_WRITE, flags, -1, 0) != address) fail("map memory");
  memcpy(address, contents[i], size);
  int protection = (regions[i].protection & READ ? PROT_READ : 0) |
                   (regions[i].protection & WRITE ? PROT_WRITE : 0) |
                   (regions[i].protection & EXECUTE ? PROT_EXEC : 0);
  if (mprotect(address, size, protection) != 0) fail("protect memory");
}

/* Visits the words of memory that the case changed, and puts the old values back. */
static uint64_t changes(int count, int write) {
  uint64_t found = 0;
  for (int i = 0; i < count; i++) {
    if (!(regions[i].protection & WRITE)) continue;
    volatile uint64_t *now = (void *)regions[i].address;
    const uint64_t *before = (void *)contents[i];
    for (uint64_t at = 0; at < regions[i].size / 8; at++) {
      if (now[at] == before[at]) continue;
      found++;
      if (!write) continue;
      uint64_t pair[2] = {regions[i].address + at * 8, now[at]};
      give(pair, sizeof pair);
      now[at] = before[at];
    }
  }
  return found;
}

int main(void) {
  asm("mrs %0, tpidr_el0" : "=r"(thread_pointer));
  static char stack[65536];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  if (sigaltstack(&alternate, NULL) != 0) fail("set a stack for signals");
  handle(SIGUSR1, on_start);
  const int ends[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) handle(ends[i], on_end);

  uint64_t count, cases;
  take(&count, sizeof count);
  if (count > MAX_REGIONS) return 2;
  for (uint64_t i = 0; i < count; i++) map_region(i);
  take(&cases, sizeof cases);
  for (uint64_t i = 0; i < cases; i++) {
    take(&start, sizeof start);
    memset(&outcome, 0, sizeof outcome);
    if (raise(SIGUSR1) != 0) fail("start a case");
    outcome.changes = changes(count, 0);
    give(&outcome, sizeof outcome);
    changes(count, 1);
  }
  return 0;
}
