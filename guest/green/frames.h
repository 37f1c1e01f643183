// How large the frames are that the log's map tells: a function has locals that nobody uses, of the
// size that brings the distance between its frame pointer and its stack pointer to the log's. The
// code is built without optimization, as the log's was, so the compiler leaves them in.
//
//                    frame pointer - stack pointer
//   spawn_from_main  800    the log's
//   entry_point      688    the log's
//   gaia, mash       176    the debugger's PC, in a stack's last page
//   spawn            304    what is left between the log's frames of entry_point and schedule
//   schedule         544    the log's
#ifndef TRAPLINE_GREEN_FRAMES_H
#define TRAPLINE_GREEN_FRAMES_H

#if defined(__x86_64__)
#define FILL_SPAWN_FROM_MAIN 672
#define FILL_ENTRY_POINT 600
#define FILL_THREAD 176
#define FILL_SPAWN 64
#define FILL_SCHEDULE 400
#else
#define FILL_SPAWN_FROM_MAIN 608
#define FILL_ENTRY_POINT 552
#define FILL_THREAD 80
#define FILL_SPAWN 32
#define FILL_SCHEDULE 352
#endif

#define FILL(bytes) __attribute__((unused)) volatile char fill[bytes]

#endif
