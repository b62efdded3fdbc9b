import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SystemPackage
import TUF
import TestSupport
import Testing
import TransparencyLog

@testable import Updating

/// A product with a log, one instance with a network that makes bundles, and as many without one as a test wants.
struct BundleBench {
    let repository: ReleaseRepository
    var maker: TestInstance
    var now = RepositorySimulator.now

    /// 1.0 is published; the maker is initialised.
    init(hasLog: Bool = true) throws {
        repository = try ReleaseRepository()
        if hasLog { repository.beginLog() }
        try repository.add("1.0", LargeSample.files("1.0"))
        maker = try TestInstance(repository)
        try maker.initialise()
    }

    var log: LogSimulator { repository.log ?? LogSimulator() }

    /// Time passes, for instances and for witnesses.
    mutating func wait(_ seconds: TimeInterval) {
        now += seconds
        maker.now += seconds
        repository.logTime += seconds
    }

    /// An instance that has been set up, and knows nothing else.
    func newInstance(_ change: (inout TestInstance) -> Void = { _ in }) throws -> TestInstance {
        var instance = try TestInstance(repository)
        instance.now = now
        change(&instance)
        try instance.initialise()
        return instance
    }

    /// The same with this release, by a mirror.
    func instance(with version: String) throws -> TestInstance {
        let instance = try newInstance()
        _ = try instance.agent().update(to: try Version(version))
        return instance
    }

    @discardableResult
    func create(_ request: BundleRequest = BundleRequest(), as name: String = "bundle") throws -> FilePath {
        let file = maker.folder.path(name)
        _ = try maker.agent().createBundle(request, to: file)
        repository.requests = []
        return file
    }

    func request(
        _ version: String? = nil, from: [String] = [], isPatchOnly: Bool = false
    ) throws -> BundleRequest {
        BundleRequest(
            version: try version.map { try Version($0) }, from: try from.map { try Version($0) },
            isPatchOnly: isPatchOnly)
    }

    /// Writes changed bytes as a bundle beside the good one.
    func write(_ bytes: [UInt8], as name: String = "changed") throws -> FilePath {
        try maker.folder.write(bytes, to: name)
    }

    func bytes(_ file: FilePath) throws -> [UInt8] { try DurableStorage().read(file, limit: 1 << 26) }
}

extension TestInstance {
    /// Applies a bundle; nobody else is asked.
    @discardableResult
    func apply(
        _ bundle: FilePath, version: String? = nil, now isNow: Bool = false, storage: DurableStorage = DurableStorage(),
        warn: (String) -> Void = { _ in }
    ) throws -> AppliedBundle {
        repository.requests = []
        defer { #expect(repository.requests == [], "an instance without a network asked a mirror") }
        let agent = Agent.offline(
            configuration, try BundleMirror(bundle, storage: storage), storage: storage, now: now,
            agentVersion: try Version("0.1.0"))
        return try agent.apply(try version.map { try Version($0) }, now: isNow, warn: warn)
    }

    /// What a refusal may not change.
    struct Left: Equatable {
        let version: String?
        let trusted: [String: Int]
        let trees: [String]
    }

    func left() throws -> Left {
        Left(version: try wholeVersion(), trusted: try trustedVersions(), trees: try names(in: "prefix/versions"))
    }

    /// A bundle is refused with this code, and leaves everything as it was; the fault.
    @discardableResult
    func refuses(
        _ bundle: FilePath, _ expected: String, version: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> (any ReportableFault)? {
        let before = try left()
        var fault: (any ReportableFault)?
        do { try apply(bundle, version: version) } catch let found as any ReportableFault { fault = found }
        #expect(fault?.codeText == expected, "\(fault?.message ?? "no fault")", sourceLocation: sourceLocation)
        #expect(try left() == before, sourceLocation: sourceLocation)
        return fault
    }
}

/// A tar file as a test wants it, put together from POSIX and not by the module under test.
enum TestTar {
    struct Entry {
        var name: String
        var bytes: [UInt8]
        var type: Character = "0"
        /// In place of the true size, as the header's twelve bytes.
        var size: [UInt8]?
        var owner = "0000000"
        var prefix = ""
        var link = ""
    }

    static func header(_ entry: Entry) -> [UInt8] {
        func field(_ text: String, _ width: Int) -> [UInt8] { field(Array(text.utf8), width) }
        func field(_ bytes: [UInt8], _ width: Int) -> [UInt8] {
            Array(bytes.prefix(width)) + [UInt8](repeating: 0, count: max(0, width - bytes.count))
        }
        func octal(_ number: Int, _ width: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: width - text.count) + text
        }
        let start =
            field(entry.name, 100) + field("0000644", 8) + field(entry.owner, 8) + field("0000000", 8)
            + field(entry.size ?? Array(octal(entry.bytes.count, 11).utf8), 12) + field("00000000000", 12)
        let end =
            field(String(entry.type), 1) + field(entry.link, 100) + field("ustar", 6) + field("00", 2)
            + field("", 80) + field(entry.prefix, 155) + field("", 12)
        let sum = (start + end).reduce(8 * 32) { $0 + Int($1) }
        return start + Array("\(octal(sum, 6))\u{0} ".utf8) + end
    }

    static func encode(_ entries: [Entry]) -> [UInt8] {
        entries.flatMap { header($0) + padded($0.bytes) } + [UInt8](repeating: 0, count: 1024)
    }

    static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }

    /// The first entry of every bundle.
    static func manifest(product: String = "mail-suite", channel: String = "stable", version: String = "1.0") -> Entry {
        let text = """
            {
             "channel": "\(channel)",
             "format": "sceau-bundle/1",
             "product": "\(product)",
             "version": "\(version)"
            }

            """
        return Entry(name: "bundle.json", bytes: Array(text.utf8))
    }

    /// The entries of a bundle, by their names; long names too.
    static func members(of bundle: FilePath) throws -> [(name: String, offset: Int, size: Int)] {
        let file = try BundleFile(bundle)
        return file.names.compactMap { name in
            file.member(name).map { (name.description, $0.offset, $0.size) }
        }
    }
}
