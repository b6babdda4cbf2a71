import Commands
import Foundation

let code = await FirnCommand.run(
    Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment, console: .live
)
exit(code)
