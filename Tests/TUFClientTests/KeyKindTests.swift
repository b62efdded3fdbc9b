import CanonicalJSON
import Foundation
import Primitives
import Signatures
import TUF
import TestSupport
import Testing

/// The timestamp is signed by a key of another kind than Ed25519; everything else is as ever.
@Suite("tuf-client, and a key that is not Ed25519")
struct KeyKindTests {
    /// Who signs, and how.
    enum Signature: Sendable {
        case own
        case pss(salt: String, digest: String = "sha256", mask: String = "sha256")
        case pkcs1
        case overOtherBytes
        case withOneBitWrong
        case byAnother(OpenSSLKey.Kind)
        case ed25519
        case none
    }

    /// What is wrong with the key's text, if anything is.
    enum Text: Sendable {
        case usual, withoutLastNewline, withCarriageReturns
        case cutOff, withoutEnd, withoutBegin, withBitsWrong, withOtherLabel, onOneLine, ofNothing
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let isAccepted: Bool
        let kind: OpenSSLKey.Kind
        let type: ByteString
        let scheme: ByteString
        let text: Text
        let signature: Signature

        private init(
            _ description: String, _ isAccepted: Bool, _ kind: OpenSSLKey.Kind, type: ByteString, scheme: ByteString,
            text: Text = .usual, signature: Signature
        ) {
            testDescription = description
            self.isAccepted = isAccepted
            self.kind = kind
            self.type = type
            self.scheme = scheme
            self.text = text
            self.signature = signature
        }

        static func p256(
            _ description: String, _ isAccepted: Bool, kind: OpenSSLKey.Kind = .p256, type: ByteString = "ecdsa",
            scheme: ByteString = "ecdsa-sha2-nistp256", text: Text = .usual, signature: Signature = .own
        ) -> Row {
            Row(description, isAccepted, kind, type: type, scheme: scheme, text: text, signature: signature)
        }

        static func rsa(
            _ description: String, _ isAccepted: Bool, kind: OpenSSLKey.Kind = .rsa,
            scheme: ByteString = "rsassa-pss-sha256", text: Text = .usual, signature: Signature = .pss(salt: "digest")
        ) -> Row {
            Row(description, isAccepted, kind, type: "rsa", scheme: scheme, text: text, signature: signature)
        }
    }

    static let rows: [Row] = [
        .p256("P-256", true),
        .p256("P-256 under its old name", true, type: "ecdsa-sha2-nistp256"),
        .p256("P-256, no newline at the end", true, text: .withoutLastNewline),
        .p256("P-256, lines end as elsewhere", true, text: .withCarriageReturns),
        .p256("P-256, signed by nobody", false, signature: .none),
        .p256("P-256, other bytes signed", false, signature: .overOtherBytes),
        .p256("P-256, one bit wrong", false, signature: .withOneBitWrong),
        .p256("P-256, signed by another P-256 key", false, signature: .byAnother(.p256)),
        .p256("P-256, signed by an RSA key", false, signature: .byAnother(.rsa)),
        .p256("P-256, signed by an Ed25519 key", false, signature: .ed25519),
        .p256("P-256, called RSA", false, type: "rsa", scheme: "rsassa-pss-sha256"),
        .p256("P-256, called Ed25519", false, type: "ed25519", scheme: "ed25519"),
        .p256("P-256, called what nobody knows", false, scheme: "ecdsa-sha2-unknown"),
        .p256("P-256, type and scheme of two kinds", false, type: "rsa"),
        .p256("P-384, called P-256", false, kind: .p384),
        .p256("P-256, cut off", false, text: .cutOff),
        .p256("P-256, without an end", false, text: .withoutEnd),
        .p256("P-256, without a beginning", false, text: .withoutBegin),
        .p256("P-256, nonsense in the middle", false, text: .withBitsWrong),
        .p256("P-256, labelled a certificate", false, text: .withOtherLabel),
        .p256("P-256, all on one line", false, text: .onOneLine),
        .p256("no text at all", false, text: .ofNothing),
        .rsa("RSA, salt as long as the digest", true),
        .rsa("RSA, the longest salt", true, signature: .pss(salt: "max")),
        .rsa("RSA, salt of 20 bytes", true, signature: .pss(salt: "20")),
        .rsa("RSA, no salt", true, signature: .pss(salt: "0")),
        .rsa("RSA, no newline at the end", true, text: .withoutLastNewline),
        .rsa("RSA, one bit wrong", false, signature: .withOneBitWrong),
        .rsa("RSA, signed by nobody", false, signature: .none),
        .rsa("RSA, signed as PKCS#1 v1.5", false, signature: .pkcs1),
        .rsa("RSA, another digest", false, signature: .pss(salt: "32", digest: "sha512", mask: "sha512")),
        .rsa("RSA, another mask", false, signature: .pss(salt: "32", mask: "sha1")),
        .rsa("RSA, signed by a P-256 key", false, signature: .byAnother(.p256)),
        .rsa("RSA, signed by an Ed25519 key", false, signature: .ed25519),
        .rsa("RSA, called P-256's scheme", false, scheme: "ecdsa-sha2-nistp256"),
        .rsa("RSA, called PKCS#1 v1.5", false, scheme: "rsa-pkcs1v15-sha256", signature: .pkcs1),
        .rsa("RSA, cut off", false, text: .cutOff),
    ]

    @Test(arguments: rows)
    func `takes what it signed, and nothing else in its place`(row: Row) throws {
        let repository = RepositorySimulator()
        let key = try OpenSSLKey(row.kind)
        let publicKey = try Self.publicKey(row, row.text.applied(to: key.pem))
        let id = publicKey.computedID
        repository.root.keys[id] = publicKey
        repository.root.roles[.timestamp] = RoleKeys(keyIDs: [id], threshold: 1)
        repository.bumpRoot()
        var file = SignedFile(repository.timestamp)
        file.signatures[id] = try row.signature.made(over: file.signedBytes, by: key, kind: row.kind)
        repository.bend["timestamp.json"] = { [bytes = file.bytes] _ in bytes }
        let client = try ClientUnderTest(repository)
        #expect(try client.initialise() == 0)
        #expect(try client.refresh() == (row.isAccepted ? 0 : 1))
        #expect(row.isAccepted || client.errors.contains("threshold-not-met"))
        #expect(try client.versions()["root.json"] == 2)
        #expect(try client.trusted().count == (row.isAccepted ? 4 : 1))
        // Beside a good key it does no harm.
        let good = TestKey("timestamp")
        file.signatures[good.keyID] = good.sign(file.signedBytes)
        repository.bend["timestamp.json"] = { [bytes = file.bytes] _ in bytes }
        repository.root.roles[.timestamp] = RoleKeys(keyIDs: [id, good.keyID], threshold: 1)
        repository.bumpRoot()
        #expect(try client.refresh() == 0)
    }

    private static func publicKey(_ row: Row, _ text: String) throws -> PublicKey {
        try PublicKey(
            JSONReader(
                [
                    "keytype": .string(row.type), "scheme": .string(row.scheme),
                    "keyval": ["public": .string(ByteString(text))],
                ], at: "key"))
    }
}

extension KeyKindTests.Text {
    fileprivate func applied(to pem: String) throws -> String {
        let lines = pem.split(separator: "\n").map(String.init)
        let (first, last) = (try #require(lines.first), try #require(lines.last))
        let body = lines.dropFirst().dropLast()
        return switch self {
        case .usual: pem
        case .withoutLastNewline: lines.joined(separator: "\n")
        case .withCarriageReturns: lines.map { $0 + "\r\n" }.joined()
        case .cutOff: String(pem.prefix(pem.count / 2))
        case .withoutEnd: ([first] + body).joined(separator: "\n") + "\n"
        case .withoutBegin: (body + [last]).joined(separator: "\n") + "\n"
        case .withBitsWrong: ([first] + body.map { String($0.reversed()) } + [last]).joined(separator: "\n") + "\n"
        case .withOtherLabel: pem.replacingOccurrences(of: "PUBLIC KEY", with: "CERTIFICATE")
        case .onOneLine: lines.joined()
        case .ofNothing: ""
        }
    }
}

extension KeyKindTests.Signature {
    fileprivate func made(over bytes: [UInt8], by key: OpenSSLKey, kind: OpenSSLKey.Kind) throws -> [UInt8] {
        let usual = kind == .rsa ? Self.pssOptions(salt: "digest", mask: "sha256") : []
        switch self {
        case .own: return try key.sign(bytes, usual)
        case .pss(let salt, let digest, let mask):
            return try key.sign(bytes, digest: digest, Self.pssOptions(salt: salt, mask: mask))
        case .pkcs1: return try key.sign(bytes)
        case .overOtherBytes: return try key.sign(bytes + [0x20], usual)
        case .withOneBitWrong:
            var signature = try key.sign(bytes, usual)
            signature[signature.count - 1] ^= 1
            return signature
        case .byAnother(let other):
            return try Self.own.made(over: bytes, by: OpenSSLKey(other), kind: other)
        case .ed25519: return TestKey("timestamp").sign(bytes)
        case .none: return []
        }
    }

    private static func pssOptions(salt: String, mask: String) -> [String] {
        ["rsa_padding_mode:pss", "rsa_pss_saltlen:\(salt)", "rsa_mgf1_md:\(mask)"]
    }
}
