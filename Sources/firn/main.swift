import Commands
import Foundation

let code = await FirnCommand.run(
    Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment, console: .live
)
// Not `exit`: its handlers take OpenSSL and Arrow down while threads that nobody waits for may still hash or read, which
// ended a server that had stopped well with SIGSEGV. Nothing waits in a buffer: the console writes at once.
_exit(code)
