import CanonicalJSON
import Primitives
import Releases
import Signatures
import TUF

/// Judges what releases hold for people without these tools: the archive's `.minisig`, and `SHA256SUMS`.
///
/// Which root was in force when a release went live is not written anywhere, so a signature by the release key of any
/// root ever published is good; that a release has none is no finding, since there may have been no such key.
struct ReleaseKeyAudit {
    private let keys: [MinisignKey]

    init(roots: [Root], findings: FindingList) {
        var keys: [MinisignKey] = []
        for root in roots {
            do throws(JSONFault) {
                if let key = try root.releaseKey().flatMap({ MinisignKey($0) }), !keys.contains(key) {
                    keys.append(key)
                }
            } catch {
                findings.add(.malformed, found: error.message, at: .metadata(.root, version: root.header.version))
            }
        }
        self.keys = keys
    }

    /// `bytes` is the `SHA256SUMS` of `release`.
    static func judgeSums(_ bytes: [UInt8], of release: ListedRelease, findings: FindingList) {
        guard let target = release.files[.sums] else { return }
        let others = release.files.filter { $0.key != .sums }.map { (name: $0.key, digest: $0.value.sha256) }
        guard bytes != ReleaseSums.encode(others) else { return }
        findings.add(
            .sumsDiffer, found: "other digests or names", expected: "those of the release's files", at: target.stored)
    }

    /// `bytes` is the archive's `.minisig`, which stands at `place`. Nil when it can be no release key's.
    func signature(
        _ bytes: [UInt8], _ manifest: ReleaseManifest, at place: PublishedPath, findings: FindingList
    ) -> ArchiveSignature? {
        do throws(MinisignFault) {
            let signature = try MinisignSignature.decode(bytes)
            guard let key = keys.first(where: { $0.number == signature.keyNumber }) else {
                throw MinisignFault(.otherKey, expected: "a release key that a root names")
            }
            return ArchiveSignature(signature: signature, key: key, comment: manifest.minisigComment, place: place)
        } catch {
            findings.add(.minisigInvalid, found: error.message, at: place)
            return nil
        }
    }
}

/// A `.minisig` that waits for its archive to be read.
struct ArchiveSignature {
    let signature: MinisignSignature
    let key: MinisignKey
    /// What the signer should say of the archive.
    let comment: ByteString
    let place: PublishedPath

    /// - Parameter digest: BLAKE2b-512 of the archive.
    func finding(digest: [UInt8]) -> AuditFinding? {
        do throws(MinisignFault) {
            let found = try signature.verify(digest: digest, by: key)
            guard found != comment else { return nil }
            return AuditFinding(
                .minisigInvalid, found: "\"\(found)\"", expected: "\"\(comment)\"", at: place.description)
        } catch {
            return AuditFinding(.minisigInvalid, found: error.message, at: place.description)
        }
    }
}
