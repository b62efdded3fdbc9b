import FoundationEssentials
import Primitives
import Releases
import TUF

/// Something about a workspace that should be seen to.
package struct StatusWarning: Hashable, Sendable {
    /// What it is about; the raw values are for scripts.
    package enum Kind: String, Sendable {
        case interrupted
        case expired
        case expiring
        case stagedExpiring = "staged_expiring"
        case stagedWaiting = "staged_waiting"
        case keyholders
        case transparency
        case heartbeat
    }

    package let kind: Kind
    package let role: RoleName?
    /// When what is published or staged expires, or since when it waits.
    package let time: Date?
    /// One line, lower case, no final stop.
    package let text: String
    /// The command that mends it.
    package let remedy: String?

    /// Worth an exit status of its own: it gets worse by waiting.
    package var isUrgent: Bool {
        switch kind {
        case .interrupted, .expired, .expiring, .stagedExpiring, .heartbeat: true
        case .stagedWaiting, .keyholders, .transparency: false
        }
    }

    /// Days after which people have forgotten that they were asked to sign.
    private static let patience = 14.0

    static func all(
        _ roles: [WorkspaceStatus.Role], _ review: Review?, _ staging: Staging, _ policy: Policy,
        _ transparency: TransparencyStatus, now: Date
    ) -> [StatusWarning] {
        var warnings: [StatusWarning] = []
        if review == nil {
            warnings.append(
                StatusWarning(
                    kind: .interrupted, role: nil, time: nil, text: "a publication was interrupted",
                    remedy: "sceau publish"))
        }
        warnings += roles.filter(\.isExpiring).sorted { $0.expires < $1.expires }.map { expiring($0, now) }
        for role in review?.roles ?? [] {
            warnings += staged(role, policy.life(of: role.role, staging), now)
        }
        return warnings + transparency.warnings(staging, now: now)
            + KeyholderWarnings.about(staging.keyholderRules).map {
                StatusWarning(kind: .keyholders, role: nil, time: nil, text: $0, remedy: nil)
            }
    }

    private static func expiring(_ role: WorkspaceStatus.Role, _ now: Date) -> StatusWarning {
        let isOver = role.expires <= now
        let isOnline = role.role == .snapshot || role.role == .timestamp
        let remedy = isOnline ? "sceau refresh" : "sceau root propose --renew, then sign and publish"
        return StatusWarning(
            kind: isOver ? .expired : .expiring, role: role.role, time: role.expires,
            text: "\(role.role) version \(role.version) \(isOver ? "has expired" : "expires") at "
                + UTCTime.encode(role.expires), remedy: remedy)
    }

    private static func staged(_ role: RoleReview, _ life: Policy.Life, _ now: Date) -> [StatusWarning] {
        var warnings: [StatusWarning] = []
        let name = "staged \(role.role) version \(role.version)"
        if life.isNear(role.expires, at: now) {
            let verb = role.expires <= now ? "has expired" : "expires"
            warnings.append(
                StatusWarning(
                    kind: .stagedExpiring, role: role.role, time: role.expires,
                    text: "\(name) \(verb) at \(UTCTime.encode(role.expires))",
                    remedy: "sign and publish it, or stage it again"))
        }
        // When it was staged: nothing else tells, least of all the times of files that came by git.
        let since = role.expires - Double(life.expiresDays) * 86400
        if !role.isComplete, now.timeIntervalSince(since) > patience * 86400 {
            warnings.append(
                StatusWarning(
                    kind: .stagedWaiting, role: role.role, time: since,
                    text: "\(name) waits for signatures since \(UTCTime.encode(since)): \(role.lackingText)",
                    remedy: nil))
        }
        return warnings
    }
}

extension Policy {
    /// How long metadata of a role is valid: an archive's and its bins' like their channel's, and a role's that the policy
    /// does not know like targets'.
    func life(of role: RoleName, _ staging: Staging) -> Life {
        switch role {
        case .root: return root.life
        case .targets: return targets.life
        case .snapshot: return snapshot
        case .timestamp: return timestamp
        default:
            let paths = RoleTitles(staging)[role].paths
            return channels.first { $0.name == paths?.channel }?.signers.life ?? targets.life
        }
    }
}
