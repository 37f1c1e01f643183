// A crash in a function that the C library calls back: qsort compares, and the weight of one item is
// behind a null pointer.
#include <stdlib.h>

struct item {
  int key;
  const int *weight;
};

static int weigh(const struct item *item) { return *item->weight; }

static int by_weight(const void *a, const void *b) {
  const struct item *left = a, *right = b;
  return weigh(left) - weigh(right) + left->key - right->key;
}

int main(void) {
  static const int five = 5;
  struct item items[] = {{3, &five}, {1, &five}, {2, &five}, {9, NULL}, {4, &five}};
  qsort(items, sizeof items / sizeof *items, sizeof *items, by_weight);
  return items[0].key;
}
