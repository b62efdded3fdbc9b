import Archiving
import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF

extension Auditor {
    /// Every target ever listed: with `full` read and hashed, else as far as it can be seen without reading it.
    /// `release.json` is small and is always read.
    func auditTargets(of ledger: TargetLedger, full: Bool, releaseKeys: ReleaseKeyAudit) throws {
        let releases = ledger.releases
        report.counts.targets = ledger.targets.count
        report.counts.releases = releases.count
        var done: Set<PublishedPath> = []
        for release in releases {
            try audit(release, full: full, releaseKeys, done: &done)
            if findings.isFull { throw AuditEnded() }
        }
        let sizes = full ? nil : fileSizes()
        for target in ledger.targets where !done.contains(target.stored) {
            if full { try hash(target) } else if let sizes { checkSize(target, sizes) }
            if findings.isFull { throw AuditEnded() }
        }
    }

    private func audit(
        _ release: ListedRelease, full: Bool, _ releaseKeys: ReleaseKeyAudit, done: inout Set<PublishedPath>
    ) throws {
        ReleaseAudit.judgeCompleteness(release, findings: findings)
        var manifest: ReleaseManifest?
        if let target = release.manifest {
            done.insert(target.stored)
            if let bytes = try load(target, limit: ReleaseLimits.manifestBytes) {
                manifest = ReleaseAudit.judgeManifest(bytes, of: release, findings: findings)
            }
        }
        guard full else { return }
        let signature = try auditWithoutSceau(release, manifest, releaseKeys, done: &done)
        guard let target = release.listing else { return }
        done.insert(target.stored)
        guard let bytes = try load(target, limit: limits.tree.listingBytes),
            let listing = ReleaseAudit.judgeListing(
                bytes, of: release, manifest: manifest, limits: limits.tree, findings: findings),
            let archive = release.archive
        else { return }
        done.insert(archive.stored)
        try hash(archive, against: listing, signature)
    }

    /// Returns the archive's signature, which is judged when the archive is read.
    private func auditWithoutSceau(
        _ release: ListedRelease, _ manifest: ReleaseManifest?, _ releaseKeys: ReleaseKeyAudit,
        done: inout Set<PublishedPath>
    ) throws -> ArchiveSignature? {
        guard let manifest else { return nil }
        if manifest.hasSums, let target = release.files[.sums] {
            done.insert(target.stored)
            if let bytes = try load(target, limit: ReleaseLimits.manifestBytes) {
                ReleaseKeyAudit.judgeSums(bytes, of: release, findings: findings)
            }
        }
        guard manifest.hasMinisig, let target = release.files[manifest.minisigFile] else { return nil }
        done.insert(target.stored)
        guard let bytes = try load(target, limit: MinisignSignature.byteLimit) else { return nil }
        return releaseKeys.signature(bytes, manifest, at: target.stored, findings: findings)
    }

    // MARK: content

    /// A small target, whole, checked against its digest; nil when something is wrong with it.
    private func load(_ target: ListedTarget, limit: Int) throws -> [UInt8]? {
        guard target.file.length <= limit else {
            findings.add(
                .tooLong, found: "\(target.file.length) bytes", expected: "at most \(limit)", at: target.stored)
            return nil
        }
        let source = source
        let answer = try attempt(target.stored) {
            // One byte more than listed, so that a longer file is seen to be longer.
            try source.read(target.stored, limit: limit + 1)
        }
        guard let answer else { return nil }
        guard let bytes = answer else {
            addMissing(.missing, expected: "as listed in \(target.listedBy)", at: target.stored)
            return nil
        }
        countTarget(bytes: bytes.count)
        do { try target.file.facts.check(bytes, at: "") } catch {
            findings.add(AuditFinding(error, at: target.stored))
            return nil
        }
        return bytes
    }

    /// Reads a target from end to end, however large, in little memory. With `listing`, it is an archive, and what it
    /// holds is compared in the same pass; then its signature.
    private func hash(
        _ target: ListedTarget, against listing: TreeListing? = nil, _ signature: ArchiveSignature? = nil
    ) throws {
        guard target.file.length <= limits.targetBytes else {
            findings.add(
                .limitReached, found: "\(target.file.length) bytes", expected: "at most \(limits.targetBytes)",
                at: target.stored)
            return
        }
        let (source, archives) = (source, archives)
        var found = TargetFindings()
        let isThere = try attempt(target.stored) {
            try source.withFile(target.stored, length: target.file.length) { file in
                try found.check(file, is: target, listing, archives)
                if let signature { try found.check(file, signature) }
            }
        }
        guard let isThere else { return }
        if isThere {
            countTarget(bytes: found.length)
        } else {
            addMissing(.missing, expected: "as listed in \(target.listedBy)", at: target.stored)
        }
        for finding in found.findings { findings.add(finding) }
    }

    // MARK: presence

    private func fileSizes() -> [ByteString: Int]? {
        guard let entries = source.entries else { return nil }
        var sizes: [ByteString: Int] = [:]
        for entry in entries {
            if case .file(let size) = entry.kind { sizes[entry.path] = size }
        }
        return sizes
    }

    private func checkSize(_ target: ListedTarget, _ sizes: [ByteString: Int]) {
        guard let size = sizes[target.stored.text] else {
            addMissing(.missing, expected: "as listed in \(target.listedBy)", at: target.stored)
            return
        }
        guard size != target.file.length else { return }
        findings.add(
            .wrongLength, found: "\(size) bytes", expected: "\(target.file.length) bytes", at: target.stored)
    }
}

/// What is wrong with the content of one target.
private struct TargetFindings {
    var findings: [AuditFinding] = []
    /// Bytes read.
    var length = 0

    /// Length first: a file of another length need not be read to be known as wrong.
    mutating func check(
        _ file: FilePath, is target: ListedTarget, _ listing: TreeListing?, _ archives: any ArchiveChecker
    ) throws {
        if let size = try DurableStorage().info(file)?.size, size != target.file.length {
            add(.wrongLength, found: "\(size) bytes", expected: "\(target.file.length) bytes", target)
            return
        }
        if let listing { try check(file, target, listing, archives) } else { try hash(file, target, .sha256) }
        if target.file.facts.hashes["sha512"] != nil { try hash(file, target, .sha512) }
        length = target.file.length
    }

    /// Only of an archive that is the one listed: one lie, one finding.
    mutating func check(_ file: FilePath, _ signature: ArchiveSignature) throws {
        guard findings.isEmpty else { return }
        let hasher = BLAKE2bHasher()
        try ReadableFile(file).forEachChunk { hasher.update($0) }
        if let finding = signature.finding(digest: hasher.finish()) { findings.append(finding) }
    }

    private mutating func hash(_ file: FilePath, _ target: ListedTarget, _ algorithm: HashAlgorithm) throws {
        let digest = MessageDigest(algorithm)
        try ReadableFile(file).forEachChunk { digest.update($0) }
        let found = Hex.encode(digest.finish())
        guard let expected = target.file.facts.hashes[ByteString(algorithm.rawValue)], ByteString(found) != expected
        else { return }
        add(.wrongHash, found: "\(algorithm.rawValue) \(found)", expected: "\(expected)", target)
    }

    /// A refusal is a finding; faults of this machine are the caller's.
    private mutating func check(
        _ file: FilePath, _ target: ListedTarget, _ listing: TreeListing, _ archives: any ArchiveChecker
    ) throws {
        do {
            try archives.check(file, expectedDigest: target.sha256, listing: listing)
        } catch let fault as ArchiveFault where fault.code == .wrongDigest {
            add(.wrongHash, found: fault.found ?? "another", expected: target.sha256.hex, target)
        } catch let fault as ArchiveFault where fault.family == .refusal {
            add(.archiveDiffers, found: fault.message, expected: nil, target)
        } catch let fault as any ReportableFault where fault.family == .refusal {
            add(.archiveRefused, found: fault.message, expected: nil, target)
        }
    }

    private mutating func add(_ code: AuditFindingCode, found: String, expected: String?, _ target: ListedTarget) {
        findings.append(AuditFinding(code, found: found, expected: expected, at: target.stored.description))
    }
}
