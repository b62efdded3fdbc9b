import Primitives
import TUF

/// One thing that is not as it should be in what was published, or that kept the audit from being complete.
///
/// `location` is the published path, such as `metadata/3.snapshot.json`. Codes of family `refusal` accuse the
/// publication; the others only say that something could not be checked.
package typealias AuditFinding = Fault<AuditFindingCode>

/// What an audit can find. Codes are stable: scripts and tests match on them.
package enum AuditFindingCode: String, FaultCode, CaseIterable {
    // Metadata
    case wrongRoot = "audit/wrong-root"
    case rootChainBroken = "audit/root-chain-broken"
    case thresholdNotMet = "audit/threshold-not-met"
    case duplicateKeyID = "audit/duplicate-keyid"
    case malformed = "audit/malformed"
    case wrongVersion = "audit/wrong-version"
    case versionGap = "audit/version-gap"
    case roleRemoved = "audit/role-removed"
    case roleLowered = "audit/role-lowered"
    case roleNotInSnapshot = "audit/role-not-in-snapshot"
    case notDelegated = "audit/not-delegated"
    case timestampNotNewest = "audit/timestamp-not-newest"
    case expired = "audit/expired"
    case notConsistent = "audit/not-consistent-snapshot"
    // Any file
    case missing = "audit/missing"
    case wrongLength = "audit/wrong-length"
    case wrongHash = "audit/wrong-hash"
    case unknownHash = "audit/unknown-hash"
    case tooLong = "audit/too-long"
    case twoContents = "audit/two-contents"
    case orphan = "audit/orphan"
    case hiddenFile = "audit/hidden-file"
    case notARegularFile = "audit/not-a-regular-file"
    // Releases
    case outsideDelegation = "audit/target-outside-delegation"
    case manifestMalformed = "audit/manifest-malformed"
    case manifestDisagrees = "audit/manifest-disagrees"
    case releaseIncomplete = "audit/release-incomplete"
    case listingMalformed = "audit/listing-malformed"
    case archiveRefused = "audit/archive-refused"
    case archiveDiffers = "audit/archive-differs"
    case minisigInvalid = "audit/minisig-invalid"
    case sumsDiffer = "audit/sums-differ"
    // The log
    case policyInvalid = "audit/policy-invalid"
    case policyDropped = "audit/policy-dropped"
    case logMissing = "audit/log-missing"
    case checkpointInvalid = "audit/checkpoint-invalid"
    case logMalformed = "audit/log-malformed"
    case logRuleBroken = "audit/log-rule-broken"
    case logRootDiffers = "audit/log-root-differs"
    case tileDiffers = "audit/tile-differs"
    case proofInvalid = "audit/proof-invalid"
    case logForked = "audit/log-forked"
    case unlogged = "audit/unlogged"
    case loggedNotPublished = "audit/logged-not-published"
    case loggedOtherContent = "audit/logged-other-content"
    // Worth knowing, and nothing wrong: notes, never among the findings
    case noTransparency = "audit/no-transparency"
    case policyWeakened = "audit/policy-weakened"
    case logBegunLate = "audit/log-begun-late"
    case logAbandoned = "audit/log-abandoned"
    // What could not be checked
    case unreadable = "audit/unreadable"
    case unreachable = "audit/unreachable"
    case limitReached = "audit/limit-reached"

    package var family: FaultFamily {
        switch self {
        case .unreachable: .transport
        case .unreadable, .limitReached: .local
        default: .refusal
        }
    }

    package var summary: String {
        switch self {
        case .wrongRoot: "the published root is not the given one"
        case .rootChainBroken: "a root is not signed by its predecessor's keyholders"
        case .thresholdNotMet: "not enough valid signatures"
        case .duplicateKeyID: "a keyid occurs twice"
        case .malformed: "malformed metadata"
        case .wrongVersion: "metadata holds another version than its name says"
        case .versionGap: "a version of metadata is missing from its sequence"
        case .roleRemoved: "a snapshot leaves out a role that an earlier one lists"
        case .roleLowered: "a snapshot lists an older version than an earlier one"
        case .roleNotInSnapshot: "a role is not listed in the snapshot"
        case .notDelegated: "a snapshot lists metadata that nobody delegates to"
        case .timestampNotNewest: "the timestamp does not name the newest snapshot"
        case .expired: "the newest metadata of a role has expired"
        case .notConsistent: "the root does not promise consistent snapshots, so there is no history to check"
        case .missing: "a file that metadata names is not there"
        case .wrongLength: "wrong length"
        case .wrongHash: "wrong hash"
        case .unknownHash: "no SHA-256 is given"
        case .tooLong: "longer than it may be"
        case .twoContents: "two different contents were signed under one name"
        case .orphan: "a file that no metadata names"
        case .hiddenFile: "a hidden file"
        case .notARegularFile: "neither a regular file nor a folder"
        case .outsideDelegation: "a role lists a target that is not delegated to it"
        case .manifestMalformed: "malformed release.json"
        case .manifestDisagrees: "release.json does not agree with what is published"
        case .releaseIncomplete: "a release lacks a file"
        case .listingMalformed: "malformed tree listing"
        case .archiveRefused: "the archive cannot be unpacked safely"
        case .archiveDiffers: "the archive does not hold what the listing says"
        case .minisigInvalid: "the archive's .minisig does not verify"
        case .sumsDiffer: "SHA256SUMS does not agree with what is published"
        case .policyInvalid: "a root names a witness policy that cannot be read"
        case .policyDropped: "the newest root names no witness policy, and an earlier one did"
        case .logMissing: "root names a log, and there is none"
        case .checkpointInvalid: "the log's checkpoint is not valid under the policy of the newest root"
        case .logMalformed: "the log holds something malformed"
        case .logRuleBroken: "an entry breaks the rules of the log"
        case .logRootDiffers: "the entries of the log do not make the tree that its checkpoint promises"
        case .tileDiffers: "a file of the log does not hold what the entries make"
        case .proofInvalid: "the proof of a log entry does not hold"
        case .logForked: "a cosigned checkpoint of this log is of another tree"
        case .unlogged: "published, and not in the log"
        case .loggedNotPublished: "in the log, and not published"
        case .loggedOtherContent: "published with another content than in the log"
        case .noTransparency: "no transparency: root names no log and no witnesses, so nobody can know who got what"
        case .policyWeakened: "a root asks for fewer or other witnesses than the one before"
        case .logBegunLate: "published before the log began, and not in it"
        case .logAbandoned: "a former log ended without naming the one that followed"
        case .unreadable: "could not be read, so not checked"
        case .unreachable: "could not be fetched, so not checked"
        case .limitReached: "there is more than this audit looks at"
        }
    }

    package var hint: String? {
        switch self {
        case .timestampNotNewest, .orphan, .unlogged, .loggedNotPublished, .logMissing:
            "if a publication is under way, run this again when it is over"
        case .logForked:
            "keep a copy of both files: two trees signed by one log are proof that it deceived somebody; tell others"
        case .policyDropped, .policyWeakened:
            "ask the keyholders why; instances ask for the former witnesses too until seven days have passed"
        default: nil
        }
    }
}

extension Fault where Code == AuditFindingCode {
    /// What the client workflow's checks say of the metadata at `location`.
    init(_ fault: MetadataFault, at location: PublishedPath) {
        let code: AuditFindingCode? =
            switch fault.code {
            case .thresholdNotMet: .thresholdNotMet
            case .duplicateKeyID: .duplicateKeyID
            case .wrongVersion: .wrongVersion
            case .wrongHash: .wrongHash
            case .wrongLength: .wrongLength
            case .unknownHash: .unknownHash
            case .tooLong: .tooLong
            case .expired: .expired
            default: nil
            }
        if let code {
            self.init(code, found: fault.found, expected: fault.expected, at: location.description)
        } else {
            self.init(.malformed, found: fault.message, at: location.description)
        }
    }
}

/// Findings as they come, each once, up to a limit. One list for one audit: all its judges add to it.
package final class FindingList {
    package let limit: Int
    package private(set) var findings: [AuditFinding] = []
    private var seen: Set<[String?]> = []

    package init(limit: Int) {
        self.limit = limit
    }

    /// No more are taken; the audit may as well stop.
    package var isFull: Bool { findings.count >= limit }

    package func add(_ finding: AuditFinding) {
        guard !isFull else { return }
        guard seen.insert([finding.codeText, finding.found, finding.expected, finding.location]).inserted else {
            return
        }
        findings.append(finding)
    }

    func add(
        _ code: AuditFindingCode, found: String? = nil, expected: String? = nil, at location: PublishedPath
    ) {
        add(AuditFinding(code, found: found, expected: expected, at: location.description))
    }
}
