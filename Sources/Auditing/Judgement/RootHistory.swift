import Primitives
import TUF

/// All roots ever published, judged as a chain: each signed by its own keyholders and by those of the one before.
///
/// The auditor's own root may be later than the first. Older ones are judged by the same rule, so the whole chain hangs
/// together, but nothing before the given root is proved by it. A broken link is reported once, and the chain goes on
/// with the root after it: what follows is judged by the roots it claims to be under, not reported again file by file.
package struct RootHistory: Sendable {
    /// In order of versions: those that bear their own threshold of signatures.
    package private(set) var roots: [Root] = []
    package private(set) var signatures = 0
    private var predecessor: Root?
    private let limits: MetadataLimits

    package init(limits: MetadataLimits) {
        self.limits = limits
    }

    /// Judges the root published as `version`; to be called in order of versions.
    package mutating func add(_ bytes: [UInt8], version: Int, findings: FindingList) {
        let path = PublishedPath.metadata(.root, version: version)
        let older = predecessor
        predecessor = nil
        do {
            let candidate = try UnverifiedMetadata<Root>(decoding: bytes, role: .root, limits: limits)
            guard candidate.content.header.version == version else {
                findings.add(
                    .wrongVersion, found: "\(candidate.content.header.version)", expected: "\(version)", at: path)
                return
            }
            let signers = candidate.content.signers(of: .root)
            let verified = try signers.verify(candidate)
            signatures += signers.threshold
            if let older { checkLink(candidate, from: older, at: path, findings) }
            if !verified.content.consistentSnapshot { findings.add(.notConsistent, at: path) }
            roots.append(verified.content)
            predecessor = verified.content
        } catch {
            findings.add(AuditFinding(error, at: path))
        }
    }

    /// A version that is not there: the next root has no predecessor to be checked against.
    package mutating func addMissing() {
        predecessor = nil
    }

    private mutating func checkLink(
        _ candidate: UnverifiedMetadata<Root>, from older: Root, at path: PublishedPath, _ findings: FindingList
    ) {
        let signers = older.signers(of: .root)
        do {
            _ = try signers.verify(candidate)
            signatures += signers.threshold
        } catch {
            findings.add(.rootChainBroken, found: error.found, expected: error.expected, at: path)
        }
    }
}
