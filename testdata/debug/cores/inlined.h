// What both files of the program have.
int leave(int value);

static inline int scaled(int value, int factor) { return leave(value * factor) + factor; }
