import Primitives
import SecretKeys
import Signatures
import Testing

@Suite struct SecretKeyTests {
    /// RFC 8032, section 7.1: seed, public key, message, signature.
    static let vectors: [(String, String, String, String)] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                + "d25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                + "387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
                + "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ]

    @Test("keys and signatures are those of RFC 8032", arguments: vectors)
    func vector(seed: String, publicKey: String, message: String, signature: String) throws {
        let seedBytes = try #require(Hex.decode(seed))
        let messageBytes = try #require(Hex.decode(message))
        let key = try SecretKey(seed: SecretBytes(copying: seedBytes), name: KeyName("alice"))
        #expect(Hex.encode(key.publicKey.material) == publicKey)
        #expect(Hex.encode(try key.sign(messageBytes)) == signature)
        #expect(key.publicKey.isValid(signature: try key.sign(messageBytes), for: messageBytes))
    }

    @Test("a fresh key signs what its public half verifies, and nothing else passes")
    func freshKey() throws {
        let key = try SecretKey.generate(name: KeyName("alice"))
        let other = try SecretKey.generate(name: KeyName("alice"))
        let message = Array("release".utf8)
        let signature = try key.sign(message)
        #expect(key.publicKey.name == "alice")
        #expect(key.publicKey.isValid(signature: signature, for: message))
        #expect(!key.publicKey.isValid(signature: signature, for: message + [0]))
        #expect(!other.publicKey.isValid(signature: signature, for: message))
        #expect(key.publicKey.identity != other.publicKey.identity)
    }

    @Test("a seed of another size is refused", arguments: [0, 31, 33, 64])
    func wrongSeedSize(count: Int) throws {
        let seed = try SecretBytes(randomCount: count)
        let fault = try #require(throws: KeyFault.self) { try SecretKey(seed: seed, name: KeyName("alice")) }
        #expect(fault.code == .malformed)
    }

    @Test("names that are names", arguments: ["a", "7", "alice", "a.b_c-d", "a..b", String(repeating: "x", count: 32)])
    func goodName(text: String) throws {
        #expect(try KeyName(ByteString(text)).text == ByteString(text))
    }

    @Test(
        "names that could lead elsewhere, hide or confuse are refused",
        arguments: [
            "", ".", "..", ".hidden", "-option", "_x", "../x", "a/b", "/etc/passwd", "Alice", "aLice", "a b", "a\n",
            "a\0",
            "é", "e\u{301}", "a\u{202e}b", "a:b", "a\\b", String(repeating: "x", count: 33),
            String(repeating: "x", count: 100_000),
        ])
    func badName(text: String) throws {
        let fault = try #require(throws: KeyFault.self) { try KeyName(ByteString(text)) }
        #expect(fault.code == .invalidName)
        #expect(fault.family == .usage)
        #expect(fault.message.utf8.count < 600)
        #expect(!fault.message.contains("\u{202e}"))
    }

    @Test("neither description nor reflection shows a byte of a secret")
    func silence() throws {
        let seed = Array("0123456789abcdefghijklmnopqrstuv".utf8)
        let secret = try SecretBytes(copying: seed)
        let key = try SecretKey(seed: secret, name: KeyName("alice"))
        let file = KeyFile(unencrypted: key)
        for value: Any in [secret, key, file] {
            var dumped = "\(value) \(String(reflecting: value)) "
            dump(value, to: &dumped)
            #expect(!dumped.contains("0123"))
            #expect(!dumped.contains("30313233"))
            #expect(!dumped.contains("48, 49"))
        }
    }

    @Test("secret bytes are what was put in, and comparing looks at all of them")
    func secretBytes() throws {
        let secret = try SecretBytes(copying: [1, 2, 3])
        #expect(secret.withUnsafeBytes { Array($0) } == [1, 2, 3])
        #expect(secret.isEqual(to: try SecretBytes(copying: [1, 2, 3])))
        #expect(!secret.isEqual(to: try SecretBytes(copying: [1, 2, 4])))
        #expect(!secret.isEqual(to: try SecretBytes(copying: [1, 2])))
        #expect(try SecretBytes(copying: []).count == 0)
        let part = try SecretBytes(capacity: 10) { buffer in
            buffer[0] = 9
            return 1
        }
        #expect(part.withUnsafeBytes { Array($0) } == [9])
    }

    @Test("a fault while secret bytes are filled in passes")
    func failedFilling() throws {
        let fault = try #require(throws: KeyFault.self) {
            try SecretBytes(capacity: 8) { _ in throw KeyFault(.wrongPassphrase) }
        }
        #expect(fault.code == .wrongPassphrase)
    }
}
