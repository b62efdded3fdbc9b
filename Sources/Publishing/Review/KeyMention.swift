import CanonicalJSON
import Primitives
import Signatures
import TUF

/// A key as a review speaks of it: by its holder's name, and by its id too where the name does not tell.
package struct KeyMention: Hashable, Sendable, CustomStringConvertible {
    package let name: String
    package let id: KeyID
    /// Another key that is published or staged has this name.
    package let isAmbiguous: Bool

    package init(name: String, id: KeyID, isAmbiguous: Bool) {
        self.name = name
        self.id = id
        self.isAmbiguous = isAmbiguous
    }

    /// `alice`, or `alice (key 4e77d1c0)`.
    package var description: String { isAmbiguous ? "\(name) (key \(id.short))" : name }
    /// `alice's key`, or `alice's key 4e77d1c0`.
    var possessive: String { "\(name)'s key" + (isAmbiguous ? " \(id.short)" : "") }
}

/// Who signs, and how many of them must.
package struct SigningRule: Hashable, Sendable, CustomStringConvertible {
    package let threshold: Int
    package let keys: [KeyMention]

    package init(threshold: Int, keys: [KeyMention]) {
        self.threshold = threshold
        self.keys = keys
    }

    /// `2 of alice, bob, carol`; `online` where there is nothing to count.
    package var description: String {
        let names = keys.map { "\($0)" }.joined(separator: ", ")
        if keys.isEmpty { return "nobody" }
        return threshold == 1 && keys.count == 1 ? names : "\(threshold) of \(names)"
    }

    /// `2 of 3`.
    package var numbers: String { "\(threshold) of \(keys.count)" }
}

/// Every key that is published or staged, and which of them are new.
struct KeyDirectory {
    private struct Entry: Hashable {
        let id: KeyID
        let key: PublicKey
    }

    private var idsByName: [String: Set<KeyID>] = [:]
    private var published: Set<Entry> = []
    private var staged: Set<Entry> = []

    init(_ staging: Staging) {
        let old = staging.published
        add(old.root?.content.keys, to: \.published)
        add(releaseKey(of: old.root?.content), to: \.published)
        for targets in [old.targets?.content].compactMap(\.self) + old.delegated.values.map(\.content) {
            add(targets.delegations?.keys, to: \.published)
        }
        for role in staging.roles {
            add(role.rootContent?.keys, to: \.staged)
            add(releaseKey(of: role.rootContent), to: \.staged)
            add(role.targets?.delegations?.keys, to: \.staged)
        }
    }

    private func releaseKey(of root: Root?) -> [KeyID: PublicKey]? {
        (try? root?.releaseKey()).map { [$0.computedID: $0] }
    }

    private mutating func add(_ keys: [KeyID: PublicKey]?, to set: WritableKeyPath<KeyDirectory, Set<Entry>>) {
        for (id, key) in keys ?? [:] {
            self[keyPath: set].insert(Entry(id: id, key: key))
            idsByName[KeyholderName.of(id, key), default: []].insert(id)
        }
    }

    func mention(_ id: KeyID, _ key: PublicKey?) -> KeyMention {
        let name = KeyholderName.of(id, key)
        return KeyMention(name: name, id: id, isAmbiguous: (idsByName[name]?.count ?? 0) > 1)
    }

    func rule(_ signers: RoleSigners) -> SigningRule {
        SigningRule(threshold: signers.threshold, keys: signers.keyIDs.map { mention($0, signers.keys[$0]) })
    }

    /// Keys that are staged and not published, by name.
    var new: [(mention: KeyMention, key: PublicKey)] {
        staged.subtracting(published).map { (mention($0.id, $0.key), $0.key) }
            .sorted { ($0.mention.name, $0.mention.id) < ($1.mention.name, $1.mention.id) }
    }
}

extension PublicKey {
    /// The same key with no more in its object than what a review tells: type, scheme, value and name.
    var withoutUnknownFields: PublicKey {
        var described = JSONObject()
        for field in ["keytype", "scheme", Self.nameField] as [ByteString] { described[field] = object[field] }
        if case .object(let value)? = object["keyval"] {
            var plain = JSONObject()
            plain["public"] = value["public"]
            described["keyval"] = .object(plain)
        }
        return (try? PublicKey(JSONReader(.object(described), at: "key"))) ?? self
    }
}
