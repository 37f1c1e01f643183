/**
 * What `trapline help` prints.
 *
 * @module
 */
import { MUTEX_PROTOCOLS } from "../sched/locks/mod.ts";
import { policyNames, policyOptionNames } from "../sched/policies/registry.ts";

/** Policies with their options, in lines of the help. */
function policies(): string {
  const lines = [""];
  for (const name of policyNames()) {
    const options = policyOptionNames(name).join(" ");
    const text = options === "" ? name : `${name} (${options})`;
    const last = lines.at(-1)!;
    if (`${last}${text}, `.length > 100) lines.push(`${text}, `);
    else lines[lines.length - 1] = `${last}${text}, `;
  }
  return lines.map((line) => line.trimEnd()).join("\n    ").replace(/,$/, "");
}

/** What each command does, in the order they are told of. */
const COMMANDS = {
  demo:
    `  trapline demo                 boot both architectures with the same program and print the logs`,
  boot: `  trapline boot [options] [--] [arguments of the program]
      --arch NAME               aarch64 or x86_64 (default aarch64)
      --cpu MODEL               opteron-g5 (default) or epyc-rome of x86-64; cortex-a72 (default), cortex-a53,
                                cortex-a57 or max of AArch64
      --module FILE.elf         program to load instead of the built-in module-hello; green and green-crash
                                are built in, too
      --abi NAME                whose system calls the program of --module makes: trapline, or linux for a few
                                of Linux's (default trapline)
      --policy SPEC             ${policyNames().join(", ")} (default rr),
                                with options if need be: rr:quantum=3000, mlfq:levels=3,boost=100000
      --parameters LIST         scheduling parameters of the program's first thread, which those it makes have, too:
                                priority, nice, weight, period, deadline, budget, such as priority=40,nice=-3
      --quantum N               instructions between timer interrupts (default 10000)
      --timer HOW               periodic: interrupts come every quantum, and what is due waits for the next;
                                one-shot: they come when something is due, and only then
                                (default: periodic if the policy counts on ticks, else one-shot)
      --log FORM                mach: the kernel's log in GNU Mach's words, each line of the program's whole
                                (but module-hello's, which are as GNU Mach logs them);
                                json: one event a line; console: what the program prints, byte for byte,
                                and nothing else; quiet: the same, without the kernel's log (default mach)
      --seed N                  0: the timer is strictly periodic; else each period is varied by this seed (default 0)
      --load HOW                copyout or demand (default copyout)
      --memory MIB              RAM (default 64)
      --limit N                 stop after N instructions (default: none)
      --cmdline TEXT            kernel command line, for the log
      --gdb [HOST:]PORT         stop before the first instruction, and wait for gdb at a TCP port, of this host alone
                                unless another address is given (0.0.0.0 for all): who reaches it can do anything to
                                the machine. It goes on when the debugger detaches, and may be attached to again
    Arguments reach the program as they are; those that begin with - stand after --.
    It ends with the program's exit code (its low eight bits; 0 for a reboot), or with 128 plus
    4: undefined or privileged instruction    5: breakpoint or debug exception
    6: panic, exception nobody caught         7: alignment fault
    8: arithmetic exception                   9: ended by somebody else
    11: any other exception, such as an address that is not mapped;
    with 1 if the machine stopped before the program ended, and says why.`,
  core: `  trapline core [options] PROGRAM [--] [arguments of the program]
                                run a program up to an instant and write its task, or the whole machine, as a
                                core file, which gdb, gdb-multiarch and eu-stack open
    PROGRAM is an ELF file, or green or green-crash, which are built in and are written beside the core.
      --until WHAT              crash: where the program begins to die, of a panic, say, that nothing catches;
                                exit: it ends; an address; a function of the program or a label of the kernel;
                                or an event, such as syscall or syscall:print (default crash)
      --times N                 at the Nth time (default 1)
      --limit N                 after N instructions, or with --until not after them
      --of WHAT                 task: the program (default); kernel: the machine as the kernel sees it, with
                                the CPU as thread 1, and thread N where it does not run as thread 1000 + N;
                                the kernel's image is written beside the core
      -o FILE, --output FILE    the core file (default core)
      --arch NAME               for a built-in program, aarch64 or x86_64 (default aarch64)
      --abi, --cpu, --policy, --parameters, --quantum, --timer, --seed, --load, --memory   as for boot
    The status is 1 if the instant does not come.`,
  backtrace: `  trapline backtrace --core CORE [options]
                                print the stack of the thread that died: functions, inlined ones too, with simple
                                arguments, files and lines
  trapline backtrace --remote HOST:PORT [options]
                                the same of a program behind a stub of the GDB remote serial protocol
      --exe FILE                the program's own file, where it is not where it was
      --sysroot DIR             folder with the files of the system that the program ran on (default: the root)
      --all-threads             the stacks of all threads
      --variables               local variables of each function, too, and its arguments whole
      --limit N                 most stack frames of a thread (default 4096)
      --json                    print JSON instead of text
    Files that cannot be had, or are others than the program had mapped, are told of and done without.
    The status is 1 if the core is damaged, or a stack could not be followed to its end, also for lack of
    a file; what there is is printed all the same. There is no --pid: gcore N writes a core of a process that runs.`,
  stack: `  trapline stack [options] [PROGRAM] [--] [arguments of the program]
                                draw a stack: each frame by the kind of its code, and each word of it: saved
                                registers, return addresses, parameters, locals, operands, anchors
  trapline stack --core CORE | --remote HOST:PORT [options]
                                the same of a core file's program, or of one behind a stub
  trapline stack --transition [options] [PROGRAM]
                                a call of native code by a method of the VM, instruction by instruction: where the
                                anchor is set and cleared, and what a root scan by another thread finds meanwhile;
                                --at is the native function (default: brk, or the first)
    PROGRAM is text in the VM's bytecode (docs/virtual-machine.md), or what boot takes; by default a demonstration
    that has all kinds of code on one stack.
      --at WHAT                 where to stop: what --until of core takes, or a method of the VM's program, whatever
                                kind of code it has by then (default: of programs of the VM where brk is called, of
                                others crash)
      --times N                 at the Nth time (default 1)
      --thread N                whose stack: default the one that runs, or died
      --process N               of which process behind the wire or in the core (default the first)
      --frames N                most frames (default 4096)
      --words                   a line for each word that nothing tells of, too, and for each instruction
      --svg FILE                draw into a file, instead of text
      --json                    print JSON instead of text
      --arch NAME               for text and what is built in, aarch64 or x86_64 (default aarch64)
      --abi, --cpu, --policy, --parameters, --quantum, --timer, --seed, --load, --memory, --limit
                                as for boot
      --exe FILE, --sysroot DIR as for backtrace
    The status is 1 if the instant does not come, or the stack cannot be followed to its end.`,
  doctor: `  trapline doctor [options] PROGRAM [--] [arguments of the program]
                                run a program that switches stacks, and say what is wrong with them: each
                                finding with its instructions, both stacks, and a map of addresses
    PROGRAM is an ELF file, or green or green-crash, which are built in.
      --arch NAME               aarch64 or x86_64 (default: the file's own; aarch64 of what is built in)
      --allocator NAME[:SIZE]   function that allocates memory for stacks, and which argument is the size,
                                counted from 0 (default 0); vm_allocate is seen without
      --releaser NAME[:ADDRESS[:SIZE]]
                                function that frees it, and which arguments are its address (default 0) and size;
                                vm_deallocate is seen without
      --switch NAME             function that saves a context or switches to one, if its code is not recognized;
                                these three may be given more than once
      --svg FILE                draw the maps into a file
      --json                    print JSON instead of text
      --addresses FORM          hex or decimal: addresses of maps (default hex)
      --abi, --cpu, --policy, --parameters, --quantum, --timer, --seed, --load, --memory, --limit
                                as for boot
    What the program prints is not shown. Status: 0 if nothing was found, 1 if something was.`,
  sched: `  trapline sched WORKLOAD --policy P[,P…] [options]
                                simulate threads under one policy or several, side by side; needs no engine
    WORKLOAD is a JSON file (sched/workload.schema.json says what is in one), a file of SimSo, or - for standard
    input. P is a policy with options of its own, as in mlfq:levels=3,boost=1000; all stands for every policy.
    A time is a whole number of the workload's clock, or a number with the workload's unit, as in 2.5ms.
    Policies, and options they have: ${policies()}.
      --cpus N                  number of CPUs, 1 to 64 (default: the file's, else 1)
      --until T                 end there (default: the file's; else, where threads are periodic without end, two
                                hyperperiods after the last arrival)
      --seed N                  of random times and of policies (default: the file's, else 0)
      --quantum T               of policies that have one and were given none (default 10000)
      --tick-interval T         time between timer interrupts (default 1: quanta end exactly)
      --switch-cost T, --migration-cost T
                                what it takes to give a CPU another thread, and a thread another CPU (default 0)
      --timeout T               longest time a thread may be ready, where the policy does not say (default: none)
      --protocol NAME           of all mutexes: ${MUTEX_PROTOCOLS.join(", ")}
      --threads                 a table of threads for each policy, however many there are
      --gantt                   draw schedules as text
      --svg FILE                draw them into a file, one below the other
      --rows WHAT               rows of drawings: thread or cpu (default thread)
      --from T                  where drawings begin (default 0)
      --width N                 longest line (default: the terminal's, else 100)
      --json                    print one JSON document instead of tables
      --events                  print every event instead, one JSON line each
    Status: 0, whether deadlines are missed or not; 1 if the workload cannot be read, its threads deadlock, wait for
    ever or do what they cannot, or a policy is put out.`,
  panic:
    `  trapline panic [options]      unwind a chain of five calls with an object in each, one line a step
      --arch NAME               aarch64 or x86_64 (default aarch64)
      --why CAUSE               panic, throw, fault, kill, leaf, inline, null, syscall, spin, overflow, double or nested (default panic)
      --mode MODE               user, or kernel for a kernel-mode task (default user)
      --catch N                 the level, 1 to 5, that catches everything (default 0: nobody)`,
  build: `  trapline build [options] FILE… [-- compiler flags]
                                build a program from C, C++ (.cc, .cpp, .cxx) and assembly (.S)
                                with this host's clang and lld
      --arch NAME               aarch64 or x86_64 (default aarch64)
      -o FILE, --output FILE    the program (default: the first file's name, ending in .elf)`,
  headers:
    `  trapline headers FOLDER       write the headers and sources that programs are built with`,
  frames:
    `  trapline frames FILE          unwind table rows of an ELF file, one JSON line for each FDE
    What is malformed is told of and left out; the status is then 1.`,
  lsda:
    `  trapline lsda FILE            exception tables of an ELF file, one JSON line for each LSDA
    What is malformed is told of and left out; the status is then 1.`,
  symbolize: `  trapline symbolize [options] FILE [ADDRESS | SOURCE:LINE]…
                                functions and source lines of addresses in an ELF file, innermost first where
                                one is inlined into another; or addresses of the code of a source line
    Addresses are those of the file, in hexadecimal digits. Without any, they are read from standard input, and each
    line is answered before the next is read.
      --json                    print one JSON line for each
      --sysroot DIR             where the files of another system are, for those that debug information is split into
      --debug-directory DIR     where debug files are, by build-id or path (default /usr/lib/debug); may be repeated
    What is malformed, or belongs to another build, is told of and left out; the status is then 1.`,
  help: `  trapline help [COMMAND]       this text; so does --help after a command
  trapline --version            the version`,
};

/** Names of the commands. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/**
 * The text about a command, or about all of them.
 * @param name one of {@linkcode COMMAND_NAMES}; anything else is everything
 */
export function help(name?: string): string {
  const known: Readonly<Record<string, string>> = COMMANDS;
  if (name !== undefined && Object.hasOwn(known, name)) return `${known[name]}\n`;
  return `trapline: a microkernel you can hold in a debugger's hand

${Object.values(COMMANDS).join("\n")}

Status: 0 if the command did what it was asked, 1 if that failed, 2 if it was called wrongly.
`;
}
