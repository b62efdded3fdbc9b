import DurableStorage
import Primitives
import SystemPackage
import TestSupport
import Testing
import Transport

@Suite struct DownloadTests {
    let folder: TemporaryFolder
    let storage = DurableStorage()
    let content = bytes(300_000)

    init() throws {
        folder = try TemporaryFolder()
    }

    private func download(
        from server: HostileServer, expecting length: Int? = nil, client: HTTPClient? = nil,
        storage: DurableStorage? = nil
    ) throws {
        try (client ?? HTTPClient()).download(
            server.url + "a", to: folder.path("a.part"), expectedLength: length ?? content.count,
            storage: storage ?? self.storage)
    }

    private func kept() throws -> [UInt8]? { try folder.read("a.part") }

    @Test func `A whole download is flushed, with its folder`() throws {
        let server = try HostileServer(["/a": .file(content)])
        let observer = try FaultyStorage()
        try download(from: server, storage: observer.storage)
        #expect(try kept() == content)
        let partial = folder.path("a.part")
        #expect(observer.effects == [.write(partial), .flush(partial), .flushDirectory(folder.path)])
        observer.crash(losing: .everythingUnflushed)
        #expect(try kept() == content)
    }

    @Test func `Progress is told, in bytes of the whole file`() throws {
        let server = try HostileServer(["/a": .file(content)])
        try folder.write(Array(content.prefix(1000)), to: "a.part")
        let seen = Log()
        try HTTPClient().download(
            server.url + "a", to: folder.path("a.part"), expectedLength: content.count, storage: storage
        ) { seen.add($0) }
        #expect(seen.values == seen.values.sorted())
        #expect(seen.values.first.map { $0 > 1000 } == true)
        #expect(seen.values.last == content.count)
    }

    @Test func `An error of the caller's stops the transfer and comes out as it went in`() throws {
        let server = try HostileServer(["/a": .file(content)])
        #expect(throws: FaultyStorage.crash) {
            try HTTPClient().download(
                server.url + "a", to: folder.path("a.part"), expectedLength: content.count, storage: storage
            ) { _ in throw FaultyStorage.crash }
        }
        let count = try #require(try kept()?.count)
        #expect(count < content.count)
    }

    @Test func `A download that breaks off goes on in the next run where it stopped`() throws {
        let server = try HostileServer([
            "/a": .sequence([
                .breakOff(file: content, after: 100_000), .breakOff(file: content, after: 50_000), .file(content),
            ])
        ])
        for end in [100_000, 150_000] {
            #expect(try fault { try download(from: server) }.code == .truncated)
            #expect(try kept() == Array(content.prefix(end)))
        }
        try download(from: server)
        #expect(try kept() == content)
        #expect(server.requests.map { $0.header("range") } == [nil, "bytes=100000-", "bytes=150000-"])
    }

    @Test func `A finished download asks nothing`() throws {
        let server = try HostileServer([:])
        try folder.write(content, to: "a.part")
        try download(from: server)
        #expect(server.requests.isEmpty)
    }

    @Test func `An empty file can be downloaded`() throws {
        let server = try HostileServer(["/a": .file([])])
        try download(from: server, expecting: 0)
        #expect(try kept() == [])
    }

    @Test func `A server that knows no ranges is asked for the whole`() throws {
        let server = try HostileServer(["/a": .fileIgnoringRange(content)])
        try folder.write([9, 9, 9], to: "a.part")
        try download(from: server)
        #expect(try kept() == content)
        #expect(server.requests.map { $0.header("range") } == ["bytes=3-", nil])
    }

    @Test func `A range that cannot be had starts anew, once`() throws {
        let server = try HostileServer(["/a": .status(416)])
        try folder.write([9, 9, 9], to: "a.part")
        let fault = try fault { try download(from: server) }
        #expect(fault == TransportFault(.httpStatus, found: "416", expected: "200", at: server.url + "a"))
        #expect(server.requests.map { $0.header("range") } == ["bytes=3-", nil])
    }

    @Test func `More on the disk than the file has is thrown away`() throws {
        let server = try HostileServer(["/a": .file(content)])
        try folder.write(content + [0], to: "a.part")
        try download(from: server)
        #expect(try kept() == content)
    }

    @Test func `A planted link in the place of the partial file is not written through`() throws {
        let server = try HostileServer(["/a": .file(content)])
        let victim = try folder.write("mine", to: "victim")
        try storage.replaceLink(at: folder.path("a.part"), target: victim.string)
        try download(from: server)
        #expect(try folder.read("victim") == Array("mine".utf8))
        #expect(try kept() == content)
        #expect(try storage.info(folder.path("a.part"))?.kind == .file)
    }

    @Test(arguments: [
        "bytes 0-299999/300000", "bytes 4-299999/300000", "bytes 3-300000/300001", "bytes 3-299999/300001",
        "bytes 3-2/9", "bytes 3-", "items 3-299999/300000", "bytes */300000", "bytes 3-99999999999999999999/300000", "",
    ])
    func `Bytes of another part are not joined to ours`(range: String) throws {
        let server = try HostileServer([
            "/a": .status(206, headers: range.isEmpty ? [] : ["Content-Range: " + range], body: Array(content[3...]))
        ])
        try folder.write(Array(content.prefix(3)), to: "a.part")
        let fault = try fault { try download(from: server) }
        #expect(fault.code == .unexpectedRange)
        #expect(fault.expected == "bytes 3-299999/300000")
        #expect(fault.family == .refusal)
        #expect(try kept() == Array(content.prefix(3)))
        #expect(server.requests.count == 1)
    }

    @Test func `A shorter part than asked for is kept, and the rest asked for in the next run`() throws {
        let server = try HostileServer([
            "/a": .sequence([
                .status(206, headers: ["Content-Range: bytes 3-9/*"], body: Array(content[3..<10])), .file(content),
            ])
        ])
        try folder.write(Array(content.prefix(3)), to: "a.part")
        let fault = try fault { try download(from: server) }
        #expect(
            fault == TransportFault(.truncated, found: "10 bytes", expected: "300000 bytes", at: server.url + "a"))
        try download(from: server)
        #expect(try kept() == content)
    }

    @Test(arguments: [false, true])
    func `Never more than the expected bytes reach the disk`(isEndless: Bool) throws {
        let server = try HostileServer(["/a": isEndless ? .endless : .file(bytes(300_001))])
        let fault = try fault { try download(from: server) }
        #expect(fault.code == .tooLong)
        #expect(fault.expected == "at most 300000 bytes")
        #expect(try #require(try kept()).count <= content.count)
    }

    @Test func `A part that is longer than it said is refused at its end`() throws {
        let more = Array("HTTP/1.1 206 OK\r\nContent-Range: bytes 3-299999/300000\r\n\r\n".utf8) + content
        let server = try HostileServer(["/a": .raw(more)])
        try folder.write(Array(content.prefix(3)), to: "a.part")
        #expect(try fault { try download(from: server) }.code == .tooLong)
        #expect(try #require(try kept()).count <= content.count)
    }

    @Test func `A file shorter than it should be is no download`() throws {
        let server = try HostileServer(["/a": .file(Array(content.dropLast()))])
        #expect(try fault { try download(from: server) }.code == .truncated)
    }

    @Test func `A stalled download is given up and what came is kept`() throws {
        let server = try HostileServer(["/a": .stall(file: content, after: 1000)])
        #expect(try fault { try download(from: server, client: impatientClient()) }.code == .timedOut)
        #expect(try kept() == Array(content.prefix(1000)))
    }

    @Test func `A download may last as long as its size is worth, not as long as the largest may`() throws {
        var limits = TransportLimits()
        (limits.fetch, limits.slowestAverage) = (.milliseconds(300), content.count + 1)
        // Nothing else would end it before the test does.
        (limits.download, limits.slowFor) = (.seconds(3600), .seconds(3600))
        let server = try HostileServer(["/a": .stall(file: content, after: 1000)])
        let client = try HTTPClient(TransportConfiguration(limits: limits))
        #expect(try fault { try download(from: server, client: client) }.code == .timedOut)
        #expect(try kept() == Array(content.prefix(1000)))
    }

    @Test(arguments: [404, 403, 500])
    func `A file that is not there is a fault, and leaves what was there`(status: Int) throws {
        let server = try HostileServer(["/a": .status(status, body: [1, 2, 3])])
        try folder.write([9], to: "a.part")
        let fault = try fault { try download(from: server) }
        #expect(fault == TransportFault(.httpStatus, found: "\(status)", expected: "206", at: server.url + "a"))
        #expect(try kept() == [9])
    }

    @Test func `A full disk is this machine's fault`() throws {
        let server = try HostileServer(["/a": .file(content)])
        let faulty = try FaultyStorage(.failFrom(1, .full))
        let fault = try #require(throws: StorageFault.self) {
            try download(from: server, storage: faulty.storage)
        }
        #expect(fault.code == .full)
    }

    @Test(arguments: FaultyStorage.Loss.allCases)
    func `Stopped at any effect, the next run completes the file`(loss: FaultyStorage.Loss) throws {
        let server = try HostileServer(["/a": .file(content)])
        let stops = try FaultyStorage.crashAtEveryEffect(losing: loss) { storage, folder in
            try folder.write(Array(content.prefix(10)), to: "b/a.part")
            try HTTPClient().download(
                server.url + "a", to: folder.path("b/a.part"), expectedLength: content.count, storage: storage)
        } afterwards: { folder, _, finished in
            let left = try folder.read("b/a.part") ?? []
            #expect(content.starts(with: left))
            #expect(!finished || left == content)
            try HTTPClient().download(
                server.url + "a", to: folder.path("b/a.part"), expectedLength: content.count, storage: storage)
            #expect(try folder.read("b/a.part") == content)
        }
        #expect(stops == 2)
    }
}

/// Remembers what a progress closure was told.
private final class Log {
    private(set) var values: [Int] = []
    func add(_ value: Int) { values.append(value) }
}
