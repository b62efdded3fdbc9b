import Primitives
import Processes

/// The agent's end of the way to a process that asks servers.
package protocol AskChannel: AnyObject {
    /// Hands over `bytes`, waiting for `time` at most. False when they were not all taken.
    func send(_ bytes: [UInt8], within time: Duration) -> Bool
    /// Takes what has come, waiting for `time` at most.
    func receive(into buffer: UnsafeMutableRawBufferPointer, within time: Duration) -> Companion.News
    /// Ends the process; how it had ended if it had.
    func end() -> Companion.Ending
}

extension Companion: AskChannel {}

/// Why a process that asks servers is of no more use.
enum AskTrouble: Error {
    case ended
    case timedOut
    case stopped
    /// It broke the rules; with what it did.
    case senseless(String)
}
