import Foundation

/// Makes writes beyond a size fail, in the whole process: the nearest thing to a disk that gives up. For exit tests.
package enum FileSizeLimit {
    package struct Refused: Error {}

    package static func set(_ bytes: Int) throws {
        // The kernel would kill the process; ignored, the write fails with EFBIG instead.
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t(bitPattern: -1))
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else {
            throw Refused()
        }
    }

    package static func lift() throws {
        var limit = rlimit(rlim_cur: rlim_t(bitPattern: -1), rlim_max: rlim_t(bitPattern: -1))
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else {
            throw Refused()
        }
    }
}
