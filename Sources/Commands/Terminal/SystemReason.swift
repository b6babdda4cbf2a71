import Foundation
import Glibc

/// The system's own words for a failed call, which Foundation wraps into vaguer ones.
enum SystemReason {
    static func text(_ error: any Error) -> String {
        var next: NSError? = error as NSError
        while let found = next {
            if found.domain == NSPOSIXErrorDomain {
                // SAFETY: strerror answers a string for every number, valid until the next call on this thread.
                return unsafe String(cString: strerror(Int32(clamping: found.code)))
            }
            next = found.userInfo[NSUnderlyingErrorKey] as? NSError
        }
        return error.localizedDescription
    }
}
