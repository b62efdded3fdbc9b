import NIOCore

/// The limits and time-outs of a witness's server; every one is enforced before memory is spent.
package struct WitnessServerConfiguration: Sendable {
    /// Connections open at once. Further ones wait, unaccepted, in the kernel's backlog.
    package var maximumConnections = 256
    /// Bytes of the request line's target, or of all header fields together.
    package var maximumHeadSize = 16 << 10
    /// From when we are ready for a request until it is here whole, however it trickles.
    package var requestTimeout = TimeAmount.seconds(30)
    /// For the client to take an answer.
    package var writeTimeout = TimeAmount.seconds(30)
    /// For the client to close after we have said all.
    package var lingerTimeout = TimeAmount.seconds(2)
    /// For answers under way when the server is told to leave.
    package var shutdownTimeout = TimeAmount.seconds(30)

    package init() {}

    /// Requests judged at the same time; each may wait for the disk.
    static let workers = 4
}
