import Glibc

/// Blocks the calling thread, which must be one of our own.
func pause(milliseconds: Int32) { _ = poll(nil, 0, milliseconds) }
