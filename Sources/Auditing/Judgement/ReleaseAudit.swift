import CanonicalJSON
import Primitives
import Releases
import Signatures
import TUF

/// Judges one release: what `release.json` says against the metadata that lists its files, and against the listing.
package enum ReleaseAudit {
    /// Decodes the published `release.json` and compares it with everything the metadata says of the release.
    ///
    /// - Returns: the manifest, when it could be decoded.
    package static func judgeManifest(
        _ bytes: [UInt8], of release: ListedRelease, findings: FindingList
    ) -> ReleaseManifest? {
        guard let target = release.manifest else { return nil }
        let manifest: ReleaseManifest
        do { manifest = try ReleaseManifest.decode(bytes) } catch {
            let message = (error as? any ReportableFault)?.message
            findings.add(.manifestMalformed, found: message, at: target.stored)
            return nil
        }
        var comparison = Comparison(place: target.stored)
        comparison.check("product", manifest.product, release.paths.product)
        comparison.check("channel", manifest.channel, release.paths.channel)
        comparison.check("version", manifest.version, release.version)
        checkFacts(manifest, target, release.version, &comparison)
        if let archive = release.archive {
            comparison.check("archive.sha256", manifest.archive.sha256, archive.sha256)
            comparison.check("archive.bytes", manifest.archive.bytes, archive.file.length)
        }
        if let listing = release.listing {
            comparison.check("tree.sha256", manifest.tree.sha256, listing.sha256)
        }
        for patch in manifest.patches {
            guard let listed = release.files[patch.file] else { continue }
            comparison.check("patch \(patch.file) sha256", patch.sha256, listed.sha256)
            comparison.check("patch \(patch.file) bytes", patch.bytes, listed.file.length)
        }
        for finding in comparison.findings { findings.add(finding) }
        // A manifest of another release names other files: one lie, one finding.
        if manifest.product == release.paths.product, manifest.version == release.version {
            checkFiles(manifest, release, findings)
        }
        return manifest
    }

    /// Compares the decoded listing with the counts in `release.json`.
    package static func judgeListing(
        _ bytes: [UInt8], of release: ListedRelease, manifest: ReleaseManifest?, limits: TreeLimits,
        findings: FindingList
    ) -> TreeListing? {
        guard let target = release.listing else { return nil }
        do {
            let listing = try TreeListing.decode(bytes, limits: limits)
            if let manifest, let place = release.manifest?.stored {
                var comparison = Comparison(place: place)
                comparison.check("tree.files", manifest.tree.files, listing.fileCount)
                comparison.check("tree.bytes", manifest.tree.bytes, listing.totalBytes)
                checkInstall(manifest, listing, &comparison)
                for finding in comparison.findings { findings.add(finding) }
            }
            return listing
        } catch {
            findings.add(.listingMalformed, found: error.message, at: target.stored)
            return nil
        }
    }

    /// A release without `release.json`, listing or archive cannot be installed by anybody.
    package static func judgeCompleteness(_ release: ListedRelease, findings: FindingList) {
        guard release.manifest == nil else { return }
        findings.add(
            .releaseIncomplete, expected: "release.json",
            at: .target(release.paths.manifest(release.version)))
    }

    private static func checkFacts(
        _ manifest: ReleaseManifest, _ target: ListedTarget, _ version: Version, _ comparison: inout Comparison
    ) {
        guard let custom = target.file.custom, let facts = try? ReleaseFacts.decode(.object(custom)) else {
            comparison.add("custom", found: "none that can be read", expected: "version, severity and time")
            return
        }
        comparison.check("version in custom", facts.version, version)
        comparison.check("severity", manifest.severity, facts.severity)
        comparison.check("time", UTCTime.encode(manifest.time), UTCTime.encode(facts.time))
        comparison.check("update_from", named(manifest.updateFrom?.text), named(facts.updateFrom?.text))
        let rollouts = [manifest.rollout, facts.rollout].map { $0.map { ByteString($0.json.lineEncoding) } }
        comparison.check("rollout", named(rollouts[0]), named(rollouts[1]))
    }

    private static func named(_ value: ByteString?) -> String { value?.description ?? "not given" }

    /// What the release wants done around the switch, against its own tree.
    private static func checkInstall(
        _ manifest: ReleaseManifest, _ listing: TreeListing, _ comparison: inout Comparison
    ) {
        do throws(ReleaseFault) { try manifest.install.check(fits: listing) } catch {
            comparison.add("install: \(error.location ?? "")", found: error.found ?? "", expected: error.expected ?? "")
        }
    }

    private static func checkFiles(
        _ manifest: ReleaseManifest, _ release: ListedRelease, _ findings: FindingList
    ) {
        guard let place = release.manifest?.stored else { return }
        let named = Set(manifest.files)
        for file in named.subtracting(release.files.keys).sorted() {
            findings.add(
                .releaseIncomplete, expected: "\(file), as release.json says",
                at: .target(release.paths.target(release.version, file)))
        }
        for file in Set(release.files.keys).subtracting(named).sorted() {
            findings.add(
                .manifestDisagrees, found: "no word of \(file)", expected: "every file of the release", at: place)
        }
    }

    /// Collects what is different between two accounts of one release.
    private struct Comparison {
        let place: PublishedPath
        var findings: [AuditFinding] = []

        init(place: PublishedPath) {
            self.place = place
        }

        mutating func check<Value: Equatable>(_ what: String, _ found: Value, _ expected: Value) {
            if found != expected { add(what, found: "\(found)", expected: "\(expected)") }
        }

        mutating func add(_ what: String, found: String, expected: String) {
            findings.append(
                AuditFinding(
                    .manifestDisagrees, found: "\(what) \(found)", expected: expected, at: place.description))
        }
    }
}
