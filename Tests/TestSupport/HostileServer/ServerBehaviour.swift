/// How the hostile server answers one request.
package enum ServerBehaviour: Sendable {
    /// Honestly: ETag, If-None-Match, `Range: bytes=N-`.
    case file([UInt8])
    /// Honestly, but all of it whatever the Range.
    case fileIgnoringRange([UInt8])
    case status(Int, headers: [String] = [], body: [UInt8] = [])
    case redirect(to: String)
    /// A body without end.
    case endless
    /// Header fields without end.
    case endlessHeaders
    /// One header line of so many bytes.
    case longHeader(Int)
    /// Says it will send all of `file` (from the Range on), and hangs up after `after` bytes.
    case breakOff(file: [UInt8], after: Int)
    /// Sends the beginning of `file` and then nothing more, until the client gives up.
    case stall(file: [UInt8], after: Int)
    /// Sends `file` a byte at a time, twenty a second, until the client gives up.
    case drip(file: [UInt8])
    /// Never answers.
    case silence
    /// Whatever these bytes are, and hangs up.
    case raw([UInt8])
    /// Hangs up at once.
    case hangUp
    /// The n-th request for this path gets the n-th behaviour; the last goes on for ever.
    indirect case sequence([ServerBehaviour])

    func step(_ count: Int) -> ServerBehaviour {
        guard case .sequence(let steps) = self else { return self }
        guard let last = steps.last else { return .hangUp }
        return count < steps.count ? steps[count] : last
    }
}
