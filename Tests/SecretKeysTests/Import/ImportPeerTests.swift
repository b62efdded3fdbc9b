import DurableStorage
import Foundation
import Primitives
import Signatures
import SystemPackage
import TestSupport
import Testing

@testable import SecretKeys

/// Keys that the real tools made; and what the imported keys sign, checked by the real tools.
@Suite struct ImportPeerTests {
    private let folder: TemporaryFolder
    private let message = "The quick brown fox\n"

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(message, to: "message")
    }

    private func found(_ name: String) throws -> ForeignKeyFile {
        let found = try KeyStorage(DurableStorage()).loadForeignKey(folder.path(name))
        // Each tool sees to that by itself.
        #expect(found.exposure == nil)
        return found.file
    }

    private func passphrase(_ text: String) throws -> SecretBytes { try SecretBytes(copying: Array(text.utf8)) }

    /// Opens an encrypted key, after a look at what a wrong passphrase and none give.
    private func open(_ file: ForeignKeyFile, _ text: String) throws -> SecretKey {
        let name = try KeyName("alice")
        #expect(file.isEncrypted)
        let none = try #require(throws: KeyFault.self) { try file.secretKey(name: name, passphrase: nil) }
        #expect(none.code == .passphraseNeeded)
        let wrong = try #require(throws: KeyFault.self) {
            try file.secretKey(name: name, passphrase: passphrase(text + "."))
        }
        #expect(wrong == KeyFault(.wrongPassphrase))
        #expect(wrong.family.exitStatus == 1)
        return try file.secretKey(name: name, passphrase: passphrase(text))
    }

    // MARK: minisign and signify

    @Test("a minisign key without password signs what minisign verifies")
    func minisignPlain() throws {
        try ForeignTool.minisign.run(["-G", "-W", "-p", "m.pub", "-s", "m.key"], in: folder.path)
        let file = try found("m.key")
        #expect(file.format == .minisign)
        try checkMinisign(file.secretKey(name: KeyName("alice"), passphrase: nil))
    }

    /// Some people have keys "encrypted" with nothing, since minisign could not always do without.
    @Test("a minisign key with a password, too, even with an empty one", arguments: ["correct horse ü", ""])
    func minisignEncrypted(password: String) throws {
        try ForeignTool.minisign.run(
            ["-G", "-p", "m.pub", "-s", "m.key"], input: "\(password)\n\(password)\n", in: folder.path,
            memoryLimit: 100_000)
        try checkMinisign(open(found("m.key"), password))
    }

    private func checkMinisign(_ key: SecretKey) throws {
        let number = try checkPublicKey("m.pub", key)
        let comment = "by an imported key"
        let signature = try key.sign(Array(message.utf8))
        let global = try key.sign(signature + Array(comment.utf8))
        try folder.write(
            """
            untrusted comment: signature
            \(base64(Array("Ed".utf8) + number + signature))
            trusted comment: \(comment)
            \(base64(global))

            """, to: "message.minisig")
        let text = try ForeignTool.minisign.run(["-V", "-p", "m.pub", "-m", "message"], in: folder.path)
        #expect(text.contains(comment))
    }

    @Test("a signify key without passphrase signs what signify verifies")
    func signifyPlain() throws {
        try ForeignTool.signify.run(["-G", "-n", "-p", "s.pub", "-s", "s.sec"], in: folder.path)
        let file = try found("s.sec")
        #expect(file.format == .signify)
        try checkSignify(file.secretKey(name: KeyName("alice"), passphrase: nil))
    }

    @Test("a signify key with a passphrase, too")
    func signifyEncrypted() throws {
        try ForeignTool.signify.run(
            ["-G", "-p", "s.pub", "-s", "s.sec"], input: "correct horse\ncorrect horse\n", in: folder.path)
        try checkSignify(open(found("s.sec"), "correct horse"))
    }

    private func checkSignify(_ key: SecretKey) throws {
        let number = try checkPublicKey("s.pub", key)
        let signature = base64(Array("Ed".utf8) + number + (try key.sign(Array(message.utf8))))
        try folder.write("untrusted comment: x\n\(signature)\n", to: "message.sig")
        try ForeignTool.signify.run(["-V", "-p", "s.pub", "-m", "message"], in: folder.path)
    }

    /// Both tools' public key files are alike. Returns the key's number.
    private func checkPublicKey(_ name: String, _ key: SecretKey) throws -> [UInt8] {
        let text = String(decoding: try #require(try folder.read(name)), as: UTF8.self)
        let last = try #require(text.split(separator: "\n").last)
        let bytes = Array(try #require(Data(base64Encoded: String(last))))
        #expect(Array(bytes.suffix(32)) == key.publicKey.material)
        return Array(bytes[2..<10])
    }

    // MARK: OpenSSH

    @Test("an OpenSSH key without passphrase signs what ssh-keygen verifies")
    func openSSHPlain() throws {
        try ForeignTool.sshKeygen.run(["-q", "-t", "ed25519", "-N", "", "-f", "id", "-C", "alice"], in: folder.path)
        let file = try found("id")
        #expect(file.format == .openSSH)
        #expect(!file.isEncrypted)
        try checkOpenSSH(file.secretKey(name: KeyName("alice"), passphrase: nil))
    }

    @Test("an OpenSSH key with a passphrase, too, whichever AES it has", arguments: AESCipher.allCases)
    func openSSHEncrypted(cipher: AESCipher) throws {
        try makeOpenSSH(cipher.rawValue)
        try checkOpenSSH(open(found("id"), "correct horse"))
    }

    @Test("its other ciphers are refused, and its own command makes it a key that we take")
    func openSSHConverted() throws {
        for cipher in ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"] {
            try makeOpenSSH(cipher)
            #expect(try #require(throws: KeyFault.self) { try found("id") }.code == .unsupported)
            try ForeignTool.sshKeygen.run(
                ["-q", "-p", "-Z", "aes256-ctr", "-a", "2", "-P", "correct horse", "-N", "correct horse", "-f", "id"],
                in: folder.path)
            try checkOpenSSH(open(found("id"), "correct horse"))
        }
    }

    @Test("changed where it is encrypted, an OpenSSH key is refused or the same")
    func openSSHDamaged() throws {
        try makeOpenSSH("aes256-ctr")
        let key = try open(found("id"), "correct horse")
        let text = try #require(try folder.read("id"))
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        let blob = Array(try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined())))
        var refused = 0
        for position in stride(from: blob.count - 160, to: blob.count, by: 9) {
            var changed = blob
            changed[position] ^= 0x10
            do {
                let same = try importKey(ForeignSample.text(.openSSH, changed), passphrase: "correct horse")
                #expect(same.publicKey == key.publicKey)
            } catch let fault as KeyFault {
                #expect([.refusal, .local].contains(fault.family))
                refused += 1
            }
        }
        #expect(refused > 10)
    }

    @Test("keys of other kinds are refused kindly", arguments: [["-t", "ecdsa"], ["-t", "rsa", "-b", "2048"]])
    func otherKinds(kind: [String]) throws {
        try ForeignTool.sshKeygen.run(["-q", "-N", "correct horse", "-f", "id"] + kind, in: folder.path)
        let fault = try #require(throws: KeyFault.self) { try found("id") }
        #expect(fault.code == .unsupported)
        #expect(fault.expected == "ssh-ed25519")
        let open = try #require(throws: KeyFault.self) {
            try KeyStorage(DurableStorage()).loadForeignKey(folder.path("id.pub"))
        }
        #expect(open.found == "a public key")
    }

    private func makeOpenSSH(_ cipher: String) throws {
        for name in ["id", "id.pub"] { try? DurableStorage().remove(folder.path(name)) }
        try ForeignTool.sshKeygen.run(
            ["-q", "-t", "ed25519", "-a", "2", "-Z", cipher, "-N", "correct horse", "-f", "id"], in: folder.path)
    }

    /// The public halves are equal, and `ssh-keygen -Y` takes the signature (PROTOCOL.sshsig in OpenSSH's sources).
    private func checkOpenSSH(_ key: SecretKey) throws {
        let line = String(decoding: try #require(try folder.read("id.pub")), as: UTF8.self)
        let open = Array(try #require(Data(base64Encoded: String(line.split(separator: " ")[1]))))
        let publicBlob = string("ssh-ed25519") + string(key.publicKey.material)
        #expect(open == publicBlob)
        let namespace = string("file") + string("") + string("sha512")
        let signed = Array("SSHSIG".utf8) + namespace + string(HashAlgorithm.sha512.digest(of: Array(message.utf8)))
        let signature = string("ssh-ed25519") + string(try key.sign(signed))
        let blob = Array("SSHSIG".utf8) + [0, 0, 0, 1] + string(publicBlob) + namespace + string(signature)
        try folder.write(
            "-----BEGIN SSH SIGNATURE-----\n\(base64(blob))\n-----END SSH SIGNATURE-----\n", to: "message.sshsig")
        try ForeignTool.sshKeygen.run(
            ["-Y", "check-novalidate", "-n", "file", "-s", "message.sshsig"], input: message, in: folder.path)
    }

    private func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }
    private func string(_ bytes: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(bytes.count).bigEndian, Array.init) + bytes
    }
    private func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
