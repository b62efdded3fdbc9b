import CanonicalJSON
import Foundation
import Primitives
import Signatures
import TUF
import TestSupport
import Testing
import Updating

/// What other people's repositories hold and is no fault.
@Suite("Metadata of others")
struct LeniencyTests {
    let repository = RepositorySimulator()

    private static let oddKeys: [JSONValue] = [
        ["keytype": "sigstore-oidc", "scheme": "Fulcio", "keyval": ["identity": "me", "issuer": "you"]],
        ["keytype": "ed25519", "scheme": "ed25519"], ["keytype": "ed25519", "scheme": "ed25519", "keyval": []],
        ["keytype": 1, "scheme": "x", "keyval": ["public": "x"]],
        ["keytype": "ml-dsa", "scheme": "ml-dsa/1", "keyval": ["public": "00"]], [:],
    ].map { JSONValue($0) }

    @Test(arguments: oddKeys)
    func `may name a key that we know nothing of: it verifies nothing, and the others do`(key: JSONValue) throws {
        let client = Client(repository)
        let odd = try PublicKey(JSONReader(key, at: "key"))
        #expect(odd.scheme == nil && !odd.isValid(signature: [0], for: [0]))
        repository.root.keys[KeyID("odd")] = odd
        repository.root.roles[.timestamp]?.keyIDs.append(KeyID("odd"))
        repository.bumpRoot()
        try client.refresh()
        #expect(client.stored["root.json"] == 2)
        repository.root.roles[.timestamp]?.threshold = 2
        repository.bumpRoot()
        #expect(client.refreshFault() == .thresholdNotMet)
    }

    @Test func `may change a key's notes: the key is the same, and nothing is forgotten`() throws {
        let client = Client(repository)
        try client.refresh()
        let key = TestKey("timestamp")
        var object = key.publicKey.object
        object["x-note"] = "moved to another machine"
        repository.root.keys[key.keyID] = try PublicKey(JSONReader(.object(object), at: "key"))
        repository.bumpRoot()
        try client.refresh()
        #expect(repository.requests == ["2.root.json", "3.root.json", "timestamp.json"])
    }

    @Test func `may be written in another order and layout, with fields nobody knows`() throws {
        let client = Client(repository)
        repository.bend["timestamp.json"] = { [repository] _ in
            var signed = repository.timestamp.json
            signed["x-unknown"] = .object(["z": .integer(1), "a": .array([.null, .bool(true)])])
            let key = TestKey("timestamp")
            let value = JSONValue.object(signed)
            let signature = Hex.encode(key.sign(value.canonicalEncoding))
            let reversed = signed.members.reversed().map { member in
                "\"\(member.name)\":" + String(decoding: member.value.canonicalEncoding, as: UTF8.self)
            }
            return Array(
                """
                \t{"signed":{\(reversed.joined(separator: " ,\n"))},"x-more":[],
                "signatures":[{"sig":"\(signature)","method":"?","keyid":"\(key.keyID)"},{"keyid":"other","sig":""}]} \n
                """.utf8)
        }
        try client.refresh()
        #expect(client.store.files["timestamp.json"] == repository.files["timestamp.json"])
    }

    @Test(arguments: [
        ("1", false), ("1.0", true), ("1.0.34", true), ("1.99.0", true), ("01.0", false), ("2.0.0", false),
    ])
    func `may follow any specification of our major version`(version: String, isRead: Bool) {
        repository.timestamp.header.specVersion = ByteString(version)
        repository.publishTimestamp()
        #expect(Client(repository).refreshFault() == (isRead ? nil : .unsupportedVersion))
    }
}

extension JSONValue {
    /// From a literal of dictionaries, arrays, strings and integers.
    fileprivate init(_ value: Any) {
        switch value {
        case let object as [String: Any]:
            self = .object(JSONObject(object.map { JSONObject.Member(ByteString($0), JSONValue($1)) }) ?? JSONObject())
        case let list as [Any]: self = .array(list.map { JSONValue($0) })
        case let number as Int: self = .integer(Int64(number))
        default: self = .string(ByteString("\(value)"))
        }
    }
}
