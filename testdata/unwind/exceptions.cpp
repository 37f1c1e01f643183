// Every kind of language-specific data that C++ compilers make. No headers, so that it compiles for any target without a library.
struct Resource {
  Resource();
  ~Resource();
};
struct Base {
  virtual ~Base();
};
struct Derived : Base {};
namespace deep {
namespace space {
struct Error {};
}  // namespace space
}  // namespace deep

void may_throw(int);
void also_throws(int);

// One cleanup.
void cleanup_only() {
  Resource r;
  may_throw(1);
}

// A handler of every type.
int catch_all() {
  try {
    may_throw(2);
  } catch (...) {
    return 1;
  }
  return 0;
}

// A chain of handlers with a cleanup on the way.
int chain() {
  try {
    Resource r;
    may_throw(3);
    also_throws(4);
  } catch (int value) {
    return value;
  } catch (const char *) {
    return 2;
  } catch (Derived &) {
    return 3;
  } catch (Base &) {
    return 4;
  } catch (deep::space::Error) {
    return 5;
  } catch (...) {
    return 6;
  }
  return 0;
}

// Handlers inside handlers: call sites with different chains.
int nested() {
  Resource outer;
  try {
    Resource middle;
    try {
      Resource inner;
      may_throw(5);
    } catch (Derived &) {
      also_throws(6);
    }
    may_throw(7);
  } catch (Base &) {
    also_throws(8);
    return 1;
  }
  may_throw(9);
  return 0;
}

// A function through which nothing may pass.
void nothing_passes() noexcept {
  Resource r;
  may_throw(10);
}

// A function that throws, with handlers of pointers.
int thrower(int n) {
  if (n == 0) throw deep::space::Error();
  try {
    if (n == 1) throw n;
    if (n == 2) throw "text";
    return thrower(n - 1);
  } catch (int *) {
    return 1;
  } catch (void *) {
    return 2;
  }
}

// Enough cleanups that offsets need more than one byte.
void many() {
  Resource a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;
  may_throw(11);
  Resource a2, b2, c2, d2, e2, f2, g2, h2, i2, j2, k2, l2, m2, n2;
  may_throw(12);
  try {
    Resource q;
    may_throw(13);
  } catch (int) {
    Resource r;
    may_throw(14);
  }
  also_throws(15);
}

#if __cplusplus < 201703L
// Dynamic exception specifications: filters.
void only_errors() throw(deep::space::Error, int) { may_throw(16); }
void promises_nothing_thrown() throw() { may_throw(17); }
#endif
