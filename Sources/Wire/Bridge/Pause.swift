import Glibc

/// Blocks the calling thread, which must be one of our own.
func pause(microseconds: UInt32) { usleep(microseconds) }
