import CanonicalJSON
import Primitives
import Releases
import Signatures
import TUF

/// What is refused about releases and where they are listed, though a client might take it.
extension Staging {
    /// An archive and its bins are signed by whoever signs the channel: an edge to others would let them list releases.
    func checkSignersBelow(_ staged: StagedRole) throws(PublishingFault) {
        guard staged.role != .targets, let delegations = staged.targets?.delegations,
            case .listed(let list) = delegations.roles
        else { return }
        let own = signers(of: staged.role)
        for delegated in list {
            guard let below = delegations.signers(of: delegated.name) else { continue }
            guard own.allSatisfy({ $0.hasSameKeys(as: below) }) else {
                throw PublishingFault(
                    .wouldBeRefused, found: "other keyholders for \(delegated.name) than for \(staged.role)",
                    expected: "the same, and the same threshold", at: staged.fileName,
                    hint: "sceau root propose gives a channel's archive the keyholders of the channel")
            }
        }
    }

    /// A withdrawal stands: neither it nor its reason is changed once it is published.
    func checkWithdrawals(_ targets: Targets, _ staged: StagedRole) throws(PublishingFault) {
        for metadata in published.delegated.values {
            for former in ListedRelease.all(in: metadata.content) {
                guard let withdrawal = former.facts.withdrawal, let file = targets.targets[former.path],
                    (try? ReleaseFacts.decode(.object(file.custom ?? JSONObject())))?.withdrawal != withdrawal
                else { continue }
                throw PublishingFault(
                    .wouldBeRefused, found: "\(former.facts.version) without the withdrawal as it is published",
                    expected: "\(former.facts.version) as withdrawn", at: staged.fileName,
                    hint: "a release that is good after all gets a new version")
            }
        }
    }
}

extension RoleSigners {
    fileprivate func hasSameKeys(as other: RoleSigners) -> Bool {
        func identities(_ signers: RoleSigners) -> Set<[UInt8]> {
            Set(signers.keyIDs.compactMap { signers.keys[$0]?.identity })
        }
        return threshold == other.threshold && identities(self) == identities(other)
    }
}
