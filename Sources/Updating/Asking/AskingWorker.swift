import DurableStorage
import Primitives
import Processes
import SystemPackage
import Transport

/// The other side: `sceau-agent fetch-worker`. Asks servers as it is told over `channel`, one request after another, until the
/// channel is closed. It writes no file; what comes goes back as it comes.
package struct AskingWorker {
    private let channel: FileDescriptor

    package init(_ channel: FileDescriptor) { self.channel = channel }

    /// Throws when the agent says what it never should, or is gone.
    ///
    /// To be called before there are other threads.
    package func run() throws {
        guard let first = try next(.order) else { return }
        let configuration = try AskOrder.decode(first)
        let gaps = Self.sandbox(configuration).enter().filter { !$0.isMissingPath }
        try send(.ready, AskGaps.encode(gaps.map(\.description)))
        let client: any HTTPFetching
        do { client = try HTTPClient(configuration) } catch { client = NoClient(fault: error) }
        while let request = try next(.request) { try answer(try AskRequest(request), client) }
    }

    private func answer(_ request: AskRequest, _ client: any HTTPFetching) throws {
        do {
            try send(.end, [try perform(request, client).rawValue])
        } catch let fault as any ReportableFault {
            try send(.fault, AskFault.encode(fault))
        }
    }

    private func perform(_ request: AskRequest, _ client: any HTTPFetching) throws -> AskEnd {
        switch request {
        case .file(let request):
            switch try client.fetch(request) {
            case .ok(let bytes): try bytes.withUnsafeBytes(pass)
            case .notFound: return .absent
            case .notModified: return .unchanged
            }
            return .whole
        case .part(let url, let offset, let limit):
            return try client.fetch(url, from: offset, limit: limit, into: pass) ? .whole : .absent
        case .rest(let url, let offset, let length):
            return try client.fetchRest(url, from: offset, of: length, into: pass) ? .whole : .anew
        }
    }

    private func pass(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try send(.bytes, rest.prefix(AskFrame.pieceLimit))
            rest = rest.dropFirst(AskFrame.pieceLimit)
        }
    }

    private func send(_ kind: AskFrame.Kind, _ bytes: some Collection<UInt8>) throws {
        _ = try channel.writeAll(AskFrame.encode(kind, bytes))
    }

    /// The bytes of the next frame, which has to be of this kind. Nil when the agent has closed the channel.
    private func next(_ kind: AskFrame.Kind) throws -> [UInt8]? {
        let header = try read(AskFrame.headerBytes)
        if header.isEmpty { return nil }
        guard let (found, count) = AskFrame.header(header), found == kind else { throw AskTrouble.senseless("a frame") }
        return try read(count)
    }

    /// So many bytes, or fewer at the end of all.
    private func read(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let number = try bytes.withUnsafeMutableBytes {
                try channel.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            if number == 0 { break }
            filled += number
        }
        return Array(bytes.prefix(filled))
    }

    // MARK: what it may reach

    /// All that asking a server takes of this machine: names of servers, authorities, and the libraries that glibc and OpenSSL
    /// load when they first need them. Each is where one distribution or another has it.
    private static let files: [FilePath] = [
        "/etc/hosts", "/etc/host.conf", "/etc/hostname", "/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/gai.conf",
        "/etc/services", "/run/systemd/resolve", "/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf",
        "/etc/ca-certificates", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
        "/etc/crypto-policies",
        "/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/tls/openssl.cnf", "/etc/pki/ca-trust/extracted",
        "/etc/ld.so.cache", "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/publicsuffix", "/dev/urandom",
    ]

    static func sandbox(_ configuration: TransportConfiguration) -> Sandbox {
        let authorities = configuration.authorities.map { [$0] } ?? []
        return Sandbox(readOnly: files + authorities, allowsNetwork: true, onlyReads: true)
    }
}

/// In the place of a client that could not be made: says why.
private final class NoClient: HTTPFetching {
    private let fault: TransportFault

    init(fault: TransportFault) { self.fault = fault }

    func fetch(_: HTTPRequest) throws -> HTTPResponse { throw fault }
    func fetch(_: String, from _: Int, limit _: Int, into _: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
        throw fault
    }
    func fetchRest(_: String, from _: Int, of _: Int, into _: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
        throw fault
    }
}

extension SandboxGap {
    /// What is not on this machine need not be within reach.
    fileprivate var isMissingPath: Bool {
        if case .path(_, .noSuchFileOrDirectory) = self { return true }
        return false
    }
}
