// Functions of C++ whose names take some work: templates, lambdas, operators, constructors, in
// namespaces with and without names, called through each other, inlined or by jumps.
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#ifdef __clang__
#define APART __attribute__((noinline))
#else
#define APART __attribute__((noipa))
#endif

volatile int sink;

namespace shapes {
namespace {

APART void stop(int way) {
  sink = way;
  if (way != 99) std::abort();
}

APART void hidden(int way) {
  sink = way + 1;
  stop(way);
  sink = way;
}

}  // namespace

template <typename T, int N>
struct Box {
  T value;
  APART explicit Box(T of) : value(of) {
    sink = N;
    hidden(static_cast<int>(of));
    sink = 0;
  }
  APART ~Box() {
    sink = N + 1;
    hidden(7);
    sink = 0;
  }
  APART Box &operator<<(int way) {
    sink = way;
    hidden(way);
    sink = 0;
    return *this;
  }
  APART operator std::string() const {
    hidden(8);
    sink = 0;
    return std::string(3, 'x');
  }
  template <typename U>
  inline __attribute__((always_inline)) void visit(U &&what) {
    sink = 3;
    what(value);
    sink = 4;
  }
  static APART void jumps(T way) {
    sink = N;
    hidden(static_cast<int>(way));
  }
};

struct Base {
  virtual ~Base() = default;
  virtual void run(int way) = 0;
};

struct Derived final : Base {
  APART void run(int way) override {
    sink = way;
    hidden(way);
    sink = 0;
  }
};

template <typename... Ts>
APART void all(Ts... values) {
  int sum = 0;
  ((sum += static_cast<int>(values)), ...);
  hidden(sum);
  sink = sum;
}

APART bool less(int a, int b) {
  if (a == 5) hidden(a);
  return a < b;
}

}  // namespace shapes

int main(int count, char **values) {
  using namespace shapes;
  int way = count > 1 ? std::atoi(values[1]) : 0;
  auto apart = [](int which) APART {
    sink = which;
    hidden(which);
    sink = 0;
  };
  sink = way;
  switch (way) {
    case 0: {
      Box<long, 4> box(way);
      sink = 1;
      break;
    }
    case 1: {
      auto *box = static_cast<Box<char, 2> *>(std::malloc(16));
      *box << way;
      sink = 1;
      break;
    }
    case 2: {
      auto *box = static_cast<Box<int, 2> *>(std::malloc(16));
      box->visit([&](int &) {
        sink = way;
        hidden(way);
        sink = 0;
      });
      break;
    }
    case 3:
      all(1, 2L, 'c');
      break;
    case 4: {
      std::vector<int> numbers{9, 5, 7, 1};
      std::sort(numbers.begin(), numbers.end(), less);
      break;
    }
    case 5: {
      std::function<void(int)> function = apart;
      function(way);
      break;
    }
    case 6: {
      Derived derived;
      Base *base = &derived;
      base->run(way);
      break;
    }
    case 7: {
      auto *box = static_cast<Box<int, 3> *>(std::malloc(16));
      box->~Box();
      break;
    }
    case 8: {
      auto *box = static_cast<Box<int, 3> *>(std::malloc(16));
      std::string text = *box;
      sink = static_cast<int>(text.size());
      break;
    }
    case 9:
      Box<short, 1>::jumps(static_cast<short>(way));
      break;
    case 10:
      std::set_terminate([] {
        hidden(10);
        sink = 0;
      });
      throw way;
    default:
      apart(way);
  }
  sink = 0;
  return 0;
}
