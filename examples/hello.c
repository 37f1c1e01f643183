// What own_program.ts builds and boots.
#include <format.h>
#include <trapline.h>

int main(int argc, char **argv) {
    int64_t before = clock();
    for (int i = 1; i < argc; i++) put_format("hello %s\n", argv[i]);
    put_format("that took %d instructions\n", clock() - before);
    return 7;
}
