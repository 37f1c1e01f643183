/*
 * Runs cases on the processor this program runs on, in user mode, and writes down how each ended.
 *
 * A case begins by returning from a signal: the handler puts the case's registers into the context
 * it returns to. It ends with the signal of whatever exception the code raises, at the latest that
 * of the INT3 behind it; the same handler takes down the context, and begins the next case. So no
 * instruction runs between a case's registers and its code, nor between the exception and the
 * kernel.
 *
 * usage: native CASES RESULTS, both files in the formats of native.ts
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <unistd.h>

enum { PAGE = 4096, FXSAVE = 512, CHANGES = 64, XSTATE_BV = 512 };

struct header {
    uint32_t regions, fp_images, cases, seconds;
};

/* Pages at an address; `offset` is where the file has their contents. */
struct region {
    uint64_t address, size, protection, offset;
};

/* Registers in the order of their numbers in an instruction. */
struct test_case {
    uint64_t rip, rflags, fp_image;
    uint64_t registers[16];
};

struct result {
    uint64_t vector, error, cr2, rip, rflags;
    uint64_t registers[16];
    uint8_t fp[FXSAVE];
    uint64_t changes;
    struct {
        uint64_t address, value;
    } change[CHANGES];
};

static const int order[16] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static const uint8_t *file;
static const struct header *header;
static const struct region *regions;
static const uint8_t *fp_images;
static const struct test_case *cases;
static struct result *results;
static uint32_t current;
static int started;
static uint64_t thread_pointer;

static void fail(const char *what) {
    perror(what);
    _exit(2);
}

static long system_call(long number, long a, long b) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b)
                     : "rcx", "r11", "memory");
    return result;
}

/* Whether a region's contents are to be looked at, and to be made good. */
static int is_data(const struct region *region) { return (region->protection & PROT_WRITE) != 0; }

static void compare(struct result *result) {
    for (uint32_t i = 0; i < header->regions; i++) {
        if (!is_data(&regions[i])) continue;
        uint8_t *now = (uint8_t *)regions[i].address;
        const uint8_t *then = file + regions[i].offset;
        for (uint64_t at = 0; at < regions[i].size; at += 64) {
            if (memcmp(now + at, then + at, 64) == 0) continue;
            for (uint64_t byte = at; byte < at + 64; byte++) {
                if (now[byte] == then[byte]) continue;
                if (result->changes < CHANGES) {
                    result->change[result->changes].address = regions[i].address + byte;
                    result->change[result->changes].value = now[byte];
                }
                result->changes++;
            }
            memcpy(now + at, then + at, 64);
        }
    }
}

static void handle(int signal, siginfo_t *info, ucontext_t *context) {
    (void)signal;
    (void)info;
    /* A case may have loaded FS, which holds the base of this program's own thread data. */
    system_call(SYS_arch_prctl, ARCH_SET_FS, (long)thread_pointer);
    system_call(SYS_arch_prctl, ARCH_SET_GS, 0);
    greg_t *gregs = context->uc_mcontext.gregs;
    uint8_t *fp = (uint8_t *)context->uc_mcontext.fpregs;
    if (started) {
        struct result *result = &results[current++];
        result->vector = (uint64_t)gregs[REG_TRAPNO];
        result->error = (uint64_t)gregs[REG_ERR];
        result->cr2 = (uint64_t)gregs[REG_CR2];
        result->rip = (uint64_t)gregs[REG_RIP];
        result->rflags = (uint64_t)gregs[REG_EFL];
        for (int i = 0; i < 16; i++) result->registers[i] = (uint64_t)gregs[order[i]];
        memcpy(result->fp, fp, FXSAVE);
        compare(result);
    }
    started = 1;
    if (current == header->cases) _exit(0);
    const struct test_case *next = &cases[current];
    gregs[REG_RIP] = (greg_t)next->rip;
    gregs[REG_EFL] = (greg_t)next->rflags;
    for (int i = 0; i < 16; i++) gregs[order[i]] = (greg_t)next->registers[i];
    /* The last 48 bytes are the kernel's, and say that more state follows. */
    memcpy(fp, fp_images + next->fp_image * FXSAVE, FXSAVE - 48);
    if (*(uint32_t *)(fp + FXSAVE - 48) != 0) *(uint64_t *)(fp + XSTATE_BV) |= 3;
}

/* Clears AC, ID, NT and DF before any compiled code runs. */
__attribute__((naked)) static void entry(void) {
    __asm__ volatile(
        "pushfq\n\t"
        "andl $~0x244400, (%%rsp)\n\t"
        "popfq\n\t"
        "jmp %P0" ::"i"(handle));
}

static const uint8_t *map_file(const char *path) {
    int fd = open(path, O_RDONLY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) fail(path);
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) fail(path);
    close(fd);
    return bytes;
}

static void map_region(const struct region *region) {
    void *at = (void *)region->address;
    void *mapped = mmap(at, region->size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (mapped != at) fail("mmap");
    memcpy(at, file + region->offset, region->size);
    if (mprotect(at, region->size, (int)region->protection) < 0) fail("mprotect");
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s CASES RESULTS\n", argv[0]);
        return 2;
    }
    file = map_file(argv[1]);
    header = (const struct header *)file;
    regions = (const struct region *)(header + 1);
    fp_images = (const uint8_t *)(regions + header->regions);
    cases = (const struct test_case *)(fp_images + (size_t)header->fp_images * FXSAVE);
    size_t size = (size_t)header->cases * sizeof(struct result);
    int out = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (out < 0 || ftruncate(out, (off_t)size) < 0) fail(argv[2]);
    results = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
    if (results == MAP_FAILED) fail(argv[2]);
    for (uint32_t i = 0; i < header->regions; i++) map_region(&regions[i]);

    system_call(SYS_arch_prctl, ARCH_GET_FS, (long)&thread_pointer);
    static uint8_t stack[256 * 1024];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    if (sigaltstack(&alternate, NULL) < 0) fail("sigaltstack");
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    action.sa_sigaction = (void (*)(int, siginfo_t *, void *))entry;
    const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGUSR1};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], &action, NULL) < 0) fail("sigaction");
    alarm(header->seconds);
    raise(SIGUSR1);
    return 2;
}
