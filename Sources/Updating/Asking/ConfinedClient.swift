import Primitives
import Transport

/// Has one mirror asked by another process: what a server says is first read where nothing is but what a server says.
///
/// What comes back is held against what was asked: lengths, and which ends an answer may have. Faults are those that asking here
/// would have ended in, and `transport/worker-ended` and `transport/worker-answer`.
package final class ConfinedClient: HTTPFetching {
    /// Its base address.
    private let mirror: String
    private let processes: AskingProcesses

    init(_ mirror: String, _ processes: AskingProcesses) {
        self.mirror = mirror
        self.processes = processes
    }

    package func fetch(_ request: HTTPRequest) throws -> HTTPResponse {
        var bytes: [UInt8] = []
        switch try ask(.file(request), into: { bytes.append(contentsOf: $0) }) {
        case .whole: return .ok(bytes)
        case .absent: return .notFound
        case .unchanged where request.ifNoneMatch != nil: return .notModified
        case .unchanged: throw processes.senseless("\"not modified\" of nothing", of: mirror)
        case .anew: throw processes.senseless("an end of another request", of: mirror)
        }
    }

    package func fetch(
        _ url: String, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        switch try ask(.part(url: url, offset: offset, limit: limit), into: sink) {
        case .whole: return true
        case .absent: return false
        case .unchanged, .anew: throw processes.senseless("an end of another request", of: mirror)
        }
    }

    package func fetchRest(
        _ url: String, from offset: Int, of length: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        var received = 0
        let end = try ask(.rest(url: url, offset: offset, length: length)) { bytes in
            received += bytes.count
            try sink(bytes)
        }
        switch end {
        case .whole where received == length - offset: return true
        case .anew where offset > 0: return false
        case .whole, .anew: throw processes.senseless("an end after \(received) bytes", of: mirror)
        case .unchanged, .absent: throw processes.senseless("an end of another request", of: mirror)
        }
    }

    /// Bytes go with an answer that is whole, and with no other one.
    private func ask(
        _ request: AskRequest, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> AskEnd {
        try HTTPAddress.checkBase(request.url)
        try processes.configuration.check()
        try processes.configuration.checkWay(to: request.url)
        guard request.url.utf8.count <= Self.longestAddress else {
            throw TransportFault(
                .unsafePath, found: "an address of \(request.url.utf8.count) bytes", at: HTTPAddress.displayed(mirror))
        }
        let (end, received) = try processes.ask(request, of: mirror, into: sink)
        guard end == .whole || received == 0 else { throw processes.senseless("an end after bytes", of: mirror) }
        return end
    }

    private static let longestAddress = 512 << 10
}
