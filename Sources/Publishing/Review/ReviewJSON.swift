import CanonicalJSON
import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF

extension Review {
    /// What `--json` prints.
    package var report: JSONObject {
        [
            "changes": .array(changes.map { .object($0.report) }), "alarming": .bool(isAlarming),
            "new_keys": .array(
                newKeys.map { key in
                    var object: JSONObject = [
                        "name": .string(ByteString(key.mention.name)), "keyid": .string(key.mention.id.text),
                    ]
                    if let objection = key.objection { object["objection"] = .string(ByteString(objection)) }
                    return .object(object)
                }),
            "roles": .array(roles.map { .object($0.report) }), "warnings": .strings(warnings),
            "obstacles": .strings(obstacles), "ready": .bool(isReady),
        ]
    }
}

extension Change {
    /// `kind`, the sentence, and the fields of its kind.
    package var report: JSONObject {
        var object = kind.fields
        object["kind"] = .string(ByteString(kind.word))
        object["text"] = .string(ByteString(sentence))
        object["roles"] = .array(roles.map { .string($0.text) })
        object["alarming"] = .bool(isAlarming)
        return object
    }
}

extension Change.Kind {
    fileprivate var word: String {
        switch self {
        case .setsUp: "sets_up"
        case .keyJoins: "key_joins"
        case .keyLeaves: "key_leaves"
        case .onlineKey: "online_key"
        case .threshold: "threshold"
        case .releaseKey: "release_key"
        case .logBegins: "log_begins"
        case .logEnds: "log_ends"
        case .weakerWitnessing: "weaker_witnessing"
        case .logMoves: "log_moves"
        case .witnessJoins: "witness_joins"
        case .witnessLeaves: "witness_leaves"
        case .witnessReplaced: "witness_replaced"
        case .witnessMoves: "witness_moves"
        case .quorum: "quorum"
        case .witnessPolicyText: "witness_policy_text"
        case .opens: "opens"
        case .closes: "closes"
        case .adds: "adds_release"
        case .withdraws: "withdraws_release"
        case .changesWithdrawal: "changes_withdrawal"
        case .reinstates: "reinstates_release"
        case .moves: "moves_to_archive"
        case .bringsBack: "brings_back_from_archive"
        case .rearranges: "rearranges_archive"
        case .drops: "drops_releases"
        case .changesFiles: "changes_files"
        case .changesFacts: "changes_facts"
        case .validity: "validity"
        case .specification: "specification"
        case .undescribed: "undescribed"
        }
    }

    fileprivate var fields: JSONObject {
        switch self {
        case .setsUp(let titles, let rule), .opens(let titles, let rule):
            [
                "of": .titles(titles), "threshold": .integer(Int64(rule.threshold)),
                "keys": .array(rule.keys.map(\.value)),
            ]
        case .keyJoins(let key, let titles), .keyLeaves(let key, let titles):
            ["key": key.value, "of": .titles(titles)]
        case .onlineKey(let titles, let from, let to): ["of": .titles(titles), "from": from.value, "to": to.value]
        case .threshold(let titles, let from, let to):
            [
                "of": .titles(titles), "from": .string(ByteString(from.numbers)),
                "to": .string(ByteString(to.numbers)),
            ]
        case .releaseKey(let from, let to): ["from": from?.value ?? .null, "to": to?.value ?? .null]
        case .closes(let title): ["of": .titles([title])]
        case .validity(let title, let from, let to, _):
            ["of": .titles([title]), "from": from.map { .time($0) } ?? .null, "to": .time(to)]
        case .specification(let title, let from, let to):
            ["of": .titles([title]), "from": .string(from), "to": .string(to)]
        case .undescribed(let title, let paths): ["of": .titles([title]), "fields": .strings(paths)]
        default: witnessFields ?? releaseFields
        }
    }

    private var witnessFields: JSONObject? {
        switch self {
        case .logBegins(let rule): ["to": rule.value]
        case .logEnds(let rule): ["from": rule.value]
        case .weakerWitnessing(let from, let to), .quorum(let from, let to): ["from": from.value, "to": to.value]
        case .logMoves(let from, let to): ["from": from.value, "to": to.value]
        case .witnessJoins(let witness), .witnessLeaves(let witness): ["witness": witness.value]
        case .witnessReplaced(let from, let to), .witnessMoves(let from, let to):
            ["from": from.value, "to": to.value]
        default: nil
        }
    }

    private var releaseFields: JSONObject {
        switch self {
        case .adds(let added): added.fields
        case .withdraws(let release, let reason, let time):
            release.fields.adding(["reason": .string(reason), "time": .time(time)])
        case .changesWithdrawal(let release, let from, let to):
            release.fields.adding(["from": .string(from), "to": .string(to)])
        case .reinstates(let release): release.fields
        case .moves(let releases, _), .bringsBack(let releases), .rearranges(let releases), .drops(let releases):
            [
                "channel": releases.first.map { .string($0.channel.text) } ?? .null,
                "versions": .array(releases.map { .string($0.version.text) }),
            ]
        case .changesFiles(let release, let names):
            release.fields.adding(["files": .array(names.map { .string($0) })])
        case .changesFacts(let release, let from, let to):
            release.fields.adding(["from": from.encode(), "to": to.encode()])
        default: [:]
        }
    }
}

extension Change.Release {
    fileprivate var fields: JSONObject { ["channel": .string(channel.text), "version": .string(version.text)] }
}

extension Change.AddedRelease {
    fileprivate var fields: JSONObject {
        var object = release.fields
        object["severity"] = .string(ByteString(severity.rawValue))
        object["problems"] = .strings(problems)
        object["absent_files"] = .strings(absent)
        guard let manifest else { return object }
        object["files"] = .integer(Int64(manifest.tree.files))
        object["bytes"] = .integer(Int64(manifest.tree.bytes))
        object["archive_bytes"] = .integer(Int64(manifest.archive.bytes))
        object["tree_sha256"] = .string(ByteString(manifest.tree.sha256.hex))
        object["advisories"] = .array(manifest.advisories.map { .string($0.text) })
        object["summary"] = .string(manifest.summary)
        object["switching"] = switching.map { .object($0.report(manifest)) } ?? .null
        return object
    }
}

extension RoleReview {
    package var report: JSONObject {
        [
            "role": .string(role.text), "version": .integer(Int64(version)), "expires": .time(expires),
            "threshold": .integer(Int64(threshold)), "signed": .strings(signed), "lacking": .integer(Int64(lacking)),
            "can_sign": .strings(canSign), "not_counted": .strings(problems),
            "groups": .array(
                groups.map { group in
                    [
                        "of": .string(ByteString(group.name ?? "\(role)")),
                        "threshold": .integer(Int64(group.threshold)), "signed": .strings(group.signed),
                        "lacking": .integer(Int64(group.lacking)), "can_sign": .strings(group.canSign),
                    ]
                }),
        ]
    }
}

extension TransparencyStatus {
    package var report: JSONObject {
        [
            "policy": rule?.value ?? .null,
            "older": .array(
                older.map { older in
                    [
                        "policy": older.rule.value, "root_version": .integer(Int64(older.rootVersion)),
                        "until": older.until.map { .time($0) } ?? .null,
                    ]
                }),
        ]
    }
}

extension LogMention {
    fileprivate var value: JSONValue { ["origin": .string(origin), "vkey": .string(vkey)] }
}

extension WitnessMention {
    fileprivate var value: JSONValue {
        ["name": .string(name), "vkey": .string(vkey), "url": url.map { .string($0) } ?? .null]
    }
}

extension WitnessingRule {
    fileprivate var value: JSONValue {
        [
            "log": log.value, "quorum": .string(ByteString(quorum)),
            "witnesses": .array(witnesses.map(\.value)),
        ]
    }
}

extension KeyMention {
    fileprivate var value: JSONValue { ["name": .string(ByteString(name)), "keyid": .string(id.text)] }
}

extension JSONValue {
    fileprivate static func strings(_ list: [String]) -> JSONValue { .array(list.map { .string(ByteString($0)) }) }
    fileprivate static func time(_ date: Date) -> JSONValue { .string(ByteString(UTCTime.encode(date))) }
    fileprivate static func titles(_ titles: [RoleTitle]) -> JSONValue { .array(titles.map { .string($0.name.text) }) }
}

extension JSONObject {
    fileprivate func adding(_ more: JSONObject) -> JSONObject {
        var result = self
        for member in more.members { result[member.name] = member.value }
        return result
    }
}
