import Releases
import TUF

/// Who signs a role and how many of them must, by the names people know.
package struct KeyholderRule: Equatable, Sendable {
    package let role: RoleName
    /// Names of keys: `PERSON` or `PERSON.DEVICE`.
    package let keyholders: [String]
    package let threshold: Int

    package init(role: RoleName, keyholders: [String], threshold: Int) {
        self.role = role
        self.keyholders = keyholders
        self.threshold = threshold
    }

    /// As signed metadata has it.
    package init(_ signers: RoleSigners) {
        self.init(
            role: signers.role, keyholders: signers.keyIDs.map { KeyholderName.of($0, signers.keys[$0]) },
            threshold: signers.threshold)
    }

    fileprivate var size: Int { keyholders.count }

    /// Names by person, in the order in which the persons first occur.
    fileprivate var byPerson: [(person: String, keys: [String])] {
        var result: [(person: String, keys: [String])] = []
        for name in keyholders {
            let person = KeyholderName.person(of: name)
            if let index = result.firstIndex(where: { $0.person == person }) {
                result[index].keys.append(name)
            } else {
                result.append((person, [name]))
            }
        }
        return result
    }
}

/// What should be said about who signs, though nothing is wrong.
package enum KeyholderWarnings {
    /// One sentence each, lower case; roles of which the same is to be said share one.
    package static func about(_ rules: [KeyholderRule]) -> [String] {
        var texts: [String] = []
        var roles: [String: [String]] = [:]
        for rule in rules {
            for text in warnings(rule) {
                if roles[text] == nil { texts.append(text) }
                roles[text, default: []].append("\(rule.role)")
            }
        }
        return texts.map { "\((roles[$0] ?? []).joined(separator: ", ")): \($0)" }
    }

    private static func warnings(_ rule: KeyholderRule) -> [String] {
        var result: [String] = []
        if rule.threshold >= rule.size {
            result.append(
                "all \(rule.threshold) of \(rule.size) keys must sign: when one is lost, nothing more can be signed, "
                    + "and when it is root's, instances have to be set up anew")
        }
        if rule.threshold == 1 {
            result.append("one signature is enough: whoever takes one key can sign alone")
        } else if let only = rule.byPerson.first, rule.byPerson.count == 1 {
            result.append("all keys are held by \(only.person): whoever takes them over can sign alone")
        } else {
            for (person, keys) in rule.byPerson where keys.count >= rule.threshold {
                result.append("\(person) alone can sign, with \(keys.joined(separator: " and "))")
            }
        }
        return result
    }
}

extension Policy {
    /// Who is to sign root, targets and each channel.
    package var keyholderRules: [KeyholderRule] {
        [Self.rule(.root, root), Self.rule(.targets, targets)]
            + channels.map { Self.rule(RoleName(paths($0.name).role), $0.signers) }
    }

    private static func rule(_ role: RoleName, _ signers: Signers) -> KeyholderRule {
        KeyholderRule(role: role, keyholders: signers.keyholders, threshold: signers.threshold)
    }
}

extension Staging {
    /// Who signs root, targets and every role below it, as staged, else published, metadata has it. An archive and its
    /// bins, which have their channel's keyholders, are named too.
    package var keyholderRules: [KeyholderRule] {
        guard let root else { return [] }
        let below = delegations.nodes.flatMap { node in node.delegators.map { KeyholderRule($0.signers) } }
        return [KeyholderRule(root.signers(of: .root)), KeyholderRule(root.signers(of: .targets))] + below
    }
}
