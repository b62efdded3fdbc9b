import Primitives
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF

/// What a person asks of a proposal. Without anything: what the policy says.
package struct ProposalRequest: Sendable {
    /// Public halves of new keyholders.
    package var add: [PublicKeyFile] = []
    /// Exact names of keys.
    package var remove: [String] = []
    package var threshold: Int?
    /// `root`, `targets`, a channel's name or that of its role, as typed; empty: all of them.
    package var roles: [String] = []
    /// Takes the place of the key of snapshot and timestamp.
    package var onlineKey: PublicKeyFile?
    /// Where the secret half of `onlineKey` is on this machine, if it is: an absolute path, which is remembered.
    package var onlineKeyPath: FilePath?
    package var releaseKey: PublicKeyFile?
    /// Who is to watch the log: tlog-policy text. A log begins with it, together with `logKey`.
    package var witnesses: ByteString?
    /// Signs the log that is to begin, or to take the place of the one there is.
    package var logKey: NewLogKey?
    /// The name of the log that begins with `logKey`; nil for one that no other log has.
    package var logOrigin: LogOrigin?
    /// No log any more.
    package var removesWitnesses = false
    package var channels: [ChannelName] = []
    /// Also what only needs a later expiry: what is near it, or else the roles named.
    package var renew = false

    package init() {}

    /// Every key that comes with the request.
    var keys: [PublicKeyFile] { add + [onlineKey, releaseKey, logKey?.publicHalf].compactMap(\.self) }
}

/// A role that people sign, and where the policy says who.
struct PolicyRole {
    let name: RoleName
    let signers: WritableKeyPath<Policy, Policy.Signers>
}

extension Policy {
    func role(of channel: ChannelName) -> RoleName { RoleName(paths(channel).role) }

    /// Root, targets and each channel.
    var roles: [PolicyRole] {
        let channels = channels.enumerated().map { index, channel in
            PolicyRole(name: role(of: channel.name), signers: \.channels[index].signers)
        }
        return [PolicyRole(name: .root, signers: \.root), PolicyRole(name: .targets, signers: \.targets)] + channels
    }

    /// The roles that `names` mean; empty for all.
    func roles(named names: [String]) throws(PublishingFault) -> [PolicyRole] {
        guard !names.isEmpty else { return roles }
        var chosen: [PolicyRole] = []
        for name in names {
            let channel = channels.first { "\($0.name)" == name }.map { role(of: $0.name) }
            guard let role = roles.first(where: { "\($0.name)" == name }) ?? roles.first(where: { $0.name == channel })
            else {
                throw PublishingFault(
                    .unknownRole, found: "\"\(name)\"",
                    expected: "one of " + (["root", "targets"] + channels.map { "\($0.name)" }).joined(separator: ", "))
            }
            if !chosen.contains(where: { $0.name == role.name }) { chosen.append(role) }
        }
        return chosen
    }

    /// The policy as the request wishes it. Asking for what is so already changes nothing, so that a command which was
    /// stopped can be given again.
    ///
    /// - Parameter inForce: names of the keyholders that a role has in published or staged metadata.
    func edited(
        by request: ProposalRequest, inForce: (RoleName) -> [String]
    ) throws(PublishingFault) -> Policy {
        var policy = self
        for channel in request.channels { try policy.open(channel) }
        let chosen = try policy.roles(named: request.roles)
        if let both = request.remove.first(where: { name in request.add.contains { "\($0.name)" == name } }) {
            throw PublishingFault(
                .notAKeyholder, found: "\(both) both added and removed", expected: "a new name for a new key")
        }
        for name in request.remove { try policy.remove(name, from: chosen, inForce) }
        for role in chosen {
            for file in request.add where !policy[keyPath: role.signers].keyholders.contains("\(file.name)") {
                policy[keyPath: role.signers].keyholders.append("\(file.name)")
            }
            if let threshold = request.threshold { policy[keyPath: role.signers].threshold = threshold }
        }
        if let key = request.onlineKey { policy.onlineKey = "\(key.name)" }
        if let key = request.releaseKey { policy.releaseKey = "\(key.name)" }
        try policy.changeLog(request)
        try policy.checkThresholds()
        return policy
    }

    private mutating func changeLog(_ request: ProposalRequest) throws(PublishingFault) {
        guard !request.removesWitnesses else { return log = nil }
        guard let key = request.logKey?.publicHalf else { return try checkLogStays(request) }
        guard log != nil || request.witnesses != nil else {
            throw PublishingFault(
                .invalidWitnessPolicy, found: "a log without witnesses", expected: "who watches it",
                hint: "name them with --witness-policy FILE")
        }
        let isSame = log?.key == "\(key.name)"
        let origin = request.logOrigin ?? (isSame ? log?.origin : nil)
        log = Log(
            witnessPolicy: log?.witnessPolicy ?? WitnessPolicyFile.name, key: "\(key.name)",
            origin: origin ?? LogOrigin(product, publicKey: key.publicKey.material))
    }

    private func checkLogStays(_ request: ProposalRequest) throws(PublishingFault) {
        guard log != nil || (request.witnesses == nil && request.logOrigin == nil) else {
            throw PublishingFault(.noLogKey, hint: "name the key of the log with --new-log-key FILE")
        }
        guard let origin = request.logOrigin, origin != log?.origin else { return }
        throw PublishingFault(
            .invalidWitnessPolicy, found: "the origin \(origin)", expected: log.map { "\($0.origin)" },
            hint: "a log keeps its name; with --new-log-key FILE another log begins")
    }

    private mutating func open(_ name: ChannelName) throws(PublishingFault) {
        try name.checkFree()
        guard !channels.contains(where: { $0.name == name }) else { return }
        channels.append(Channel(name: name, signers: targets, keep: Self.defaultKeep))
    }

    private mutating func remove(
        _ name: String, from chosen: [PolicyRole], _ inForce: (RoleName) -> [String]
    ) throws(PublishingFault) {
        let having = chosen.filter { self[keyPath: $0.signers].keyholders.contains(name) }
        for role in having { self[keyPath: role.signers].keyholders.removeAll { $0 == name } }
        // Wished for already, and not yet so.
        guard having.isEmpty, !chosen.contains(where: { inForce($0.name).contains(name) }) else { return }
        var names: [String] = []
        for each in chosen.flatMap({ self[keyPath: $0.signers].keyholders }) where !names.contains(each) {
            names.append(each)
        }
        let ofPerson = names.filter { KeyholderName.person(of: $0) == name }
        throw PublishingFault(
            .notAKeyholder, found: "\"\(name)\"",
            expected: ofPerson.isEmpty
                ? "one of \(names.joined(separator: ", "))" : "a key of \(name)'s: \(ofPerson.joined(separator: ", "))",
            at: chosen.map { "\($0.name)" }.joined(separator: ", "))
    }

    private func checkThresholds() throws(PublishingFault) {
        for role in roles {
            let signers = self[keyPath: role.signers]
            guard (1...max(1, signers.keyholders.count)).contains(signers.threshold), !signers.keyholders.isEmpty else {
                let count = signers.keyholders.count
                throw PublishingFault(
                    .invalidThreshold, found: "a threshold of \(signers.threshold)",
                    expected: count == 0
                        ? "at least one keyholder" : "1 to \(count), as there would be keyholders", at: "\(role.name)",
                    hint: "set another with --threshold M, for one role alone with --role R, or add keyholders")
            }
        }
    }
}

extension ChannelName {
    /// Throws for a name whose role would be another channel's archive, or a bin of one.
    func checkFree() throws(PublishingFault) {
        guard !"\(self)-".contains("-archive-") else {
            throw PublishingFault(
                .unknownChannel, found: "\"\(self)\"", expected: "a name without \"-archive\", which names archives")
        }
    }
}
