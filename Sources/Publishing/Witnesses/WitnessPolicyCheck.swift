import Primitives
import Signatures
import TUF
import TransparencyLog
import Transport

extension Root {
    /// The witness policy that this root names, or nil when it names none. Throws `.invalidWitnessPolicy` for one that
    /// cannot be read.
    package func readWitnessPolicy() throws(PublishingFault) -> WitnessPolicy? {
        let text: ByteString?
        do { text = try witnessPolicy } catch {
            throw PublishingFault(
                .invalidWitnessPolicy, found: error.found, expected: "a string", at: error.location)
        }
        guard let text else { return nil }
        do { return try WitnessPolicy(decoding: text) } catch {
            throw PublishingFault(
                .invalidWitnessPolicy, found: error.message, at: "root.\(Self.witnessPolicyField)")
        }
    }
}

extension Root {
    /// Nil also for one that cannot be read: then nothing can be said of it.
    var readableWitnessPolicy: WitnessPolicy? { (try? readWitnessPolicy()) ?? nil }
}

extension WitnessPolicy {
    /// Throws `.invalidWitnessPolicy` for what asks nobody, for a witness that nobody could ask, and for a key that signs
    /// something else: whoever holds it would vouch for themselves.
    ///
    /// - Parameter keys: that sign metadata or archives.
    func checkUsable(besides keys: [PublicKey]) throws(PublishingFault) {
        guard quorum != nil else {
            throw Self.refused(
                found: "quorum none", expected: "a quorum of witnesses",
                hint: "a log that nobody watches can show each instance something else")
        }
        for witness in witnesses {
            let name = Shown.text(witness.name, limit: 64)
            guard let url = witness.url else {
                throw Self.refused(
                    found: "no address for witness \(name)", expected: "witness NAME VKEY URL",
                    hint: "sceau publish asks each witness at its address")
            }
            do { try HTTPAddress.checkBase(url.description) } catch {
                throw Self.refused(
                    found: "the address \(Shown.text(url, limit: 200)) of witness \(name)",
                    expected: "https://… or http://…, without \"?\" and \"#\"")
            }
        }
        for key in keys where key.scheme == .ed25519 {
            let owner = KeyholderName.of(key.computedID, key)
            if log.publicKey == key.material {
                throw Self.refused(
                    found: "\(owner)'s key as the log's", expected: "a key that signs the log and nothing else")
            }
            guard let witness = witnesses.first(where: { $0.key.publicKey == key.material }) else { continue }
            throw Self.refused(
                found: "\(owner)'s key as that of witness \(Shown.text(witness.name, limit: 64))",
                expected: "witnesses with keys of their own, run by others")
        }
    }

    /// Throws when the log of `former` gets another name or another key, and is neither the same nor a new one: witnesses
    /// and instances know a log by both.
    func checkLog(over former: WitnessPolicy) throws(PublishingFault) {
        guard (log.name == former.log.name) == (log.publicKey == former.log.publicKey) else {
            throw Self.refused(
                found: "log \(log.vkey), where \(former.log.vkey) is published",
                expected: "the same, or another key and another name",
                hint: "a log keeps its key and its name; sceau root propose --new-log-key FILE begins another")
        }
    }

    private static func refused(found: String, expected: String, hint: String? = nil) -> PublishingFault {
        PublishingFault(.invalidWitnessPolicy, found: found, expected: expected, at: "witness policy", hint: hint)
    }
}

extension Staging {
    /// The witness policy that would be in force: the staged root's, else the published one's; nil also when it cannot be
    /// read.
    var witnessPolicy: WitnessPolicy? { root?.readableWitnessPolicy }

    /// What instances would not take, or could never get a publication under.
    func checkWitnessPolicy(_ root: Root) throws(PublishingFault) {
        guard let policy = try root.readWitnessPolicy() else { return }
        let release = [try? root.releaseKey(), try? published.root?.content.releaseKey()].compactMap(\.self)
        try policy.checkUsable(
            besides: published.keys + roles.flatMap { Array($0.keys.values) } + release)
        // Also over roots that name none.
        let policies = published.roots.map(\.content.readableWitnessPolicy)
        if let former = policies.asked(at: policies.count) { try policy.checkLog(over: former) }
    }
}
