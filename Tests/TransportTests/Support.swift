import Primitives
import TestSupport
import Testing
import Transport

/// A client that gives up soon, for servers that never end; the limits of an honest transfer are far away.
func impatientClient() throws -> HTTPClient {
    var limits = TransportLimits()
    limits.fetch = .milliseconds(300)
    limits.download = .milliseconds(300)
    return try HTTPClient(TransportConfiguration(limits: limits))
}

/// The fault that `work` throws, for a look at its data.
func fault(_ work: () throws -> Void) throws -> TransportFault {
    try #require(throws: TransportFault.self) { try work() }
}

func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
}
