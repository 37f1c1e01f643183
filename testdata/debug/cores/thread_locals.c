// Thread-local variables of a program and of a library that it loads later, in two threads. Built a
// second time with LIBRARY defined, it is the library, in a file beside the program.
#include <stdlib.h>

#ifdef LIBRARY

__thread long before[5];

int library(int number) {
    static __thread int inside = 5;
    static __thread char name[8] = "lib";
    inside += number;
    before[1] = number;
    if (number == 3) abort();
    return inside + name[0];
}

#else

#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static sem_t ready, never;
static int (*loaded)(int);
static __thread double weight = 0.25;

static int own(int number) {
    static __thread int mine = 40;
    static __thread struct {
        long a;
        char b;
    } pair = {1, 'p'};
    mine += number;
    pair.a += number;
    weight *= 2;
    return loaded(number) + mine + (int)pair.a;
}

static void *wait_for_ever(void *argument) {
    static __thread int token = 9;
    token += own(1) + (argument != NULL);
    sem_post(&ready);
    sem_wait(&never);
    return NULL;
}

int main(int argc, char **argv) {
    char name[4096];
    snprintf(name, sizeof name, "%s.so", argv[0]);
    void *handle = dlopen(name, RTLD_NOW);
    if (handle == NULL) return 1;
    loaded = (int (*)(int))dlsym(handle, "library");
    sem_init(&ready, 0, 0);
    sem_init(&never, 0, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for_ever, NULL);
    sem_wait(&ready);
    return own(argc + 2);
}

#endif
