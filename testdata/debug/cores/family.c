// A child made by vfork that aborts, on its parent's stack.
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noinline)) static int give_up(int reason) {
  if (reason != 0) abort();
  return reason;
}

__attribute__((noinline)) static int family(int argc) {
  pid_t child = vfork();
  if (child == 0) _exit(give_up(argc));
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

int main(int argc, char **argv) {
  (void)argv;
  return family(argc) == 0;
}
