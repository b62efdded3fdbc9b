import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF
import TestSupport
import Testing
import TransparencyLog

@testable import Updating

/// An instance of a product with a log: 1.0 is installed, and the log is known up to there.
struct LoggedInstance {
    let repository: ReleaseRepository
    var instance: TestInstance

    var log: LogSimulator {
        get { repository.log ?? LogSimulator() }
        nonmutating set { repository.log = newValue }
    }

    init(quorum: Int = 2, witnesses: Int = 3) throws {
        repository = try ReleaseRepository()
        repository.beginLog(quorum: quorum, of: LogSimulator(witnesses: witnesses))
        try repository.add("1.0", Sample.first)
        instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        repository.requests = []
    }

    /// Time passes, for the instance and for the witnesses.
    mutating func wait(_ seconds: TimeInterval) {
        instance.now += seconds
        repository.logTime += seconds
    }

    /// Publishes 1.1 with all signatures there have to be, and logs nothing of it.
    func publishSecretly() throws {
        repository.isLogging = false
        try repository.add("1.1", Sample.second)
        repository.isLogging = true
    }

    // MARK: what is left

    struct Left: Equatable {
        let version: String?
        let trusted: [String: Int]
        let log: [UInt8]?
        let trees: [String]
    }

    func left() throws -> Left {
        Left(
            version: try instance.wholeVersion(), trusted: try instance.trustedVersions(),
            log: try instance.folder.read("state/log/state"), trees: try instance.names(in: "prefix/versions"))
    }

    /// An update is refused with this code and leaves everything as it was; the fault.
    @discardableResult
    func refusesUpdate(
        _ code: String, accepting: Digest? = nil, remembering: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> (any ReportableFault)? {
        let before = try left()
        repository.requests = []
        var found: (any ReportableFault)?
        do { _ = try instance.agent().update(accepting: accepting) } catch let fault as any ReportableFault {
            found = fault
        }
        #expect(found?.codeText == code, "\(found.map { "\($0)" } ?? "no fault")", sourceLocation: sourceLocation)
        let after = try left()
        #expect(after.version == "1.0", sourceLocation: sourceLocation)
        #expect(after.trees == before.trees, sourceLocation: sourceLocation)
        #expect(after.trusted == before.trusted, sourceLocation: sourceLocation)
        #expect((after.log == before.log) != remembering, sourceLocation: sourceLocation)
        #expect(!repository.requests.contains { $0.hasPrefix("targets/") }, sourceLocation: sourceLocation)
        #expect(try instance.agent().status().lastError?.code == code, sourceLocation: sourceLocation)
        return found
    }

    /// An update goes through, to this version.
    func updates(
        to version: String = "1.1", accepting: Digest? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        _ = try instance.agent().update(accepting: accepting)
        #expect(try instance.wholeVersion() == version, sourceLocation: sourceLocation)
    }

    /// The fingerprint a refusal shows.
    func fingerprint(in fault: (any ReportableFault)?) throws -> Digest {
        let words = (fault?.hint ?? "").split { $0 == " " || $0 == "," }.map(String.init)
        let digest = try #require(words.compactMap { Digest(hex: ByteString($0)) }.first)
        #expect(words.contains { $0.contains("-") && Fingerprint.decode($0) == digest })
        return digest
    }
}
