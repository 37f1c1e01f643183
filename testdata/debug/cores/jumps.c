// Calls that go astray: of a null pointer, of an address that no processor has, through a table of
// the linker; and the kernel's own code given a bad place for its answer. The argument says which.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef int (*function)(int);

static int through(function called, int value) {
  volatile int kept = value + 1;
  return called(kept) + kept;
}

/** Sets the entry of the table that calls of `name` go through. */
static void spoil(const char *name, uintptr_t value) {
  ElfW(Rela) *table = NULL;
  ElfW(Sym) *symbols = NULL;
  const char *names = NULL;
  size_t size = 0;
  for (ElfW(Dyn) *each = _DYNAMIC; each->d_tag != DT_NULL; each++) {
    if (each->d_tag == DT_JMPREL) table = (void *)each->d_un.d_ptr;
    if (each->d_tag == DT_PLTRELSZ) size = each->d_un.d_val;
    if (each->d_tag == DT_SYMTAB) symbols = (void *)each->d_un.d_ptr;
    if (each->d_tag == DT_STRTAB) names = (void *)each->d_un.d_ptr;
  }
  Dl_info info;
  dladdr((void *)(uintptr_t)spoil, &info);
  for (size_t i = 0; i < size / sizeof *table; i++) {
    if (strcmp(names + symbols[ELF64_R_SYM(table[i].r_info)].st_name, name) != 0) continue;
    *(uintptr_t *)((uintptr_t)info.dli_fbase + table[i].r_offset) = value;
  }
}

int main(int argc, char **argv) {
  const char *which = argc > 1 ? argv[1] : "null";
  if (strcmp(which, "null") == 0) return through(NULL, argc);
  if (strcmp(which, "wild") == 0) return through((function)(uintptr_t)0x123456789000, argc);
  if (strcmp(which, "stub") == 0) {
    // A jump to an address that is not canonical faults at the jump itself, in the stub.
    spoil("getppid", (uintptr_t)0x8000 << 48 | 0x1234);
    return through((function)(uintptr_t)0, getppid());
  }
  if (strcmp(which, "gone") == 0) {
    spoil("getppid", 0);
    return getppid() + argc;
  }
  return clock_gettime(CLOCK_MONOTONIC, (struct timespec *)16);
}
