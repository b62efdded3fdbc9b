import FoundationEssentials
import Primitives
import Signatures
import TUF
import TransparencyLog

/// The way from the given root to the newest one, as an instance goes it: each root signed by the one before, and public
/// under its policy.
struct FollowedRoots {
    private(set) var trusted: TrustedMetadataSet
    private(set) var newestBytes: [UInt8]
    private var gate: RootGate
    private let now: Date
    private let limits: AuditLimits
    private var givenFault: Alarm?

    /// The newest policy that a root names. After a root that names none, it is all there is to follow.
    var policy: WitnessPolicy? { gate.asked }

    /// Policies of earlier roots that are still asked for.
    var older: [PolicyInForce] { gate.older }

    /// Throws `MetadataFault` when what is given is no root.
    init(givenRoot: [UInt8], now: Date, limits: AuditLimits) throws {
        trusted = try TrustedMetadataSet(trustedRoot: givenRoot, referenceTime: now, limits: limits.metadata)
        newestBytes = givenRoot
        self.now = now
        self.limits = limits
        let (policy, fault) = Self.policy(of: trusted.root)
        givenFault = fault
        gate = RootGate(from: policy, now: now)
    }

    /// Follows all roots there are; what is wrong with one ends it. Gives back the alarms.
    mutating func follow(
        maximum: Int, read: (PublishedPath, Int) throws -> [UInt8]?
    ) throws -> [Alarm] {
        var alarms = [givenFault].compactMap(\.self)
        for _ in 0..<maximum {
            let version = trusted.root.version + 1
            let path = PublishedPath.metadata(.root, version: version)
            guard let bytes = try read(path, limits.metadata.rootLength) else { break }
            do { try trusted.updateRoot(bytes) } catch {
                alarms.append(Alarm(.badMetadata, about: "root \(version)", found: error.message, at: path.description))
                break
            }
            newestBytes = bytes
            let (next, fault) = Self.policy(of: trusted.root)
            if let fault { alarms.append(fault) }
            let proofPath = PublishedPath.log(TlogProof.path(of: .sha256(of: bytes)))
            let proof = try policy.flatMap { _ in try read(proofPath, TlogProof.byteLimit) }
            alarms += pass(bytes, version, to: next, proof)
        }
        do { try trusted.checkRoot() } catch {
            let version = trusted.root.version
            alarms.append(Alarm(.badMetadata, about: "root \(version)", found: error.message, at: "root"))
        }
        return alarms
    }

    private mutating func pass(
        _ bytes: [UInt8], _ version: Int, to next: WitnessPolicy?, _ proof: [UInt8]?
    ) -> [Alarm] {
        let path = PublishedPath.metadata(.root, version: version).description
        var alarms: [Alarm] = []
        let former = policy
        do { try gate.pass(bytes, version: version, naming: next, proof: proof) } catch {
            alarms.append(Alarm(.rootNotPublic, about: "root \(version)", found: error.message, at: path))
        }
        guard let old = former, next?.isWeaker(than: old) ?? true else { return alarms }
        let what = next == nil ? "no policy at all" : "a weaker policy"
        alarms.append(
            Alarm(.weakerPolicy, about: "root \(version)", found: "\(what)\(countdown(for: old))", at: path))
        return alarms
    }

    /// How long instances still ask for the old policy.
    private func countdown(for old: WitnessPolicy) -> String {
        guard let until = gate.older.last(where: { $0.policy == old })?.until else { return "" }
        let time = UTCTime.encode(until)
        guard until > now else { return ", in force since \(time)" }
        let days = Int((until.timeIntervalSince(now) / 86_400).rounded(.up))
        return ", in force from \(time), \(Counted.text(days, "public day")) left"
    }

    private static func policy(of root: Verified<Root>) -> (WitnessPolicy?, Alarm?) {
        do { return (try root.content.witnessPolicy.map { text in try WitnessPolicy(decoding: text) }, nil) } catch {
            let message = (error as? any ReportableFault)?.message
            let path = PublishedPath.metadata(.root, version: root.version).description
            return (nil, Alarm(.badMetadata, about: "policy of root \(root.version)", found: message, at: path))
        }
    }
}
