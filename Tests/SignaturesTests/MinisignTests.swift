import CanonicalJSON
import Foundation
import Primitives
import Signatures
import TestSupport
import Testing

@Suite("A minisign signature") struct MinisignTests {
    /// From minisign's own tests: the file holds `test`.
    static let foreignKey = """
        untrusted comment: minisign public key E7620F1842B4E81F
        RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3

        """
    static let foreignSignature = """
        untrusted comment: signature from minisign secret key
        RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
        trusted comment: timestamp:1633700835\tfile:test\tprehashed
        wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==

        """
    static let legacySignature = """
        untrusted comment: signature from minisign secret key
        RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=
        trusted comment: timestamp:1555779966\tfile:test
        QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==

        """

    static let archive = Array("an archive".utf8)
    static let comment = "product:suite version:1.0 channel:stable"
    private let signer = TestKey("releases")

    private func key(_ signer: TestKey? = nil) throws -> MinisignKey {
        try #require(MinisignKey((signer ?? self.signer).publicKey))
    }

    private func text() throws -> String {
        let signature = MinisignSignature(
            digest: BLAKE2bHasher.digest(of: Self.archive), key: try key(), untrustedComment: "of a test",
            trustedComment: ByteString(Self.comment), sign: signer.sign)
        return String(decoding: signature.encoded, as: UTF8.self)
    }

    private func verify(_ text: String, _ archive: [UInt8] = archive, by key: MinisignKey) throws -> ByteString {
        try MinisignSignature.decode(Array(text.utf8)).verify(digest: BLAKE2bHasher.digest(of: archive), by: key)
    }

    /// RFC 7693, appendix A.
    @Test func `hashes as the vector of RFC 7693, however the bytes arrive`() {
        let expected =
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            + "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
        #expect(Hex.encode(BLAKE2bHasher.digest(of: Array("abc".utf8))) == expected)
        let hasher = BLAKE2bHasher()
        for part in [[], Array("a".utf8), Array("bc".utf8)] { part.withUnsafeBytes { hasher.update($0) } }
        #expect(Hex.encode(hasher.finish()) == expected)
        #expect(hasher.finish() == BLAKE2bHasher.digest(of: []))
    }

    @Test func `of minisign's own verifies, and its key reads and writes the same text`() throws {
        let key = try MinisignKey.decode(Array(Self.foreignKey.utf8))
        #expect(String(decoding: key.encoded, as: UTF8.self) == Self.foreignKey)
        let comment = try verify(Self.foreignSignature, Array("test".utf8), by: key)
        #expect(comment == "timestamp:1633700835\tfile:test\tprehashed")
        #expect(
            try MinisignSignature.decode(Array(Self.foreignSignature.utf8)).encoded
                == Array(Self.foreignSignature.utf8))
    }

    @Test func `of minisign's older kind is refused by name`() throws {
        let fault = #expect(throws: MinisignFault.self) {
            try MinisignSignature.decode(Array(Self.legacySignature.utf8))
        }
        #expect(fault?.code == .legacy)
    }

    @Test func `of ours verifies, and the key's number is the beginning of its SHA-256`() throws {
        let key = try key()
        #expect(try verify(text(), by: key) == ByteString(Self.comment))
        #expect(key.number == Array(Digest.sha256(of: signer.publicKey.material).bytes.prefix(8)))
        #expect(key.line.hasPrefix("RW"))
        #expect(try MinisignKey.decode(key.encoded) == key)
    }

    @Test func `cut off anywhere is refused, and so is one with a byte more`() throws {
        let bytes = Array(try text().utf8)
        for length in 0..<bytes.count {
            let fault = #expect(throws: MinisignFault.self) { try MinisignSignature.decode(Array(bytes[..<length])) }
            #expect(fault?.code == .malformed, "\(length) bytes")
        }
        for more in ["\n", " ", "x", "\0"] {
            #expect(throws: MinisignFault.self) { try MinisignSignature.decode(bytes + Array(more.utf8)) }
        }
        let key = try key().encoded
        for length in 0..<key.count {
            #expect(throws: MinisignFault.self, "\(length) bytes") { try MinisignKey.decode(Array(key[..<length])) }
        }
    }

    @Test func `with any one byte changed below the first line is refused`() throws {
        let bytes = Array(try text().utf8)
        let key = try key()
        let digest = BLAKE2bHasher.digest(of: Self.archive)
        let first = try #require(bytes.firstIndex(of: UInt8(ascii: "\n")))
        for index in first..<bytes.count {
            for change: UInt8 in [1, 2, 0x20, 0x80] {
                var changed = bytes
                changed[index] ^= change
                #expect(throws: MinisignFault.self, "byte \(index) ^ \(change)") {
                    try MinisignSignature.decode(changed).verify(digest: digest, by: key)
                }
            }
        }
    }

    struct Edit: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: MinisignFaultCode
        let apply: @Sendable (inout [String]) -> Void

        init(_ name: String, _ code: MinisignFaultCode, _ apply: @escaping @Sendable (inout [String]) -> Void) {
            testDescription = name
            self.code = code
            self.apply = apply
        }
    }

    /// What base 64 holds, edited.
    private static func editing(_ line: String, _ edit: (inout Data) -> Void) -> String {
        var data = Data(base64Encoded: line) ?? Data()
        edit(&data)
        return data.base64EncodedString()
    }

    @Test(arguments: [
        Edit("another trusted comment", .invalid) {
            $0[2] = "trusted comment: product:suite version:9.9 channel:stable"
        },
        Edit("a space after the trusted comment", .invalid) { $0[2] += " " },
        Edit("no trusted comment", .invalid) { $0[2] = "trusted comment: " },
        Edit("no word of trust", .malformed) { $0[2] = "comment: x" },
        Edit("an untrusted comment in the place of the trusted", .malformed) { $0[2] = $0[0] },
        Edit("the first line left out", .malformed) { $0.removeFirst() },
        Edit("lines that end as on Windows", .malformed) { $0 = $0.map { $0 + "\r" } },
        Edit("two signatures, one after the other", .malformed) { $0 = $0.dropLast() + $0 },
        Edit("another key's number", .otherKey) { $0[1] = editing($0[1]) { $0[2] ^= 1 } },
        Edit("an algorithm nobody knows", .malformed) { $0[1] = editing($0[1]) { $0[0] = UInt8(ascii: "X") } },
        Edit("the older kind's letters over a signature of the newer", .legacy) {
            $0[1] = editing($0[1]) { $0[1] = UInt8(ascii: "d") }
        },
        Edit("a signature of 63 bytes", .malformed) { $0[1] = editing($0[1]) { $0.removeLast() } },
        Edit("a signature of 65 bytes", .malformed) { $0[1] = editing($0[1]) { $0.append(0) } },
        Edit("a second signature of 63 bytes", .malformed) { $0[3] = editing($0[3]) { $0.removeLast() } },
        Edit("a signature of zeroes", .invalid) {
            $0[1] = editing($0[1]) { $0.replaceSubrange(10..., with: Data(count: 64)) }
        },
        Edit("the first signature in the place of the second", .invalid) {
            $0[3] = Data(Data(base64Encoded: $0[1])?.dropFirst(10) ?? Data()).base64EncodedString()
        },
        Edit("no base 64", .malformed) { $0[1] = "%%%" },
        Edit("base 64 without its padding", .malformed) { $0[3] = String($0[3].dropLast(2)) },
        Edit("base 64 whose last bits are not zero", .malformed) {
            $0[3] = $0[3].dropLast(3) + "B=="
        },
        Edit("a space in base 64", .malformed) { $0[1] = " " + $0[1] },
        Edit("a comment that does not end", .malformed) {
            $0[0] += String(repeating: "x", count: MinisignSignature.byteLimit)
        },
    ]) func `that was tampered with is refused`(_ edit: Edit) throws {
        var lines = try text().split(separator: "\n").map(String.init)
        #expect(lines.count == 4)
        edit.apply(&lines)
        let key = try key()
        let fault = #expect(throws: MinisignFault.self) { try verify(lines.joined(separator: "\n") + "\n", by: key) }
        #expect(fault?.code == edit.code)
        #expect(fault?.family == .refusal)
    }

    @Test func `does not verify for another file, another hash or by another key`() throws {
        let text = try text()
        let key = try key()
        for other in [[], Self.archive + [0], Array(Self.archive.dropLast()), Array("another".utf8)] {
            let fault = #expect(throws: MinisignFault.self) { try verify(text, other, by: key) }
            #expect(fault?.code == .invalid)
        }
        let signature = try MinisignSignature.decode(Array(text.utf8))
        for digest in [[], Self.archive, Digest.sha256(of: Self.archive).bytes] {
            #expect(throws: MinisignFault.self) { try signature.verify(digest: digest, by: key) }
        }
        let other = try self.key(TestKey("mallory"))
        #expect(throws: MinisignFault.self) { try verify(text, by: other) }
    }

    @Test func `by another key under our key's number is refused`() throws {
        let key = try key()
        let digest = BLAKE2bHasher.digest(of: Self.archive)
        let forged = MinisignSignature(
            digest: digest, key: key, untrustedComment: "", trustedComment: ByteString(Self.comment),
            sign: TestKey("mallory").sign)
        let fault = #expect(throws: MinisignFault.self) { try forged.verify(digest: digest, by: key) }
        #expect(fault?.code == .invalid)
    }

    @Test func `is not made with a key that is not Ed25519`() throws {
        let object: JSONValue = [
            "keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": ["public": "x"],
        ]
        #expect(MinisignKey(try PublicKey(JSONReader(object, at: "key"))) == nil)
    }
}
