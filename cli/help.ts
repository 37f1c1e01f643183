/** What `trapline help` prints. */
export const HELP = `trapline: a microkernel you can hold in a debugger's hand

  trapline demo                 boot both architectures with the same program and print the logs
  trapline boot [options] [arguments of the module]
      --arch NAME               aarch64 or x86_64 (default aarch64)
      --module FILE.elf         program to load instead of the built-in module-hello
      --policy NAME             rr or priority (default rr)
      --quantum N               instructions between timer interrupts (default 10000)
      --log FORM                mach, json or quiet (default mach)
      --seed N                  0: the timer is strictly periodic; else each period is varied by this seed (default 0)
      --load HOW                copyout or demand (default copyout)
      --memory MIB              RAM (default 64)
      --limit N                 stop after N instructions (default: none)
      --cmdline TEXT            kernel command line, for the log
  trapline panic [options]      unwind a chain of five calls with an object in each, one line a step
      --arch NAME               aarch64 or x86_64 (default aarch64)
      --why CAUSE               panic, throw, fault, kill, leaf, inline, syscall, spin, overflow, double or nested (default panic)
      --mode MODE               user, or kernel for a kernel-mode task (default user)
      --catch N                 the level, 1 to 5, that catches everything (default 0: nobody)
  trapline frames FILE          unwind table rows of an ELF file, one JSON line for each FDE
  trapline lsda FILE            exception tables of an ELF file, one JSON line for each LSDA
  trapline help                 this text`;
