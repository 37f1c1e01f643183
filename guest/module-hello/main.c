// The program the kernel is booted with: says what it was started with and how it ended, one system
// call a character, and reboots the machine.
//
// Every function is on a page of its own (see module-hello.ld), so that the boot log shows each
// page's first execution.
#include "guest/include/format.h"
#include "guest/include/trapline.h"
#include "guest/module-hello/crc16.h"

#define PAGE __attribute__((noinline))

// Words of the table to check, and their CRC as computed bit by bit.
#define CHECKED_WORDS 4096
#define CHECKED_CRC 0xafde

static char line[128] = "started";
static char joined[sizeof line];
static struct {
    int64_t task;
    int64_t thread;
} self;

// The first floating-point instruction of the program; the kernel gives the unit to a thread only
// when it is used.
PAGE static int floating_point_works(void) {
    volatile double a = 0.1;
    volatile double b = 0.2;
    double sum = a + b;
    return sum > 0.3 && sum < 0.3000000000000001;
}

PAGE static void find_self(void) {
    self.task = task_self();
    self.thread = thread_self();
}

PAGE static int table_intact(void) { return crc16(crc16_table, CHECKED_WORDS) == CHECKED_CRC; }

// Appends a text at an offset of the joined line and returns the offset after it; what does not fit
// is left out.
PAGE static size_t append(size_t at, const char *text) {
    while (*text != 0 && at + 1 < sizeof joined) joined[at++] = *text++;
    joined[at] = 0;
    return at;
}

PAGE static void say_started(int argc, char **argv) {
    size_t at = append(0, line);
    for (int i = 0; i < argc; i++) at = append(append(at, " "), argv[i]);
    put_text(joined);
    console_putc('\n');
}

PAGE static void say_result(const char *name, int code) {
    put_format("gnumach-test-success-and-reboot: test %s exit code %d\n", name, (int64_t)code);
}

_Noreturn PAGE static void reboot(void) {
    for (;;) host_reboot();
}

int main(int argc, char **argv) {
    int computes = floating_point_works();
    find_self();
    int intact = table_intact();
    say_started(argc, argv);
    put_text("hello!!\n");
    int good = computes && intact && self.task > 0 && self.thread > 0;
    say_result(argv[0], good ? 0 : 1);
    reboot();
}
