// Runs what is to run before main: constructors of C++ objects, and functions that say so. Linked
// with --wrap=main, so that crt0.S calls this.

typedef void constructor(void);

// The linker's: the constructors in the order they run.
extern constructor *const __init_array_start[];
extern constructor *const __init_array_end[];

int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);

int __wrap_main(int argc, char **argv) {
    for (constructor *const *each = __init_array_start; each != __init_array_end; each++) (*each)();
    return __real_main(argc, argv);
}
