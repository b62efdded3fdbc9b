import CanonicalJSON
import Primitives
import Signatures
import TUF
import TestSupport
import Testing
import Updating

/// Delegations by the hash of the target path: succinct bins (TAP 15) and `path_hash_prefixes`.
@Suite("Hash bins")
struct HashBinTests {
    let repository = RepositorySimulator()
    let key = TestKey("bins")

    /// Lets targets delegate as `members` say; false when that cannot be read.
    private func delegate(_ members: JSONObject) throws {
        var object = repository.targets.json
        var delegations = members
        delegations["keys"] = .object([key.keyID.text: .object(key.publicKey.object)])
        object["delegations"] = .object(delegations)
        repository.targets = try Targets(JSONReader(.object(object), at: "targets"))
    }

    private func succinct(_ bits: Int64) -> JSONObject {
        [
            "succinct_roles": .object([
                "keyids": .array([.string(key.keyID.text)]), "threshold": .integer(1), "bit_length": .integer(bits),
                "name_prefix": "bin",
            ])
        ]
    }

    private func prefixed(_ roles: [(ByteString, [ByteString])]) -> JSONObject {
        [
            "roles": .array(
                roles.map { name, prefixes in
                    .object([
                        "name": .string(name), "keyids": .array([.string(key.keyID.text)]), "threshold": .integer(1),
                        "terminating": .bool(false), "path_hash_prefixes": .array(prefixes.map { .string($0) }),
                    ])
                })
        ]
    }

    private func add(_ role: RoleName, signedBy signer: TestKey? = nil) {
        repository.delegated[role] = Targets(header: repository.targets.header, targets: [:], delegations: nil)
        repository.signers[role] = [signer ?? key]
    }

    private static let paths: [ByteString] = ["a", "b/c", "product/stable/1.0/release.json", "é", ""]

    @Test(arguments: [1, 3, 4, 5, 8] as [Int64])
    func `that are succinct hold each target in the bin of its top bits`(bits: Int64) throws {
        try delegate(succinct(bits))
        let digits = Int(bits + 3) / 4
        for number in 0..<(1 << bits) {
            let hex = String(number, radix: 16)
            add(RoleName(ByteString("bin-" + String(repeating: "0", count: digits - hex.count) + hex)))
        }
        var expected: [ByteString: RoleName] = [:]
        for path in Self.paths {
            let byte = Int(Digest.sha256(of: path.bytes).bytes[0]) >> (8 - Int(bits))
            let hex = String(byte, radix: 16)
            let role = RoleName(ByteString("bin-" + String(repeating: "0", count: digits - hex.count) + hex))
            expected[path] = role
            repository.addTarget(path, [1], to: role)
        }
        repository.publish()
        let updater = try Client(repository).refresh()
        for path in Self.paths {
            #expect(try updater.target(at: path)?.length == 1)
        }
        repository.requests = []
        _ = try Client(repository).refresh().target(at: "a")
        #expect(repository.requests.last == expected["a"]?.fileName(version: 1))
    }

    @Test func `are searched in one bin only, found or not`() throws {
        try delegate(succinct(1))
        for role in ["bin-0", "bin-1"] as [RoleName] { add(role) }
        let top = Digest.sha256(of: [UInt8(ascii: "a")]).bytes[0] >> 7
        repository.addTarget("a", [1], to: top == 0 ? "bin-1" : "bin-0")
        repository.publish()
        #expect(try Client(repository).refresh().target(at: "a") == nil)
        #expect(repository.requests.last == "1.bin-\(top).json")
    }

    @Test func `are signed by the keys of their delegator`() throws {
        try delegate(succinct(1))
        for role in ["bin-0", "bin-1"] as [RoleName] { add(role, signedBy: TestKey("mallory")) }
        repository.publish()
        let updater = try Client(repository).refresh()
        let fault = #expect(throws: MetadataFault.self) { try updater.target(at: "a") }
        #expect(fault?.code == .thresholdNotMet)
    }

    @Test(arguments: [-1, 0, 33, Int64.max])
    func `of a number of bits that cannot be are refused`(bits: Int64) {
        #expect(throws: JSONFault.self) { try delegate(succinct(bits)) }
    }

    @Test func `beside a list of roles are refused`() {
        var both = succinct(1)
        both["roles"] = .array([])
        #expect(throws: JSONFault.self) { try delegate(both) }
        #expect(throws: JSONFault.self) { try delegate([:]) }
    }

    @Test func `by prefix cover the paths whose hash begins so, in the order listed`() throws {
        let hash = Digest.sha256(of: [UInt8(ascii: "a")]).hex
        let other = hash.hasPrefix("0") ? "1" : "0"
        try delegate(
            prefixed([
                ("none", []), ("other", [ByteString(other)]), ("far", [ByteString(String(hash.prefix(3)))]),
                ("near", [ByteString(other), ByteString(String(hash.prefix(1)))]), ("whole", [ByteString(hash)]),
                ("longer", [ByteString(hash + "0")]), ("capital", [ByteString(hash.uppercased())]),
            ]))
        for role in ["none", "other", "far", "near", "whole", "longer", "capital"] as [RoleName] { add(role) }
        repository.addTarget("a", [1], to: "whole")
        repository.publish()
        #expect(try Client(repository).refresh().target(at: "a")?.length == 1)
        #expect(repository.requests.suffix(3) == ["1.far.json", "1.near.json", "1.whole.json"])
    }
}
