#include "firn_arrow_data.h"

// The layout is a contract with every other implementation.
_Static_assert(sizeof(void *) != 8 || sizeof(struct ArrowSchema) == 72, "ArrowSchema has another size");
_Static_assert(sizeof(void *) != 8 || sizeof(struct ArrowArray) == 80, "ArrowArray has another size");
