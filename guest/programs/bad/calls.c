// System calls with wild pointers, lengths, ids and numbers. The kernel must answer each with an
// error code and nothing else.
#include "guest/programs/bad/bad.h"

static const char constants[64] = "not to be written";
static char buffer[64];

// Pointers at which nothing can be read or written.
static int print_from(uintptr_t address) { return verdict(print((const void *)address, 16)); }

static int task_info_to(uintptr_t address) {
    return verdict(task_info(task_self(), (struct task_info *)address, sizeof(struct task_info)));
}

static int host_info_to(uintptr_t address) { return verdict(host_info((void *)address, 64)); }

// Pointers to a page's last bytes, with nothing after the page.
static uintptr_t across(void) {
    int64_t page = vm_allocate(0, PAGE_SIZE);
    return page < 0 ? 0 : (uintptr_t)page + PAGE_SIZE - 4;
}

static int print_across(uintptr_t unused) {
    (void)unused;
    return print_from(across());
}

static int task_info_across(uintptr_t unused) {
    (void)unused;
    return task_info_to(across());
}

static int host_info_across(uintptr_t unused) {
    (void)unused;
    return host_info_to(across());
}

static int print_protected(uintptr_t unused) {
    (void)unused;
    int64_t page = vm_allocate(0, PAGE_SIZE);
    if (page < 0 || vm_protect((uintptr_t)page, PAGE_SIZE, VM_PROT_NONE) != 0) return BROKEN;
    return print_from((uintptr_t)page);
}

// Lengths that no buffer has, and those that make the end of the buffer wrap to its beginning or
// before it.
static int print_length(uintptr_t length) { return verdict(print(buffer, length)); }

static int print_wrapping(uintptr_t unused) {
    (void)unused;
    if (!refused(print(buffer, -(uintptr_t)buffer))) return SURVIVED;
    return verdict(print(buffer, -(uintptr_t)buffer + 64));
}

static int info_length(uintptr_t length) {
    if (!refused(task_info(task_self(), (struct task_info *)constants, length))) return SURVIVED;
    return verdict(host_info((void *)(uintptr_t)constants, length));
}

// Ids of no task, of the kernel, and of this task where that makes no sense.
static int terminate_id(uintptr_t id) { return verdict(task_terminate((int64_t)id)); }

static int info_id(uintptr_t id) { return verdict(task_info((int64_t)id, (struct task_info *)buffer, sizeof buffer)); }

static int wait_id(uintptr_t id) { return verdict(task_wait((int64_t)id, (struct task_status *)buffer)); }

static int wait_self(uintptr_t unused) {
    (void)unused;
    return verdict(task_wait(task_self(), (struct task_status *)buffer));
}

static int terminate_self(uintptr_t unused) {
    (void)unused;
    task_terminate(task_self());
    return SURVIVED;
}

// Numbers of no system call; some are those of one in their low 32 bits.
static int call_number(uintptr_t number) {
    return verdict(system_call(number, (uintptr_t)buffer, 1, 1, 1, 1, 1));
}

static int call_many_numbers(uintptr_t unused) {
    (void)unused;
    for (uint64_t number = 500; number < 2500; number++) {
        if (!refused(system_call3(number, 0, 0, 0))) return SURVIVED;
    }
    return REFUSED;
}

static int sleep_long(uintptr_t duration) { return verdict(sleep(duration)); }

static int exit_with(uintptr_t code) { exit((int)code); }

// Every call in turn with the same wild word in every argument. Those that would end the program
// are left out; the others may refuse or not, but the kernel and this program must go on.
static int every_call(uintptr_t word) {
    for (uint64_t number = 0; number <= SYS_SEMAPHORE_WAIT_SIGNAL; number++) {
        // Handlers, parameters, periods and unwinding have cases of their own.
        if (number > SYS_HOST_INFO && number < SYS_FUTEX_WAIT) continue;
        if (number == SYS_EXIT || number == SYS_THREAD_CREATE || number == SYS_THREAD_EXIT || number == SYS_HOST_REBOOT) continue;
        system_call(number, word, word, word, word, word, word);
    }
    return sys_null() == 0 ? REFUSED : SURVIVED;
}

const struct bad_case call_cases[] = {
    {"print-null", print_from, 0},
    {"print-unmapped", print_from, UNMAPPED},
    {"print-kernel", print_from, KERNEL_TEXT},
    {"print-non-canonical", print_from, NON_CANONICAL},
    {"print-user-end", print_from, USER_END - 8},
    {"print-last-word", print_from, 0xfffffffffffffff8ul},
    {"print-across", print_across, 0},
    {"print-protected", print_protected, 0},
    {"print-huge", print_length, 1ul << 63},
    {"print-too-long", print_length, 1ul << 30},
    {"print-longest", print_length, ~0ul},
    {"print-wrapping", print_wrapping, 0},
    {"task-info-null", task_info_to, 0},
    {"task-info-unmapped", task_info_to, UNMAPPED},
    {"task-info-kernel", task_info_to, KERNEL_TEXT},
    {"task-info-non-canonical", task_info_to, NON_CANONICAL},
    {"task-info-user-end", task_info_to, USER_END - 8},
    {"task-info-constants", task_info_to, (uintptr_t)constants},
    {"task-info-text", task_info_to, (uintptr_t)task_info_to},
    {"task-info-across", task_info_across, 0},
    {"host-info-null", host_info_to, 0},
    {"host-info-kernel", host_info_to, KERNEL_TEXT},
    {"host-info-non-canonical", host_info_to, NON_CANONICAL},
    {"host-info-constants", host_info_to, (uintptr_t)constants},
    {"host-info-across", host_info_across, 0},
    {"info-huge", info_length, 1ul << 63},
    {"info-longest", info_length, ~0ul},
    {"info-short", info_length, 0},
    {"task-info-kernel-task", info_id, 0},
    {"task-info-nobody", info_id, 999},
    {"task-wait-nobody", wait_id, 999},
    {"task-wait-huge", wait_id, 1ul << 63},
    {"task-wait-kernel", wait_id, 0},
    {"task-wait-self", wait_self, 0},
    {"terminate-kernel", terminate_id, 0},
    {"terminate-nobody", terminate_id, 999},
    {"terminate-negative", terminate_id, ~0ul},
    {"terminate-huge", terminate_id, 1ul << 32},
    {"terminate-self", terminate_self, 0},
    {"call-unknown", call_number, 777},
    {"call-negative", call_number, ~0ul},
    {"call-32-bits", call_number, 1ul << 32},
    {"call-32-bits-exit", call_number, (1ul << 32) + SYS_EXIT},
    {"call-many", call_many_numbers, 0},
    {"sleep-huge", sleep_long, 1ul << 63},
    {"sleep-longest", sleep_long, ~0ul},
    {"every-call-null", every_call, 0},
    {"every-call-kernel", every_call, KERNEL_TEXT},
    {"every-call-ones", every_call, ~0ul},
    {"exit-7", exit_with, 7},
    {"exit-255", exit_with, 255},
    {"exit-negative", exit_with, ~0ul},
    {"exit-minimum", exit_with, 0x80000000ul},
    {0, 0, 0},
};
