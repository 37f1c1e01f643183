// The continuations of the kernel: labels a thread starts at on an empty kernel stack. The macro is
// the architecture's; what a continuation does is the TypeScript kernel's decision.
CONTINUATION startup_thread               // prepares the machine and runs the bootstrap script
CONTINUATION reaper_thread                // frees the stacks and objects of dead threads
CONTINUATION reaper_thread_continue
CONTINUATION swapin_thread                // gives kernel stacks to threads that wait for one
CONTINUATION swapin_thread_continue
CONTINUATION task_reaper_thread           // frees the address spaces of dead tasks
CONTINUATION task_reaper_thread_continue
CONTINUATION timeout_thread               // wakes threads whose deadline has passed
CONTINUATION timeout_thread_continue
CONTINUATION pageout_thread               // takes clean file pages back when memory runs low
CONTINUATION page_zero_thread             // keeps zeroed pages ready
CONTINUATION page_zero_thread_continue
CONTINUATION io_done_thread               // finishes page-ins from module files
CONTINUATION io_done_thread_continue
CONTINUATION user_bootstrap               // first code of a task's first thread: loads the program
CONTINUATION thread_bootstrap_return      // first code of a further user thread
CONTINUATION thread_exception_return      // back to user mode
CONTINUATION user_page_fault_continuation // a page fault from user mode has been served
CONTINUATION syscall_continuation         // a blocked system call may return
