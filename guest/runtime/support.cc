// What compiled C++ asks for beside exceptions, in programs of a user's own.

extern "C" {

// Destructors of static objects do not run: a task that ends gives everything back.
int __cxa_atexit(void (*)(void *), void *, void *) noexcept { return 0; }

// Tells libraries apart, and there is only the program.
void *__dso_handle = nullptr;
}
