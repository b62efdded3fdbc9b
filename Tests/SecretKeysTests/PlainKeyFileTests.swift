import CanonicalJSON
import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TestSupport
import Testing

@testable import SecretKeys

/// Unencrypted key files: their seed, and what a parser on the heap gets to see of them.
@Suite struct PlainKeyFileTests {
    private let key: SecretKey
    private let seed: String
    private let bytes: [UInt8]
    /// Every stretch of eight digits of the seed.
    private let stretches: Set<String>

    init() throws {
        key = try SecretKey.generate(name: KeyName("deadbeef.0123456789"))
        seed = key.seed.withUnsafeBytes { Hex.encode($0) }
        bytes = try KeyFile(unencrypted: key).bytes
        let digits = Array(seed)
        stretches = Set((0...(digits.count - 8)).map { String(digits[$0..<($0 + 8)]) })
    }

    private func shows(_ text: String) -> Bool {
        let digits = text.lowercased().split { !$0.isHexDigit }.filter { $0.count >= 8 }.map(Array.init)
        return digits.contains { run in
            (0...(run.count - 8)).contains { stretches.contains(String(run[$0..<($0 + 8)])) }
        }
    }

    @Test("one comes back from memory and from the disk, with the seed on a line of its own")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let storage = KeyStorage(DurableStorage())
        let path = folder.path("a.key")
        try storage.create(KeyFile(unencrypted: key), at: path, publicAt: folder.path("a.pub"))
        #expect(try folder.read("a.key") == bytes)
        #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("\",\n \"unencrypted_seed\": \"\(seed)\"\n}\n"))
        #expect(try JSONValue.decode(bytes, limits: KeyFileHeader.jsonLimits).fileEncoding == bytes)
        for file in [try KeyFile.decode(bytes), try storage.loadKeyFile(path)] {
            #expect(file == KeyFile(unencrypted: key))
            #expect(try file.secretKey(passphrase: nil).seed.isEqual(to: key.seed))
        }
        #expect(try storage.loadPublicHalf(path).publicKey == key.publicKey)
    }

    @Test("the parser sees zeros for the seed and all else as it is, of an encrypted file everything")
    func redaction() throws {
        let text = try KeyFileText(SecretBytes(copying: bytes))
        let zeros = String(repeating: "0", count: 64)
        #expect(text.redacted == Array(String(decoding: bytes, as: UTF8.self).replacing(seed, with: zeros).utf8))
        #expect(try #require(text.seed).isEqual(to: key.seed))
        #expect(shows(String(decoding: bytes, as: UTF8.self)) && !shows(String(decoding: text.redacted, as: UTF8.self)))

        let passphrase = try SecretBytes(copying: [0x61])
        let sealed = try KeyFile(key, passphrase: passphrase).bytes
        let whole = try KeyFileText(SecretBytes(copying: sealed))
        #expect(whole.redacted == sealed)
        #expect(whole.seed == nil)
    }

    @Test("a seed of zeros is a seed like any other")
    func zeros() throws {
        let key = try SecretKey(seed: SecretBytes(copying: [UInt8](repeating: 0, count: 32)), name: KeyName("zero"))
        let file = try KeyFile.decode(KeyFile(unencrypted: key).bytes)
        #expect(try file.secretKey(passphrase: nil).publicKey == key.publicKey)
    }

    @Test("cut anywhere or with any bit changed, one is refused, and neither parser nor message shows the seed")
    func everyBit() throws {
        for position in bytes.indices {
            try checkRefused(Array(bytes.prefix(position)), "cut at \(position)")
            for bit in 0..<8 {
                var changed = bytes
                changed[position] ^= 1 << UInt8(bit)
                try checkRefused(changed, "bit \(bit) of byte \(position)")
            }
        }
    }

    @Test("wherever else the seed stands, it is refused and hidden")
    func elsewhere() throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let line = "\"unencrypted_seed\": \"\(seed)\""
        for wrong in [
            "\"unencrypted_seed\": \"\(seed.uppercased())\"", "\"unencrypted_seed\": [\"\(seed)\"]", "\"\(seed)\": 1",
            "\"unencrypted_seed\":\"\(seed)\"", "\(line),\n \(line)", "\"unencrypted_seed\": \"\(seed)00\"",
            "\"unencrypted_seed\": \"\(seed.dropLast())\"", "\"unencrypted_seed\": \"\(seed) \"",
            "\"unencrypted_seed\": \(seed)", "\(line),\n \"zzz\": \"\(seed)\"", "\"seed\": \"\(seed)\"",
            "\"opslimit\": 1, \(line)", "\(line), \"name\": \"\"",
        ] {
            let changed = text.replacing(line, with: wrong)
            try #require(changed != text)
            try checkRefused(Array(changed.utf8), wrong)
        }
        for held in ["encrypted file", "ssh-agent"] {
            try checkRefused(Array(text.replacing("plain file", with: held).utf8), held)
        }
        try checkRefused(Array(text.replacing("secret-key/1", with: "public-key/1").utf8), "public")
        // A run of digits where words belong is hidden as well, and is no seed.
        let held = text.replacing("\"plain file\"", with: "\"\(seed)\"")
        let moved = held.replacing(line, with: "\"zzz\": \"plain file\"")
        try checkRefused(Array(moved.utf8), "moved")
    }

    private func checkRefused(_ bytes: [UInt8], _ what: String) throws {
        let text = try KeyFileText(SecretBytes(copying: bytes))
        #expect(!shows(String(decoding: text.redacted, as: UTF8.self)), "\(what)")
        let fault = try #require(throws: KeyFault.self, "\(what)") {
            try KeyFile.decode(bytes).secretKey(passphrase: nil)
        }
        #expect(!shows("\(fault) \(fault.message) \(String(reflecting: fault))"), "\(what)")
    }
}
