import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF

/// One thing that would change, as a reviewer thinks of it.
package struct Change: Hashable, Sendable {
    /// The staged roles whose signatures cover it.
    package let roles: [RoleName]
    package let kind: Kind

    package enum Kind: Hashable, Sendable {
        // Keys
        case setsUp([RoleTitle], SigningRule)
        case keyJoins(KeyMention, [RoleTitle])
        case keyLeaves(KeyMention, [RoleTitle])
        /// The one key of these roles gives way to another.
        case onlineKey([RoleTitle], from: KeyMention, to: KeyMention)
        case threshold([RoleTitle], from: SigningRule, to: SigningRule)
        case releaseKey(from: KeyMention?, to: KeyMention?)
        // Transparency
        case logBegins(WitnessingRule)
        case logEnds(WitnessingRule)
        /// Some set of witnesses suffices that did not.
        case weakerWitnessing(from: WitnessingRule, to: WitnessingRule)
        case logMoves(from: LogMention, to: LogMention)
        case witnessJoins(WitnessMention)
        case witnessLeaves(WitnessMention)
        /// Another key under the same name.
        case witnessReplaced(from: WitnessMention, to: WitnessMention)
        /// The same key under another name, or at another address.
        case witnessMoves(from: WitnessMention, to: WitnessMention)
        case quorum(from: WitnessingRule, to: WitnessingRule)
        /// In its spelling only.
        case witnessPolicyText
        // Delegations
        case opens([RoleTitle], SigningRule)
        case closes(RoleTitle)
        // Releases
        case adds(AddedRelease)
        case withdraws(Release, reason: ByteString, time: Date)
        case changesWithdrawal(Release, from: ByteString, to: ByteString)
        case reinstates(Release)
        /// To the archive of their channel; `files` metadata files are staged for it.
        case moves([Release], files: Int)
        case bringsBack([Release])
        case rearranges([Release])
        case drops([Release])
        case changesFiles(Release, [ByteString])
        case changesFacts(Release, from: ReleaseFacts, to: ReleaseFacts)
        // The rest
        case validity(RoleTitle, from: Date?, to: Date, isAll: Bool)
        case specification(RoleTitle, from: ByteString, to: ByteString)
        /// Fields, by their paths, that no sentence of this version speaks of.
        case undescribed(RoleTitle, [String])
    }

    package struct Release: Hashable, Sendable {
        package let channel: ChannelName
        package let version: Version

        package init(channel: ChannelName, version: Version) {
            self.channel = channel
            self.version = version
        }
    }

    package struct AddedRelease: Hashable, Sendable {
        package let release: Release
        package let severity: Severity
        /// Nil when `release.json` is not here, or is not the one that is listed.
        package let manifest: ReleaseManifest?
        /// What is done around the switch to it; nil without a manifest.
        package let switching: SwitchReview?
        /// What does not fit between `release.json` and the channel's metadata, or is not described: lower case.
        package let problems: [String]
        /// Files that are not here to be compared with what is listed, with their digests.
        package let absent: [String]
    }

    package init(_ kind: Kind, in roles: [RoleName]) {
        self.kind = kind
        self.roles = roles
    }

    /// Whether a reviewer should stop here: what is published changes under its name, instances would be less
    /// protected, or something cannot be described.
    package var isAlarming: Bool {
        switch kind {
        case .drops, .changesFiles, .changesFacts, .reinstates, .undescribed, .closes, .logEnds,
            .weakerWitnessing:
            true
        case .adds(let added): added.manifest == nil || !added.problems.isEmpty
        default: false
        }
    }
}
