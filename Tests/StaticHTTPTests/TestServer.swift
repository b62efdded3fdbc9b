import Foundation
import NIOCore
import Primitives
import StaticHTTP
import Synchronization
import SystemPackage
import TestSupport

/// A server on a free port of the loopback, over a folder of its own. Shuts down with the test.
final class TestServer {
    let folder: TemporaryFolder
    let events = Events()
    let server: StaticServer

    static let small = #"{"signed":{}}"#
    static let timestamp = #"{"signed":{"version":1}}"#
    /// Larger than what is answered from memory, and than what fits into the sockets' buffers.
    static let large: [UInt8] = {
        // A prime length: no part of the file looks like another at the same offset of a block.
        let block = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        var bytes: [UInt8] = []
        while bytes.count < 8_000_000 { bytes += block }
        return Array(bytes.prefix(8_000_000))
    }()
    static let largePath = "/targets/p/stable/1/large.tar.zst"

    init(
        _ folder: TemporaryFolder? = nil, root: String = "Releases",
        _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws {
        let folder = try folder ?? Self.publication()
        self.folder = folder
        var configuration = ServerConfiguration()
        configuration.threads = 2
        // Publications are taken over when the test says so.
        configuration.watchInterval = .hours(1)
        configure(&configuration)
        let events = events
        server = try StaticServer(
            folder.path(root), on: [ListenAddress(host: "127.0.0.1", port: 0)], configuration: configuration,
            clock: { Date(timeIntervalSince1970: 784_111_777) }, report: { events.add($0) })
    }

    deinit {
        try? server.shutDown()
    }

    var address: ListenAddress { server.addresses[0] }

    func client(receiveBuffer: CInt? = nil) throws -> RawClient {
        try RawClient(host: address.host, port: address.port, receiveBuffer: receiveBuffer)
    }

    /// A folder `Releases` with a little of everything, and a secret beside it.
    static func publication(withLarge: Bool = true) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("the secret", to: "secret.txt")
        try folder.write(small, to: "Releases/metadata/1.root.json")
        if withLarge {
            // Not durably: it is the size of this file that makes it slow.
            let path = folder.path("Releases" + largePath)
            try FileManager.default.createDirectory(
                atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
            try Data(large).write(to: URL(fileURLWithPath: path.string))
        }
        try folder.write([], to: "Releases/empty")
        try folder.write("0123456789", to: "Releases/digits.txt")
        try folder.write("<p>hello", to: "Releases/index.html")
        try folder.write(timestamp, to: "Releases/metadata/timestamp.json")
        return folder
    }
}

/// What a server reported, in order.
final class Events: Sendable {
    private let all = Mutex<[ServerEvent]>([])
    private let arrived = DispatchSemaphore(value: 0)

    func add(_ event: ServerEvent) {
        all.withLock { $0.append(event) }
        arrived.signal()
    }

    /// `serving 3`, `fault serve/too-many` …
    var words: [String] {
        all.withLock { events in
            events.map { event in
                switch event {
                case .serving(let files): "serving \(files)"
                case .nothingPublished(let fault): "nothing published \(fault.codeText)"
                case .stillServingFormer(let fault): "still serving the former \(fault.codeText)"
                }
            }
        }
    }

    /// Returns when there are `count` events, or after ten seconds.
    func wait(for count: Int) {
        while words.count < count, arrived.wait(timeout: .now() + 10) == .success {}
    }
}
