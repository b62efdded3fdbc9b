import NIOCore

/// The limits and time-outs of a server; every one is enforced before memory or a descriptor is spent.
package struct ServerConfiguration: Sendable {
    /// Connections open at once. Further ones wait, unaccepted, in the kernel's backlog.
    package var maximumConnections = 1024
    /// Event loop threads.
    package var threads = System.coreCount
    /// Descriptors of published files that are kept open; files beyond are opened when asked for.
    package var maximumOpenFiles = 512
    /// Files up to this size (bytes) are answered from memory, as long as all of them fit into `memoryLimit`.
    package var memoryFileSize = 64 << 10
    package var memoryLimit = 32 << 20
    /// Bytes of the request line's target, or of all header fields together.
    package var maximumHeadSize = 16 << 10
    /// From the first byte of a request, or from the connection's start, to the end of the request's head.
    package var headTimeout = TimeAmount.seconds(15)
    /// Between an answer and the next request.
    package var idleTimeout = TimeAmount.seconds(60)
    /// For the client to take `transferStep` bytes.
    package var writeTimeout = TimeAmount.seconds(60)
    /// For the client to close after we have said all.
    package var lingerTimeout = TimeAmount.seconds(2)
    /// For answers under way when the server is told to leave.
    package var shutdownTimeout = TimeAmount.seconds(60)
    /// Between two looks at `metadata/timestamp.json`.
    package var watchInterval = TimeAmount.seconds(1)

    package init() {}

    /// Bytes of one step of a large answer. With `writeTimeout` the slowest client that is still served: 4 KiB a second,
    /// which a bad line through Tor still manages.
    static let transferStep = 256 << 10

    var shortestTimeout: TimeAmount {
        min(headTimeout, idleTimeout, writeTimeout, lingerTimeout)
    }
}
