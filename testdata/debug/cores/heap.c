// The C library finds that a block is freed twice, and aborts.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
  struct node *next;
  char name[20];
};

static struct node *push(struct node *list, const char *name) {
  struct node *made = malloc(sizeof *made);
  made->next = list;
  strncpy(made->name, name, sizeof made->name - 1);
  made->name[sizeof made->name - 1] = 0;
  return made;
}

static inline void drop(struct node *list) {
  for (struct node *next; list != NULL; list = next) {
    next = list->next;
    free(list);
  }
}

int main(void) {
  struct node *list = push(push(push(NULL, "one"), "two"), "three");
  struct node *other = list->next;
  list->next = NULL;
  drop(other);
  free(list);
  list->next = NULL;
  drop(list);
  return 0;
}
