// Entries of many kinds for `tools/oracle/debug/entries`; see `entries.h`.
#include "entries.h"

int shapes::Base::count = 4;
thread_local int perThread = 3;
static const char *const kNames[] = {"one", "two"};

namespace {
struct Hidden {
  int Hidden::*member;
  long (*callback)(shapes::Number, const shapes::Base &);
  int value;
};
}  // namespace

template <class... All>
static long sum(All... all) {
  return (0L + ... + all);
}

static long recurse(int depth, long (*leaf)(long)) {
  if (depth == 0) return leaf(depth);
  long here = recurse(depth - 1, leaf);
  return here + depth;
}

long run(int argc, char **argv) {
  shapes::Row<double, 5> doubles(argc * 0.5);
  shapes::Row<int, 3> ints(argc);
  Hidden hidden{&Hidden::value, other, argc};
  auto lambda = [&hidden](long extra) { return hidden.value + extra; };
  long total = 0;
  for (int i = 0; i < argc; i++) {
    long local = argv[i][0];
    if (local > 'a') {
      long inner = shapes::clamp(local, 2, 100);
      total += inner + lambda(inner);
    } else {
      total += hidden.callback(shapes::Number{local}, doubles);
    }
  }
  total += shapes::clamp(ints.area(), -7, total) + hidden.*hidden.member;
  total += recurse(argc, [](long at) { return at + perThread; });
  return total + sum(1, 2L, argc) + kNames[argc & 1][0];
}
