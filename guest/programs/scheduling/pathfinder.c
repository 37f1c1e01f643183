// What reset the Mars Pathfinder in July 1997, as G. Reeves and M. Jones told it: pathfinder PROTOCOL,
// which is none, inherit, ceiling or original-ceiling.
//
//   watchdog        has the machine reset when the bus is not done in its cycle
//   bus             distributes the data of the information bus, once a cycle, under a mutex
//   communications  sometimes needs the CPU for longer than a cycle
//   weather         gathers weather data once in a while, under the same mutex
//
// In the third cycle weather has the mutex when the bus wants it, and communications come just then:
// if nothing is done about it, weather has no CPU to unlock it, and the bus waits for communications.
#include "guest/include/format.h"
#include "work.h"

#define MILLISECOND 1000ul // instructions
#define CYCLE (125 * MILLISECOND)
#define SECOND (1000 * MILLISECOND)
#define CYCLES 12
#define CEILING 200
#define STACK_SIZE 8192

static int64_t bus_mutex, landed;
static uint64_t begin, longest;
static volatile uint64_t cycles_done;

static void watchdog(void) {
    for (uint64_t cycle = 1; cycle <= CYCLES; cycle++) {
        sleep_until(begin + cycle * CYCLE);
        if (cycles_done >= cycle) continue;
        put_format("watchdog: the bus is not done in cycle %u, reset\n", cycle);
        host_reboot();
    }
    put_format("watchdog: %u cycles\n", (uint64_t)CYCLES);
    semaphore_signal(landed);
}

static void bus(void) {
    for (uint64_t cycle = 0; cycle < CYCLES; cycle++) {
        uint64_t release = begin + cycle * CYCLE;
        sleep_until(release);
        work(10 * MILLISECOND);
        mutex_lock(bus_mutex, TIMEOUT_FOREVER);
        work(15 * MILLISECOND);
        mutex_unlock(bus_mutex);
        work(5 * MILLISECOND);
        cycles_done++;
        uint64_t response = (uint64_t)clock() - release;
        if (response > longest) longest = response;
    }
}

static void communications(void) {
    for (uint64_t time = begin + 262 * MILLISECOND;; time += SECOND) {
        sleep_until(time);
        work(160 * MILLISECOND);
    }
}

static void weather(void) {
    for (uint64_t time = begin + 240 * MILLISECOND;; time += SECOND) {
        sleep_until(time);
        mutex_lock(bus_mutex, TIMEOUT_FOREVER);
        work(20 * MILLISECOND);
        mutex_unlock(bus_mutex);
        work(5 * MILLISECOND);
    }
}

static const struct {
    void (*live)(void);
    uint64_t priority;
} threads[] = {{weather, 50}, {communications, 100}, {bus, 200}, {watchdog, 250}};

#define THREADS (sizeof threads / sizeof *threads)
static char stacks[THREADS][STACK_SIZE] __attribute__((aligned(16)));

static void live(uintptr_t index) {
    threads[index].live();
    thread_exit();
}

static int protocol_of(const char *name) {
    static const char *const names[] = {"none", "inherit", "ceiling", "original-ceiling"};
    for (int i = 0; i < 4; i++) {
        if (text_equal(name, names[i])) return i;
    }
    return -1;
}

int main(int argc, char **argv) {
    int protocol = argc == 2 ? protocol_of(argv[1]) : -1;
    if (protocol < 0) {
        put_text("pathfinder none|inherit|ceiling|original-ceiling\n");
        return 2;
    }
    bus_mutex = mutex_create(protocol, protocol >= MUTEX_CEILING ? CEILING : 0);
    landed = semaphore_create(0, 1);
    // So that nobody runs before the time is set.
    struct thread_parameters parameters = {.priority = 254};
    thread_set_parameters(thread_self(), &parameters, sizeof parameters);
    begin = (uint64_t)clock() + 10 * MILLISECOND;
    for (size_t i = 0; i < THREADS; i++) {
        int64_t thread = thread_create(live, stacks[i] + STACK_SIZE, i);
        parameters.priority = threads[i].priority;
        if (thread < 0 || thread_set_parameters(thread, &parameters, sizeof parameters) != 0) return 3;
    }
    semaphore_wait(landed, TIMEOUT_FOREVER);
    put_format("bus: no cycle longer than %u ms\n", (longest + MILLISECOND - 1) / MILLISECOND);
    return 0;
}
