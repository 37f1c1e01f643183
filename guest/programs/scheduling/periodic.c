// Does a job each period: periodic START JOBS TIME [NAME=VALUE]..., the first at a time of the clock,
// each a number of instructions long, with these scheduling parameters. Says what became of them.
#include "guest/include/format.h"
#include "work.h"

int main(int argc, char **argv) {
    if (argc < 4 || !set_parameters(argc - 4, argv + 4)) return 1;
    int64_t jobs = number(argv[2]);
    uint64_t time = (uint64_t)number(argv[3]);
    if (wait_until_next_period((uint64_t)number(argv[1])) != 0) return 2;
    for (;;) {
        work(time);
        if (--jobs == 0) break;
        if (wait_until_next_period(0) < 0) return 3;
    }
    struct thread_job_info info;
    // What it has to say is no job.
    char *aperiodic[] = {"period=0"};
    if (thread_job_info(thread_self(), &info, sizeof info) != 0 || !set_parameters(1, aperiodic)) return 4;
    put_format("%s: %u jobs, %u missed, %u late to begin\n", argv[0], info.job, info.missed, info.overruns);
    return 0;
}
