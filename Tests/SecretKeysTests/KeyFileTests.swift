import CanonicalJSON
import Primitives
import Signatures
import Testing

@testable import SecretKeys

@Suite struct KeyFileTests {
    private let key: SecretKey
    private let passphrase: SecretBytes
    private let sealed: KeyFile

    init() throws {
        key = try SecretKey.generate(name: KeyName("alice"))
        passphrase = try SecretBytes(copying: Array("correct horse".utf8))
        sealed = try KeyFile(key, passphrase: passphrase, cost: .trivial)
    }

    // MARK: round trips

    @Test("an encrypted key comes back with its passphrase, and its file says the public half without")
    func sealedRoundTrip() throws {
        let decoded = try KeyFile.decode(sealed.bytes)
        #expect(decoded == sealed)
        #expect(try decoded.bytes == sealed.bytes)
        #expect(decoded.name.text == "alice")
        #expect(decoded.publicKey == key.publicKey)
        #expect(decoded.holding == .encryptedFile)
        let opened = try decoded.secretKey(passphrase: passphrase)
        #expect(opened.publicKey == key.publicKey)
        #expect(try opened.sign([1]) == key.sign([1]))
    }

    @Test("an unencrypted key says so in a field of its own and comes back")
    func plainRoundTrip() throws {
        let file = KeyFile(unencrypted: key)
        let text = String(decoding: try file.bytes, as: UTF8.self)
        #expect(text.contains("\"unencrypted_seed\": "))
        #expect(text.contains("\"held\": \"plain file\""))
        let decoded = try KeyFile.decode(file.bytes)
        #expect(decoded == file)
        #expect(try decoded.secretKey(passphrase: nil).sign([1]) == key.sign([1]))
    }

    @Test("two files of one key and passphrase share neither salt, nonce nor box")
    func freshRandomness() throws {
        let other = try KeyFile(key, passphrase: passphrase, cost: .trivial)
        guard case .sealed(let first) = sealed.body, case .sealed(let second) = other.body else {
            Issue.record("not sealed")
            return
        }
        #expect(first.parameters.salt != second.parameters.salt)
        #expect(first.parameters.nonce != second.parameters.nonce)
        #expect(first.box != second.box)
    }

    @Test("the default cost is libsodium's moderate one")
    func defaultCost() throws {
        let file = try KeyFile(key, passphrase: passphrase)
        guard case .sealed(let sealed) = file.body else {
            Issue.record("not sealed")
            return
        }
        #expect(sealed.parameters.cost == .moderate)
    }

    @Test("a public key file comes back, and only its one spelling is read")
    func publicRoundTrip() throws {
        let file = PublicKeyFile(sealed)
        let decoded = try PublicKeyFile.decode(file.encoded)
        #expect(decoded == file)
        #expect(decoded.publicKey.computedID == key.publicKey.computedID)
        #expect(decoded.holding == .encryptedFile)
        for wrong in try [file.encoded + [0x20], Array(file.encoded.dropLast()), sealed.bytes, []] {
            let fault = try #require(throws: KeyFault.self) { try PublicKeyFile.decode(wrong) }
            #expect(fault.code == .malformed)
        }
    }

    // MARK: refusals

    @Test(
        "a wrong passphrase is a fault of its own that a retry may mend",
        arguments: ["correct horsf", "correct horse ", "Correct horse", "x"])
    func wrongPassphrase(text: String) throws {
        let wrong = try SecretBytes(copying: Array(text.utf8))
        let fault = try #require(throws: KeyFault.self) { try sealed.secretKey(passphrase: wrong) }
        #expect(fault == KeyFault(.wrongPassphrase))
        #expect(fault.family.exitStatus == 1)
        #expect(!"\(fault)".contains("orrect"))
    }

    @Test("without a passphrase an encrypted key stays shut")
    func noPassphrase() throws {
        let fault = try #require(throws: KeyFault.self) { try sealed.secretKey(passphrase: nil) }
        #expect(fault.code == .passphraseNeeded)
        #expect(fault.family == .usage)
    }

    @Test("passphrases that are empty or too long are refused when a key is made", arguments: [0, 1025])
    func unusablePassphrase(count: Int) throws {
        let passphrase = try SecretBytes(copying: [UInt8](repeating: 0x61, count: count))
        let fault = try #require(throws: KeyFault.self) { try KeyFile(key, passphrase: passphrase, cost: .trivial) }
        #expect(fault.code == .invalidPassphrase)
    }

    @Test("every byte of an encrypted key's file counts: changed, it does not open")
    func everyByte() throws {
        let bytes = try sealed.bytes
        for position in bytes.indices {
            for change: UInt8 in [0x01, 0x20] {
                var changed = bytes
                changed[position] ^= change
                #expect(throws: KeyFault.self, "byte \(position) ^ \(change)") {
                    try KeyFile.decode(changed).secretKey(passphrase: passphrase)
                }
            }
        }
    }

    @Test("a header that is changed to another valid one fails like a wrong passphrase")
    func changedHeader() throws {
        guard case .sealed(let body) = sealed.body else {
            Issue.record("not sealed")
            return
        }
        let mallory = try SecretKey.generate(name: KeyName("mallory"))
        let text = String(decoding: try sealed.bytes, as: UTF8.self)
        let changes = [
            ("alice", "mallory"), (Hex.encode(key.publicKey.material), Hex.encode(mallory.publicKey.material)),
            ("\"opslimit\": 1", "\"opslimit\": 2"), ("\"memlimit\": 8192", "\"memlimit\": 9216"),
            (Hex.encode(body.parameters.salt), String(repeating: "00", count: 16)),
            (Hex.encode(body.parameters.nonce), String(repeating: "00", count: 24)),
            (Hex.encode(body.box), String(repeating: "00", count: 48)),
        ]
        for (old, new) in changes {
            let changed = Array(text.replacing(old, with: new).utf8)
            try #require(try changed != sealed.bytes, "\(old) is in the file")
            let file = try KeyFile.decode(changed)
            let fault = try #require(throws: KeyFault.self) { try file.secretKey(passphrase: passphrase) }
            #expect(fault == KeyFault(.wrongPassphrase), "\(old) to \(new)")
        }
    }

    @Test("an unencrypted file whose halves do not belong together is refused")
    func mismatch() throws {
        let mallory = try SecretKey.generate(name: KeyName("alice"))
        let text = String(decoding: try KeyFile(unencrypted: key).bytes, as: UTF8.self)
        let changed = text.replacing(Hex.encode(key.publicKey.material), with: Hex.encode(mallory.publicKey.material))
        let file = try KeyFile.decode(Array(changed.utf8))
        #expect(throws: KeyFault(.mismatch)) { try file.secretKey(passphrase: nil) }
    }

    @Test(
        "a file that would keep this machine busy is refused before any work",
        arguments: [
            ("\"opslimit\": 1", "\"opslimit\": 0"), ("\"opslimit\": 1", "\"opslimit\": 17"),
            ("\"opslimit\": 1", "\"opslimit\": -1"), ("\"opslimit\": 1", "\"opslimit\": 9223372036854775807"),
            ("\"memlimit\": 8192", "\"memlimit\": 8191"), ("\"memlimit\": 8192", "\"memlimit\": 1073741825"),
            ("\"memlimit\": 8192", "\"memlimit\": 0"),
        ])
    func costs(old: String, new: String) throws {
        let fault = try fault(replacing: old, with: new)
        #expect(fault.code == .costOutOfBounds)
        #expect(fault.family == .refusal)
    }

    @Test(
        "another layout, unknown fields, wrong types and sizes are refused",
        arguments: [
            ("sceau-secret-key/1", "sceau-secret-key/2"), ("encrypted file", "plain file"),
            ("encrypted file", "smart card"), ("argon2id13", "scrypt"), ("xchacha20-poly1305-ietf", "rot13"),
            ("\"name\": \"alice\"\n", "\"name\": \"../alice\"\n"), ("\"name\": \"alice\"\n", "\"name\": \"bob\"\n"),
            ("\"name\": \"alice\"\n", "\"name\": \"alice\",\n \"zzz\": 1\n"),
            ("\"name\": \"alice\"\n", "\"name\":\"alice\"\n"),
            ("\"name\": \"alice\"\n", "\"name\": 7\n"), ("\"opslimit\": 1", "\"opslimit\": 1.0"),
            ("\"opslimit\": 1", "\"opslimit\": \"1\""),
            ("\"scheme\": \"ed25519\"", "\"scheme\": \"rsassa-pss-sha256\""),
            ("\"scheme\": \"ed25519\"", "\"scheme\": \"ed25519\",\n  \"spare\": true"),
            ("\"salt\": \"", "\"salt\": \"00"), ("\"nonce\": \"", "\"nonce\": \"00"), ("\"box\": \"", "\"box\": \"00"),
            ("\"box\": \"", "\"box\": \"zz"), ("\"box\": \"", "\"crate\": \""), ("{", "{{"), ("}", ""),
        ])
    func malformed(old: String, new: String) throws {
        let fault = try fault(replacing: old, with: new)
        #expect(fault.code == .malformed)
        #expect(fault.family == .refusal)
    }

    @Test("a file longer than any key's is not even parsed")
    func tooLong() throws {
        let long = try sealed.bytes + [UInt8](repeating: 0x20, count: 4096)
        #expect(try #require(throws: KeyFault.self) { try KeyFile.decode(long) }.code == .malformed)
    }

    @Test("no fault about an unencrypted file shows a byte of the seed, wherever the file is cut or changed")
    func silentFaults() throws {
        let bytes = try KeyFile(unencrypted: key).bytes
        let seed = key.seed.withUnsafeBytes { Hex.encode($0) }
        for position in bytes.indices {
            var changed = bytes
            changed[position] = UInt8(ascii: "\"")
            for wrong in [changed, Array(bytes.prefix(position))] {
                do { _ = try KeyFile.decode(wrong).secretKey(passphrase: nil) } catch {
                    let text = "\(error) \(String(reflecting: error))"
                    for part in [seed.prefix(8), seed.dropFirst(24).prefix(8), seed.suffix(8)] {
                        #expect(!text.contains(part))
                    }
                }
            }
        }
    }

    private func fault(replacing old: String, with new: String) throws -> KeyFault {
        let text = String(decoding: try sealed.bytes, as: UTF8.self)
        let changed = Array(text.replacing(old, with: new, maxReplacements: 1).utf8)
        try #require(try changed != sealed.bytes, "\(old) is in the file")
        return try #require(throws: KeyFault.self) { try KeyFile.decode(changed) }
    }
}
