import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SystemPackage
import TUF
import TransparencyLog
import UpdatePlan

/// What came of applying a bundle.
package struct AppliedBundle: Sendable {
    package let bundle: BundleManifest
    package let update: UpdateReport
    package let age: RepositoryAge
    /// Why it may be too old, in words; nil when it is not.
    package let warning: String?
    /// The release has to wait for longer than this bundle is good for: waiting will not do.
    package let isNewerNeeded: Bool
    private let ageJSON: JSONValue

    init(_ bundle: BundleManifest, _ update: UpdateReport, _ age: RepositoryAge, now: Date, freshness: Int) {
        (self.bundle, self.update, self.age) = (bundle, update, age)
        warning = age.warning(now: now, freshness: freshness)
        isNewerNeeded = Self.isTooOld(for: update.held, age, freshness)
        ageJSON = age.json(now: now, freshness: freshness)
    }

    private static func isTooOld(for held: HeldRelease?, _ age: RepositoryAge, _ freshness: Int) -> Bool {
        guard let held, held.waiting.reason == .holdBack, let until = held.until else { return false }
        return age.ends(before: until, freshness: freshness)
    }

    package var json: JSONObject {
        var object = update.json
        object["bundle"] = [
            "version": .string(bundle.version.text), "age": ageJSON, "newer_needed": .bool(isNewerNeeded),
        ]
        return object
    }
}

extension Agent {
    /// An agent that asks nobody but `bundle`. Only such a one may `apply`, and only to it old metadata is no refusal.
    /// With `workers`, trees are built in a process of their own.
    package static func offline(
        _ configuration: AgentConfiguration, _ bundle: BundleMirror, storage: DurableStorage, now: Date,
        agentVersion: Version, workers: AgentWorkers? = nil,
        progress: @escaping (AgentProgress) -> Void = { _ in }
    ) -> Agent {
        var ports = AgentPorts(
            storage: storage, now: now, bundle: bundle, agentVersion: agentVersion, progress: progress)
        if let workers { ports.confineBuilding(workers, configuration) }
        return Agent(configuration, ports: ports)
    }

    /// An update from the bundle: the same verification, the same run.
    ///
    /// - Parameters:
    ///   - version: the release that was asked for by name, also one that is not the newest its metadata offers; nil for
    ///     the newest.
    ///   - isNow: window and rollout do not count.
    ///   - warn: told that the bundle is old, before anything is installed.
    package func apply(
        _ version: Version? = nil, now isNow: Bool = false, warn: (String) -> Void = { _ in }
    ) throws -> AppliedBundle {
        guard let mirror = ports.mirrors.first as? BundleMirror, ports.freshness == .warned else {
            throw BundleFault(.incomplete, expected: "a bundle")
        }
        let bundle = mirror.manifest
        try checkMeant(bundle, mirror.name)
        let (now, freshness) = (ports.now, configuration.log.freshness)
        return try withoutActuallyEscaping(warn) { warn in
            let seen = SeenAge()
            var ports = ports
            ports.reportAge = { age in
                if seen.age == nil, let warning = age.warning(now: now, freshness: freshness) { warn(warning) }
                seen.age = age
            }
            let agent = Agent(configuration, ports: ports)
            do {
                let update =
                    if let version {
                        try agent.update(to: version, now: isNow)
                    } else { try agent.updateToNewest(in: bundle, isNow: isNow, mirror.name) }
                let age = seen.age ?? RepositoryAge(expiredSince: nil, cosignedAt: nil)
                return AppliedBundle(bundle, update, age, now: now, freshness: freshness)
            } catch let fault as any ReportableFault { throw BundledFault(fault) }
        }
    }

    private func checkMeant(_ bundle: BundleManifest, _ place: String) throws {
        guard bundle.product == configuration.product, bundle.channel == configuration.channel else {
            throw BundleFault(
                .otherChannel, found: "\(bundle.product), channel \(bundle.channel)",
                expected: "\(configuration.product), channel \(configuration.channel)", at: place)
        }
    }

    /// The release that `update` would install must be the one in the bundle: what `bundle.json` says is not signed, and
    /// must not lead to an older release unasked. Nor is an older one looked for while that one has to wait: it is not here.
    private func updateToNewest(in bundle: BundleManifest, isNow: Bool, _ place: String) throws -> UpdateReport {
        let check = try check()
        if let newest = check.held?.release.version ?? check.available?.version, newest != bundle.version {
            throw BundleFault(
                .otherRelease, found: "\(bundle.version)", expected: "\(newest), which its metadata offers", at: place)
        }
        guard let held = check.held, !held.waiting.isReady, !(isNow && held.waiting.reason.givesWayToNow) else {
            return try update(now: isNow)
        }
        return UpdateReport(
            before: check.installed?.version, installed: check.installed, release: nil, delivery: nil,
            patchRefusal: nil, held: held, troubles: [], missingShared: [], accepted: nil,
            withdrawn: check.withdrawn, complaints: check.complaints)
    }
}

extension WaitReason {
    /// As in `UpdateRules.waiting(before:heldBackUntil:)`.
    fileprivate var givesWayToNow: Bool { self == .rollout }
}

private final class SeenAge {
    var age: RepositoryAge?
}

/// The same fault, with advice for somebody who has a bundle and no mirror.
private struct BundledFault: ReportableFault, CustomStringConvertible {
    private let fault: any ReportableFault
    let hint: String?

    init(_ fault: any ReportableFault) {
        self.fault = fault
        hint = Self.advice(fault) ?? fault.hint
    }

    var codeText: String { fault.codeText }
    var family: FaultFamily { fault.family }
    var message: String { fault.message }
    var found: String? { fault.found }
    var expected: String? { fault.expected }
    var description: String { "[\(codeText)] \(message)" }

    private static let older = "this bundle is older than what this instance knows already; bring a newer one"
    private static let anew =
        "nothing of this bundle was used; get it anew, best from somebody else, and tell whoever gave it"

    private static func advice(_ fault: any ReportableFault) -> String? {
        switch fault {
        case let fault as MetadataFault:
            switch fault.code {
            case .rollback, .roleRemoved: older
            case .expired: "keyholders have to sign anew at times: bring a newer bundle; check this machine's clock too"
            case .misuse, .unsupportedVersion: nil
            default: anew
            }
        case let fault as LogFault:
            switch fault.code {
            case .shrunk, .underWay, .withheld: older
            case .fork, .secondContent, .clockBehind, .noPolicy: nil
            default: anew
            }
        case let fault as AgentFault:
            switch fault.code {
            case .wrongHash, .targetUnavailable, .missingTarget: anew
            default: nil
            }
        default: nil
        }
    }
}
