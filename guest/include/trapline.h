// System calls of the Trapline kernel, for programs of both architectures. Nothing here depends on
// a host.
//
//               AArch64      x86-64
// instruction   svc #0       syscall (clobbers rcx, r11)
// number        x8           rax
// arguments     x0 to x5     rdi, rsi, rdx, r10, r8, r9
// result        x0           rax
//
// A negative result is a Mach kernel return code, negated. At entry to a program the stack pointer,
// a multiple of 16, points at argc, the argv pointers, a null pointer, one more null pointer where an
// environment would begin, and the auxiliary vector of the System V ABI: AT_PAGESZ, AT_ENTRY, and
// AT_PHDR, AT_PHENT and AT_PHNUM if the program headers are in memory.
//
// Every thread has thread pointers of its own: TPIDR_EL0, which AArch64 code may write too, or the
// bases of FS and GS. crt0.S and tls.c give each thread its thread-local storage.
#ifndef TRAPLINE_H
#define TRAPLINE_H

// Numbers of the system calls; also for assembly.
#define SYS_NULL 0
#define SYS_CONSOLE_PUTC 1
#define SYS_PRINT 2
#define SYS_YIELD 3
#define SYS_SLEEP 4
#define SYS_EXIT 5
#define SYS_THREAD_CREATE 6
#define SYS_THREAD_EXIT 7
#define SYS_TASK_SELF 8
#define SYS_TASK_TERMINATE 9
#define SYS_VM_ALLOCATE 10
#define SYS_VM_DEALLOCATE 11
#define SYS_VM_PROTECT 12
#define SYS_HOST_REBOOT 13
#define SYS_THREAD_SELF 14
#define SYS_TASK_WAIT 15
#define SYS_CLOCK 16
#define SYS_TASK_INFO 17
#define SYS_VM_MAP_FILE 18
#define SYS_HOST_INFO 19
#define SYS_THREAD_SET_POINTER 20
#define SYS_THREAD_GET_POINTER 21
#define SYS_CACHE_FLUSH 22
#define SYS_THREAD_SET_HANDLER 23
#define SYS_EXCEPTION_RETURN 24
#define SYS_THREAD_SET_PARAMETERS 25
#define SYS_THREAD_GET_PARAMETERS 26
#define SYS_WAIT_UNTIL_NEXT_PERIOD 27
#define SYS_THREAD_JOB_INFO 28
#define SYS_SLEEP_UNTIL 29
#define SYS_THREAD_SWITCH 30
#define SYS_FUTEX_WAIT 36
#define SYS_FUTEX_WAKE 37
#define SYS_FUTEX_REQUEUE 38
#define SYS_THREAD_EFFECTIVE_PARAMETERS 39
#define SYS_MUTEX_CREATE 40
#define SYS_MUTEX_DESTROY 41
#define SYS_MUTEX_LOCK 42
#define SYS_MUTEX_UNLOCK 43
#define SYS_SEMAPHORE_CREATE 44
#define SYS_SEMAPHORE_DESTROY 45
#define SYS_SEMAPHORE_WAIT 46
#define SYS_SEMAPHORE_SIGNAL 47
#define SYS_CONDITION_CREATE 48
#define SYS_CONDITION_DESTROY 49
#define SYS_CONDITION_WAIT 50
#define SYS_CONDITION_SIGNAL 51
#define SYS_CONDITION_BROADCAST 52
#define SYS_SEMAPHORE_WAIT_SIGNAL 53

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define TRAPLINE_NORETURN [[noreturn]]
extern "C" {
#else
#define TRAPLINE_NORETURN _Noreturn
#endif

// Mach kernel return codes: what a result that is below zero means.
#define KERN_SUCCESS 0
#define KERN_INVALID_ADDRESS 1    // not mapped, or outside the user's half
#define KERN_PROTECTION_FAILURE 2 // mapped, but not for that
#define KERN_NO_SPACE 3           // something is mapped there already
#define KERN_INVALID_ARGUMENT 4   // a size, number or alignment that cannot be
#define KERN_FAILURE 5
#define KERN_RESOURCE_SHORTAGE 6  // no memory, or more than one of the limits below
#define KERN_NO_ACCESS 8          // another task's
#define KERN_ABORTED 14           // the wait was cut short
#define KERN_INVALID_RIGHT 17     // the caller does not hold the mutex
#define KERN_INVALID_VALUE 18     // a word is not what was expected
#define KERN_POLICY_LIMIT 27      // more urgent than the ceiling of the mutex
#define KERN_TERMINATED 37        // what was waited for has ended
#define KERN_LOCK_UNSTABLE 39     // the mutex is the caller's, but its last owner died with it
#define KERN_LOCK_OWNED 40        // somebody has it, or waits for it
#define KERN_LOCK_OWNED_SELF 41   // the caller has it
#define KERN_NOT_IMPLEMENTED 46   // no such system call
#define KERN_OPERATION_TIMED_OUT 49
#define KERN_DEADLOCK 257         // the wait would have been for ever; the caller does not have it

// Limits.
#define PAGE_SIZE 4096ul
#define MAIN_STACK_SIZE 262144ul // bytes of the stack main runs on; threads bring their own
#define PRINT_MAX 65536ul        // bytes of one print
#define THREADS_MAX 64           // threads of a task
#define LOCKS_MAX 1024           // mutexes, semaphores and condition variables of a task together
#define VM_ENTRIES_MAX 4096      // ranges of an address space that differ in protection or contents
#define CLOCK_MAX (1ul << 52)    // latest time to sleep until, in instructions
#define HANDLER_STACK_MIN 2048ul // bytes of the stack of an exception handler

// Protections.
#define VM_PROT_NONE 0
#define VM_PROT_READ 1
#define VM_PROT_WRITE 2
#define VM_PROT_EXECUTE 4

// How a task ended, as task_wait writes it.
struct task_status {
    int32_t kind; // 0: it called exit; 1: it was killed
    int32_t code; // its exit code
};

// What task_info writes.
struct task_info {
    uint64_t id;
    uint64_t threads;
    uint64_t pages; // resident pages
};

// Timeout of a call that waits as long as it takes; others are in instructions, and 0 never waits.
#define TIMEOUT_FOREVER UINT64_MAX

// Any system call with up to six arguments; the wrappers below are for programs that behave.
static inline int64_t system_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) {
#if defined(__aarch64__)
    register uint64_t x8 __asm__("x8") = number;
    register uint64_t x0 __asm__("x0") = a;
    register uint64_t x1 __asm__("x1") = b;
    register uint64_t x2 __asm__("x2") = c;
    register uint64_t x3 __asm__("x3") = d;
    register uint64_t x4 __asm__("x4") = e;
    register uint64_t x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
    return (int64_t)x0;
#elif defined(__x86_64__)
    uint64_t rax = number;
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register uint64_t r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "+a"(rax)
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory", "cc");
    return (int64_t)rax;
#else
#error "Trapline programs are for AArch64 and x86-64"
#endif
}

static inline int64_t system_call3(uint64_t number, uint64_t a, uint64_t b, uint64_t c) {
    return system_call(number, a, b, c, 0, 0, 0);
}

// Does nothing; returns 0.
static inline int64_t sys_null(void) { return system_call3(SYS_NULL, 0, 0, 0); }

// Writes one character to the console.
static inline int64_t console_putc(char c) { return system_call3(SYS_CONSOLE_PUTC, (unsigned char)c, 0, 0); }

// Writes a buffer to the console; returns its length.
static inline int64_t print(const void *text, size_t length) {
    return system_call3(SYS_PRINT, (uintptr_t)text, length, 0);
}

// Lets other ready threads run.
static inline int64_t yield(void) { return system_call3(SYS_YIELD, 0, 0, 0); }

// Blocks for a number of instructions on the machine's clock.
static inline int64_t sleep(uint64_t instructions) { return system_call3(SYS_SLEEP, instructions, 0, 0); }

// Ends the task.
TRAPLINE_NORETURN static inline void exit(int code) {
    for (;;) system_call3(SYS_EXIT, (uint64_t)(int64_t)code, 0, 0);
}

// Which thread pointer: that of thread-local storage, or the base of GS, which is x86-64's alone.
#define THREAD_POINTER 0
#define THREAD_POINTER_GS 1

// Sets a thread pointer of the calling thread, to an address of the user half.
static inline int64_t thread_set_pointer(int which, uintptr_t value) {
    return system_call3(SYS_THREAD_SET_POINTER, (uint64_t)which, value, 0);
}

// A thread pointer of the calling thread.
static inline int64_t thread_get_pointer(int which) {
    return system_call3(SYS_THREAD_GET_POINTER, (uint64_t)which, 0, 0);
}

#ifdef __cplusplus
extern "C" {
#endif

// In tls.c. Makes thread-local storage for one more thread: returns its thread pointer, 0 if the
// program has none, or a negated kernel return code.
int64_t tls_create(void);
// Frees the thread-local storage of the calling thread, which must not use it any more.
void tls_delete(void);

#ifdef __cplusplus
}
#endif

// Starts a thread of this task at entry(argument) on a stack that ends at stack_top, a multiple of
// 16, with thread-local storage of its own; returns its number. An entry must not return.
static inline int64_t thread_create(void (*entry)(uintptr_t), void *stack_top, uintptr_t argument) {
    uintptr_t sp = (uintptr_t)stack_top;
#if defined(__x86_64__)
    sp -= 8; // the zeroed place of the return address that a call would have pushed
#endif
    int64_t pointer = tls_create();
    if (pointer < 0) return pointer;
    return system_call(SYS_THREAD_CREATE, (uintptr_t)entry, sp, argument, (uintptr_t)pointer, 0, 0);
}

// Ends the calling thread.
TRAPLINE_NORETURN static inline void thread_exit(void) {
    tls_delete();
    for (;;) system_call3(SYS_THREAD_EXIT, 0, 0, 0);
}

// Number of the calling task.
static inline int64_t task_self(void) { return system_call3(SYS_TASK_SELF, 0, 0, 0); }

// Ends a task.
static inline int64_t task_terminate(int64_t task) { return system_call3(SYS_TASK_TERMINATE, (uint64_t)task, 0, 0); }

// Makes zero-filled memory at an address, or anywhere if it is 0; returns its address.
static inline int64_t vm_allocate(uintptr_t address, size_t size) {
    return system_call3(SYS_VM_ALLOCATE, address, size, 0);
}

// Removes memory.
static inline int64_t vm_deallocate(uintptr_t address, size_t size) {
    return system_call3(SYS_VM_DEALLOCATE, address, size, 0);
}

// Changes what memory allows.
static inline int64_t vm_protect(uintptr_t address, size_t size, int protection) {
    return system_call3(SYS_VM_PROTECT, address, size, (uint64_t)protection);
}

// Stops the machine.
static inline int64_t host_reboot(void) { return system_call3(SYS_HOST_REBOOT, 0, 0, 0); }

// Number of the calling thread.
static inline int64_t thread_self(void) { return system_call3(SYS_THREAD_SELF, 0, 0, 0); }

// Waits for a task to end.
static inline int64_t task_wait(int64_t task, struct task_status *status) {
    return system_call3(SYS_TASK_WAIT, (uint64_t)task, (uintptr_t)status, 0);
}

// The machine's clock, in instructions.
static inline int64_t clock(void) { return system_call3(SYS_CLOCK, 0, 0, 0); }

// Describes a task.
static inline int64_t task_info(int64_t task, struct task_info *info, size_t size) {
    return system_call3(SYS_TASK_INFO, (uint64_t)task, (uintptr_t)info, size);
}

// Maps the file this task was loaded from, page by page as it is touched; returns the address.
static inline int64_t vm_map_file(uintptr_t address, size_t size, uint64_t offset, int protection) {
    return system_call(SYS_VM_MAP_FILE, address, size, offset, (uint64_t)protection, 0, 0);
}

// Has the processor see code that the program has written; __builtin___clear_cache does it without a
// system call.
static inline int64_t cache_flush(const void *address, size_t size) {
    return system_call3(SYS_CACHE_FLUSH, (uintptr_t)address, size, 0);
}

// What a CPU exception has interrupted, as its handler gets it and exception_return takes it back.
// The registers may be changed; privilege bits of the flags and addresses outside the user's half
// are refused then.
struct exception_state {
    uintptr_t link[2];  // frame record of the interrupted code; not taken back
    uint64_t code;      // x86-64: vector; AArch64: exception class, ESR.EC
    uint64_t syndrome;  // x86-64: error code, or 0; AArch64: ESR
    uintptr_t address;  // fault address, or 0
    uint64_t status;    // of a page fault: KERN_INVALID_ADDRESS, KERN_PROTECTION_FAILURE or
                        // KERN_RESOURCE_SHORTAGE; else 0
    uintptr_t pc;       // the instruction, or for x86-64's traps (int3) the one after it
    uintptr_t sp;
    uint64_t flags;     // RFLAGS or PSTATE
#if defined(__x86_64__)
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
    unsigned char fp[512] __attribute__((aligned(16))); // FXSAVE area
#else
    uint64_t x[31];
    unsigned char q[32][16] __attribute__((aligned(16)));
    uint64_t fpcr, fpsr;
#endif
} __attribute__((aligned(16)));

// A function that deals with CPU exceptions. It does so by exception_return; if it returns, or
// takes an exception itself, the first exception ends the task as if there were no handler.
typedef void exception_handler(struct exception_state *state);

#ifdef __cplusplus
extern "C" {
#endif

// In exception.S: where the kernel enters, to call the handler.
void exception_entry(struct exception_state *state, exception_handler *handler);

#ifdef __cplusplus
}
#endif

// Has the CPU exceptions of the calling thread that the kernel does not resolve go to a handler,
// which runs on a stack of its own that ends at stack_top, a multiple of 16; no handler removes it.
// While the stack pointer is on that stack, another exception is the failure of the handler.
static inline int64_t thread_set_handler(exception_handler *handler, void *stack_top, size_t size) {
    return system_call(SYS_THREAD_SET_HANDLER, handler ? (uintptr_t)exception_entry : 0, (uintptr_t)stack_top, size,
                       (uintptr_t)handler, 0, 0);
}

// Goes on as a record says, from a handler or from anywhere else; returns only an error.
static inline int64_t exception_return(const struct exception_state *state) {
    return system_call3(SYS_EXCEPTION_RETURN, (uintptr_t)state, 0, 0);
}

// Waits until somebody wakes those who wait for the word, if it is what is expected: else
// KERN_INVALID_VALUE. Nobody runs between the look and the wait. A multiple of 4.
static inline int64_t futex_wait(const void *word, uint32_t expected, uint64_t timeout) {
    return system_call3(SYS_FUTEX_WAIT, (uintptr_t)word, expected, timeout);
}

// Wakes up to count threads of this task that wait for the word, the most urgent first, equals as
// they came; returns how many.
static inline int64_t futex_wake(const void *word, uint64_t count) {
    return system_call3(SYS_FUTEX_WAKE, (uintptr_t)word, count, 0);
}

// If the word is what is expected, wakes up to wake of those who wait for it, and has up to move of
// the others wait for another word; returns how many both are.
static inline int64_t futex_requeue(const void *word, uint32_t expected, uint64_t wake, const void *other,
                                    uint64_t move) {
    return system_call(SYS_FUTEX_REQUEUE, (uintptr_t)word, expected, wake, (uintptr_t)other, move, 0);
}

// How a thread is scheduled; what of it counts is the policy's to say. Times are instructions; a
// period and a budget are at least 250, which is about what an interrupt and a switch take.
struct thread_parameters {
    uint64_t priority; // 0 (least urgent) to 255
    int64_t nice;      // -20 (largest share) to 19
    uint64_t weight;   // share of the CPU, 1 to 2^20; 0: by the nice value
    uint64_t period;   // time between two jobs; 0: it has none
    uint64_t deadline; // time from the release of a job to its deadline; 0: the period
    uint64_t budget;   // time it may run in a period; 0: no limit
    uint64_t affinity; // bit n: it may run on CPU n; 0: on all
};

// Changes how a thread of the calling task is scheduled; threads it makes later have the same.
static inline int64_t thread_set_parameters(int64_t thread, const struct thread_parameters *parameters, size_t size) {
    return system_call3(SYS_THREAD_SET_PARAMETERS, (uint64_t)thread, (uintptr_t)parameters, size);
}

// Reads it, with every choice made: a mutex may have raised it for a while, which is not in it.
static inline int64_t thread_get_parameters(int64_t thread, struct thread_parameters *parameters, size_t size) {
    return system_call3(SYS_THREAD_GET_PARAMETERS, (uint64_t)thread, (uintptr_t)parameters, size);
}

// The same with what mutexes have made of it for a while: what the policy goes by.
static inline int64_t thread_effective_parameters(int64_t thread, struct thread_parameters *parameters, size_t size) {
    return system_call3(SYS_THREAD_EFFECTIVE_PARAMETERS, (uint64_t)thread, (uintptr_t)parameters, size);
}

// Mutexes, semaphores and condition variables of this task, by their numbers. Waiters are served by
// their urgency, equals as they came; who gives something up hands it to the first of them, from whom
// a more urgent thread may still take a mutex until it runs. A wait that takes longer than its timeout
// ends with KERN_OPERATION_TIMED_OUT. What a task has goes with it.

// What keeps an urgent thread from waiting long for a mutex: nothing; its owner is as urgent as who
// waits for it (priority inheritance); its owner is as urgent as the ceiling while it has it; its
// owner inherits, and who is no more urgent than the ceilings of all mutexes of this kind that
// others have, waits (the original priority ceiling protocol).
#define MUTEX_NONE 0
#define MUTEX_INHERIT 1
#define MUTEX_CEILING 2
#define MUTEX_ORIGINAL_CEILING 3

// Makes a mutex; returns its number. The ceiling, 0 for other protocols, is the priority of the most
// urgent thread that will lock it.
static inline int64_t mutex_create(int protocol, uint64_t ceiling) {
    return system_call3(SYS_MUTEX_CREATE, (uint64_t)protocol, ceiling, 0);
}

// Destroys a mutex that nobody has or waits for.
static inline int64_t mutex_destroy(int64_t mutex) { return system_call3(SYS_MUTEX_DESTROY, (uint64_t)mutex, 0, 0); }

// Locks a mutex, or waits for it. A cycle of threads that wait for each other is refused with
// KERN_DEADLOCK. With KERN_LOCK_UNSTABLE the caller has the mutex, and what it protects may be half
// done.
static inline int64_t mutex_lock(int64_t mutex, uint64_t timeout) {
    return system_call3(SYS_MUTEX_LOCK, (uint64_t)mutex, timeout, 0);
}

// Unlocks a mutex of the caller's.
static inline int64_t mutex_unlock(int64_t mutex) { return system_call3(SYS_MUTEX_UNLOCK, (uint64_t)mutex, 0, 0); }

// Makes a semaphore that counts from count to most, 0 for 2^31 - 1; returns its number.
static inline int64_t semaphore_create(uint64_t count, uint64_t most) {
    return system_call3(SYS_SEMAPHORE_CREATE, count, most, 0);
}

// Destroys a semaphore that nobody waits for.
static inline int64_t semaphore_destroy(int64_t semaphore) {
    return system_call3(SYS_SEMAPHORE_DESTROY, (uint64_t)semaphore, 0, 0);
}

// Takes one from a semaphore (Dijkstra's P), or waits for one.
static inline int64_t semaphore_wait(int64_t semaphore, uint64_t timeout) {
    return system_call3(SYS_SEMAPHORE_WAIT, (uint64_t)semaphore, timeout, 0);
}

// Gives one to a semaphore (V), at most up to KERN_RESOURCE_SHORTAGE.
static inline int64_t semaphore_signal(int64_t semaphore) {
    return system_call3(SYS_SEMAPHORE_SIGNAL, (uint64_t)semaphore, 0, 0);
}

// Signals one semaphore and waits for another, in one call. If the caller blocks, the thread that it
// has woken is handed its CPU, where the policy has that (Mach's). The signal has been given also with
// KERN_OPERATION_TIMED_OUT; with KERN_RESOURCE_SHORTAGE it has not, and the call has not waited.
static inline int64_t semaphore_wait_signal(int64_t wait, int64_t signal, uint64_t timeout) {
    return system_call3(SYS_SEMAPHORE_WAIT_SIGNAL, (uint64_t)wait, (uint64_t)signal, timeout);
}

// Makes a condition variable; returns its number.
static inline int64_t condition_create(void) { return system_call3(SYS_CONDITION_CREATE, 0, 0, 0); }

// Destroys a condition variable that nobody waits for.
static inline int64_t condition_destroy(int64_t condition) {
    return system_call3(SYS_CONDITION_DESTROY, (uint64_t)condition, 0, 0);
}

// Unlocks a mutex of the caller's and waits until the condition is signaled and the mutex is the
// caller's again: also with KERN_OPERATION_TIMED_OUT and KERN_LOCK_UNSTABLE, not with KERN_DEADLOCK.
static inline int64_t condition_wait(int64_t condition, int64_t mutex, uint64_t timeout) {
    return system_call3(SYS_CONDITION_WAIT, (uint64_t)condition, (uint64_t)mutex, timeout);
}

// Has the first who waits for a condition go on.
static inline int64_t condition_signal(int64_t condition) {
    return system_call3(SYS_CONDITION_SIGNAL, (uint64_t)condition, 0, 0);
}

// Has all who wait for a condition go on.
static inline int64_t condition_broadcast(int64_t condition) {
    return system_call3(SYS_CONDITION_BROADCAST, (uint64_t)condition, 0, 0);
}

// Ends the job of the calling thread, which must have a period, and waits for the release of the
// next; returns 0, or, if that is due already, how many jobs are: the thread goes on with the next at
// once. The first call begins with job 1, released at a time, or at once if that is 0. Job n is
// released n - 1 periods after it, whatever the thread does; another period begins anew.
static inline int64_t wait_until_next_period(uint64_t first) {
    return system_call3(SYS_WAIT_UNTIL_NEXT_PERIOD, first, 0, 0);
}

// What has become of the jobs of a periodic thread.
struct thread_job_info {
    uint64_t job;      // that has begun last, from 1; 0 if none has
    uint64_t release;  // when it was released
    uint64_t deadline; // when it is to be done; 0 if it has no deadline
    uint64_t done;     // how many jobs are done
    uint64_t missed;   // how many deadlines have been missed
    uint64_t overruns; // how many jobs were released before the one before was done
};

// Reads it of a thread of the calling task.
static inline int64_t thread_job_info(int64_t thread, struct thread_job_info *info, size_t size) {
    return system_call3(SYS_THREAD_JOB_INFO, (uint64_t)thread, (uintptr_t)info, size);
}

// Blocks until a time of the machine's clock; returns at once if that has passed.
static inline int64_t sleep_until(uint64_t time) { return system_call3(SYS_SLEEP_UNTIL, time, 0, 0); }

// What a thread does that gives its CPU to another: it stays ready, or it sleeps.
#define SWITCH_OPTION_NONE 0
#define SWITCH_OPTION_WAIT 2

// Gives the CPU to a thread of the calling task at once, if that is ready and the policy has such
// handoffs (Mach's); else, or if the thread is 0, whoever is next gets it, as with yield. The time is
// how long SWITCH_OPTION_WAIT sleeps, in instructions.
static inline int64_t thread_switch(int64_t thread, int option, uint64_t time) {
    return system_call3(SYS_THREAD_SWITCH, (uint64_t)thread, (uint64_t)option, time);
}

// Describes the machine.
static inline int64_t host_info(void *info, size_t size) {
    return system_call3(SYS_HOST_INFO, (uintptr_t)info, size, 0);
}

#ifdef __cplusplus
}
#endif
#endif
#endif
