internal import CCrypto
import CanonicalJSON
import Foundation
import Primitives
import Signatures
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// How often libcrypto wanted to ask somebody something. C calls the function that counts: it can capture nothing.
private let questions = Atomic(0)

@Suite("A public key")
struct PublicKeyTests {
    private func key(_ type: ByteString, _ scheme: ByteString, _ value: ByteString) throws -> PublicKey {
        try PublicKey(
            JSONReader(
                ["keytype": .string(type), "scheme": .string(scheme), "keyval": ["public": .string(value)]], at: "key"))
    }

    /// RFC 8032, 7.1, TEST 3.
    @Test func `verifies the vector of RFC 8032 and no bit flipped in it`() throws {
        let publicKey = try key(
            "ed25519", "ed25519", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
        let message: [UInt8] = [0xaf, 0x82]
        let signature = try #require(
            Hex.decode(
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                    + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"))
        #expect(publicKey.isValid(signature: signature, for: message))
        for bit in 0..<signature.count * 8 {
            var changed = signature
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!publicKey.isValid(signature: changed, for: message))
        }
        #expect(!publicKey.isValid(signature: signature, for: message + [0]))
        #expect(!publicKey.isValid(signature: Array(signature.dropLast()), for: message))
        #expect(!publicKey.isValid(signature: [], for: message))
    }

    @Test(arguments: [
        ("ed25519", "ed25519", "00"), ("ed25519", "ed25519", "zz"), ("ed25519", "other", "00"), ("dsa", "dsa", "x"),
        ("ecdsa", "ecdsa-sha2-nistp256", "no PEM"), ("rsa", "rsassa-pss-sha256", "-----BEGIN PUBLIC KEY-----\n"),
    ])
    func `of an unknown kind, or broken, verifies nothing and is no error`(
        type: String, scheme: String, value: String
    ) throws {
        let publicKey = try key(ByteString(type), ByteString(scheme), ByteString(value))
        #expect(!publicKey.isValid(signature: [UInt8](repeating: 0, count: 64), for: []))
    }

    @Test func `of small order verifies nothing`() throws {
        let publicKey = try key("ed25519", "ed25519", ByteString("01" + String(repeating: "00", count: 31)))
        let signature = [UInt8](repeating: 0, count: 64)
        #expect(!publicKey.isValid(signature: [1] + signature.dropFirst(), for: []))
    }

    @Test func `has the id that the canonical form of its whole object gives`() throws {
        let publicKey = try key("ed25519", "ed25519", "00")
        let canonical = #"{"keytype":"ed25519","keyval":{"public":"00"},"scheme":"ed25519"}"#
        #expect(publicKey.computedID.description == Digest.sha256(of: Array(canonical.utf8)).hex)
        #expect(TestKey("a").publicKey.computedID != TestKey("b").publicKey.computedID)
    }

    struct OpenSSLCase: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let type: ByteString
        let scheme: ByteString
        let generate: [String]
        let sign: [String]
        let isValid: Bool
    }

    static let pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_mgf1_md:sha256"]
    static let cases = [
        OpenSSLCase(
            testDescription: "P-256", type: "ecdsa", scheme: "ecdsa-sha2-nistp256",
            generate: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], sign: [], isValid: true),
        OpenSSLCase(
            testDescription: "P-256 under its old name", type: "ecdsa-sha2-nistp256", scheme: "ecdsa-sha2-nistp256",
            generate: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], sign: [], isValid: true),
        OpenSSLCase(
            testDescription: "P-384 given out as P-256", type: "ecdsa", scheme: "ecdsa-sha2-nistp256",
            generate: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], sign: [], isValid: false),
        OpenSSLCase(
            testDescription: "RSA-PSS, salt of 32", type: "rsa", scheme: "rsassa-pss-sha256",
            generate: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            sign: pss + ["-sigopt", "rsa_pss_saltlen:32"], isValid: true),
        OpenSSLCase(
            testDescription: "RSA-PSS, longest salt", type: "rsa", scheme: "rsassa-pss-sha256",
            generate: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            sign: pss + ["-sigopt", "rsa_pss_saltlen:max"], isValid: true),
        OpenSSLCase(
            testDescription: "RSA PKCS#1 v1.5 given out as PSS", type: "rsa", scheme: "rsassa-pss-sha256",
            generate: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], sign: [], isValid: false),
        OpenSSLCase(
            testDescription: "RSA of 1024 bits", type: "rsa", scheme: "rsassa-pss-sha256",
            generate: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], sign: pss, isValid: false),
        OpenSSLCase(
            testDescription: "RSA given out as P-256", type: "ecdsa", scheme: "ecdsa-sha2-nistp256",
            generate: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], sign: [], isValid: false),
    ]

    @Test(arguments: cases)
    func `made by openssl verifies what openssl signed`(row: OpenSSLCase) throws {
        let folder = try TemporaryFolder()
        let secret = folder.path.appending("secret").string
        let message = Array("message".utf8)
        let messageFile = folder.path.appending("message").string
        try Data(message).write(to: URL(fileURLWithPath: messageFile))
        _ = try openssl(["genpkey", "-out", secret] + row.generate)
        let pem = try openssl(["pkey", "-in", secret, "-pubout"])
        let signature = try openssl(["dgst", "-sha256", "-sign", secret] + row.sign + [messageFile])
        let publicKey = try key(row.type, row.scheme, ByteString(pem))
        #expect(publicKey.isValid(signature: signature, for: message) == row.isValid)
        #expect(!publicKey.isValid(signature: signature, for: message + [0]))
        #expect(!publicKey.isValid(signature: Array(signature.dropLast()), for: message))
        let relaid = try key(row.type, row.scheme, ByteString(pem + Array("\n".utf8)))
        #expect(publicKey.identity == relaid.identity)
    }

    @Test(arguments: ["compressed", "explicit"])
    func `is the same key however its curve and point are written`(form: String) throws {
        let folder = try TemporaryFolder()
        let secret = folder.path.appending("secret").string
        _ = try openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", secret])
        let option = form == "explicit" ? ["-param_enc", "explicit"] : ["-conv_form", "compressed"]
        let usual = try openssl(["ec", "-in", secret, "-pubout"])
        let other = try openssl(["ec", "-in", secret, "-pubout"] + option)
        #expect(other != usual)
        let keys = try [usual, other].map { try key("ecdsa", "ecdsa-sha2-nistp256", ByteString($0)) }
        #expect(keys[0].identity == keys[1].identity)
    }

    /// libcrypto would ask on the terminal of whoever runs the agent, and wait for the answer.
    @Test func `that is encrypted is no public key, and nobody is asked for a passphrase`() throws {
        let header = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEF\n\n"
        let body = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
        let pem = "-----BEGIN PUBLIC KEY-----\n\(header)\(body)-----END PUBLIC KEY-----\n"
        let terminal = UI_create_method("one that only counts")
        UI_method_set_opener(terminal) { _ in Int32(questions.add(1, ordering: .relaxed).newValue) }
        UI_set_default_method(terminal)
        defer { UI_set_default_method(UI_OpenSSL()) }
        #expect(try !key("rsa", "rsassa-pss-sha256", ByteString(pem)).isValid(signature: [0], for: []))
        #expect(questions.load(ordering: .relaxed) == 0)
    }

    private func openssl(_ arguments: [String]) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return Array(bytes)
    }
}
