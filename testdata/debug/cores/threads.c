// Threads that wait in every way there is, while one crashes: a condition, a lock, a semaphore, a
// pipe, a sleep, a barrier, a turn in a loop, and the main thread in a join.
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t empty;
static int ends[2];
static atomic_int ready;
static __thread volatile int own;

static void here(int which) {
  own = which;
  atomic_fetch_add(&ready, 1);
}

static void *wait_condition(void *unused) {
  here(1);
  pthread_mutex_lock(&lock);
  for (;;) pthread_cond_wait(&never, &lock);
  return unused;
}

static void *wait_lock(void *unused) {
  here(2);
  pthread_mutex_lock(&held);
  return unused;
}

static void *wait_semaphore(void *unused) {
  here(3);
  sem_wait(&empty);
  return unused;
}

static void *wait_pipe(void *unused) {
  char byte;
  here(4);
  return read(ends[0], &byte, 1) == 1 ? unused : NULL;
}

static void *wait_time(void *unused) {
  here(5);
  nanosleep(&(struct timespec){.tv_sec = 1000}, NULL);
  return unused;
}

static void *wait_barrier(void *unused) {
  here(6);
  pthread_barrier_wait(&barrier);
  return unused;
}

static void *spin(void *unused) {
  here(7);
  while (own == 7) {
  }
  return unused;
}

static void *crash(void *unused) {
  while (atomic_load(&ready) < 7) {
  }
  nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  *(volatile int *)unused = 1;
  return unused;
}

int main(void) {
  void *(*const bodies[])(void *) = {wait_condition, wait_lock,    wait_semaphore, wait_pipe,
                                     wait_time,      wait_barrier, spin,           crash};
  pthread_t last = 0;
  if (pipe(ends) != 0 || sem_init(&empty, 0, 0) != 0) return 2;
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_mutex_lock(&held);
  for (unsigned i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    pthread_create(&last, NULL, bodies[i], NULL);
  }
  pthread_join(last, NULL);
  return 0;
}
