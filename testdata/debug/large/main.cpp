// The beginning and the end of the program.
#include <cstdlib>

int part0(int depth);

int give_up(int depth) {
  if (depth > 0) std::abort();
  return depth;
}

int main() { return part0(2); }
