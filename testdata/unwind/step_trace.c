// step_trace PROGRAM: runs a program of x86-64 Linux instruction by instruction between two
// breakpoints (`int3`) of its own, and writes its state before each instruction.
//
// Output, little-endian: the size of a text in 8 bytes, the text (/proc/PID/maps at the first
// breakpoint), and records of
//   8 bytes   1 if a signal was delivered since the record before, else 0
//   136 bytes the registers in DWARF order: rax rdx rcx rbx rsi rdi rbp rsp r8 to r15 rip
//   8 bytes   the code at rip, zeros if there is none
//   8 bytes   size of the stack that follows, which begins at rsp
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

// Bytes of the stack above the first breakpoint's stack pointer that are written too.
enum { ABOVE = 1024, MOST = 1 << 16 };

static pid_t child;

static void fail(const char *what) {
  perror(what);
  if (child > 0) kill(child, SIGKILL);
  exit(1);
}

static void put(const void *bytes, size_t size) {
  if (size != 0 && fwrite(bytes, size, 1, stdout) != 1) fail("write");
}

static void put_word(uint64_t word) { put(&word, sizeof word); }

static uint64_t code_at(uint64_t address) {
  errno = 0;
  long word = ptrace(PTRACE_PEEKTEXT, child, (void *)address, 0);
  return errno != 0 ? 0 : (uint64_t)word;
}

static void put_maps(void) {
  static char text[1 << 18];
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/maps", child);
  int file = open(path, O_RDONLY);
  if (file < 0) fail(path);
  size_t size = 0;
  for (ssize_t got; (got = read(file, text + size, sizeof text - size)) > 0;) size += (size_t)got;
  close(file);
  put_word(size);
  put(text, size);
}

static void put_state(const struct user_regs_struct *r, uint64_t top, int signaled) {
  static unsigned char stack[MOST];
  const uint64_t registers[] = {
      r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi, r->rbp, r->rsp, r->r8,
      r->r9,  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15, r->rip,
  };
  uint64_t size = r->rsp < top && top - r->rsp <= MOST ? top - r->rsp : 0;
  struct iovec local = {stack, size}, remote = {(void *)r->rsp, size};
  if (size != 0 && process_vm_readv(child, &local, 1, &remote, 1, 0) != (ssize_t)size) size = 0;
  put_word((uint64_t)signaled);
  put(registers, sizeof registers);
  put_word(code_at(r->rip));
  put_word(size);
  put(stack, size);
}

// Lets the program go on; gives the signal it stopped with, 0 if it has ended.
static int go(int how, int signal) {
  int status;
  if (ptrace(how, child, 0, (void *)(long)signal) != 0) fail("ptrace");
  if (waitpid(child, &status, 0) != child) fail("waitpid");
  return WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    close(1);
    open("/dev/null", O_WRONLY);
    execv(argv[1], argv + 1);
    _exit(127);
  }
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) fail(argv[1]);
  int signal = 0;
  while ((signal = go(PTRACE_CONT, signal)) != SIGTRAP) {
    if (signal == 0) return 3; // no breakpoint
  }
  put_maps();
  struct user_regs_struct registers;
  uint64_t top = 0;
  int signaled = 0;
  for (;;) {
    if (ptrace(PTRACE_GETREGS, child, 0, &registers) != 0) fail("registers");
    if (top == 0) top = registers.rsp + ABOVE;
    put_state(&registers, top, signaled);
    if ((code_at(registers.rip) & 0xff) == 0xcc) break;
    signaled = 0;
    // A signal that stops the program is delivered with the next step, which ends in its handler.
    while ((signal = go(PTRACE_SINGLESTEP, signaled)) != SIGTRAP) {
      if (signal == 0) return 4; // ended before the second breakpoint
      signaled = signal;
    }
  }
  kill(child, SIGKILL);
  return fflush(stdout) == 0 ? 0 : 1;
}
