import CanonicalJSON
import Primitives
import Releases
import Signatures
import TUF

/// What the metadata of one channel's role says: its releases, and where their files are.
struct Channel {
    let paths: ReleasePaths
    let metadata: Verified<Targets>
    /// The signed facts of every release, by which one is chosen.
    let releases: [ReleaseFacts]

    /// Reads the facts of every `release.json`. Path and facts must agree: of two that do not, one is a lie.
    init(_ metadata: Verified<Targets>, paths: ReleasePaths) throws {
        self.paths = paths
        self.metadata = metadata
        releases = try metadata.content.targets
            .filter { $0.key.bytes.suffix(Self.manifestEnding.count).elementsEqual(Self.manifestEnding) }
            .sorted { $0.key < $1.key }
            .map { try Self.facts(of: $0.value, at: $0.key, paths) }
    }

    private static let manifestEnding = Array("/\(ReleaseFileName.manifest)".utf8)

    private static func facts(
        of target: TargetFile, at path: ByteString, _ paths: ReleasePaths
    ) throws -> ReleaseFacts {
        guard let version = paths.split(path)?.version else {
            throw AgentFault(
                .contradictoryRelease, found: "target \(path)", expected: "only \(paths.pattern)",
                at: "role \(paths.role)")
        }
        let facts: ReleaseFacts
        do { facts = try ReleaseFacts.decode(.object(target.custom ?? JSONObject()), at: "custom of \(path)") } catch {
            let found = (error as? any ReportableFault)?.message
            throw AgentFault(.contradictoryRelease, found: found, at: "target \(path)")
        }
        guard facts.version == version else {
            throw AgentFault(
                .contradictoryRelease, found: "version \(facts.version)", expected: "\(version)",
                at: "custom of \(path)")
        }
        return facts
    }

    /// One file of a release as it is listed.
    func target(_ version: Version, _ file: ReleaseFileName) throws -> SignedTarget {
        let path = paths.target(version, file)
        guard let target = metadata.content.targets[path] else {
            throw AgentFault(.missingTarget, expected: "\(path)", at: "role \(metadata.role)")
        }
        guard target.facts.sha256 != nil else {
            throw AgentFault(.missingTarget, expected: "a SHA-256", at: "target \(path)")
        }
        return try SignedTarget(path: path, target)
    }
}
