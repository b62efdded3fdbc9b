import CanonicalJSON
import DurableStorage
import Foundation
import Primitives
import Signatures
import SystemPackage
import TestSupport
import Testing

@testable import SecretKeys

@Suite("An OpenSSH public key")
struct SSHAgentPublicKeyTests {
    /// The 32 bytes 0 to 31, whose fingerprint `ssh-keygen -l` gave.
    private static let bytes = [UInt8](0..<32)
    private static let line =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f alice@example"
    private static let fingerprint = "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA"

    private func decode(_ text: String) throws -> OpenSSHPublicKeyLine {
        try OpenSSHPublicKeyLine.decode(Array(text.utf8), at: "id.pub")
    }

    @Test(arguments: ["", "\n", "\r\n"])
    func `is read with its comment`(ending: String) throws {
        let decoded = try decode(Self.line + ending)
        #expect(decoded.key.ed25519 == Self.bytes)
        #expect(decoded.key == SSHPublicKey(ed25519: Self.bytes))
        #expect(decoded.comment == "alice@example")
        #expect(decoded.key.fingerprint == Self.fingerprint)
        #expect(OpenSSHPublicKeyLine.isLikely(Array(Self.line.utf8)))
    }

    @Test func `may have no comment, or one with spaces`() throws {
        let bare = Self.line.split(separator: " ").prefix(2).joined(separator: " ")
        #expect(try decode(bare).comment == "")
        #expect(try decode(bare + " my card").comment == "my card")
    }

    @Test(arguments: [
        "", "\n", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 AAAA", "ssh-ed25519 !!!!", line + "\n" + line,
        line.replacingOccurrences(of: "ssh-ed25519 ", with: "ssh-rsa "),
        line.replacingOccurrences(of: "R4f ", with: "R4 "), line.replacingOccurrences(of: "R4f ", with: "R4-_ "),
        line.replacingOccurrences(of: "AAAAIAAB", with: "AAAAIQAB"),
        line.replacingOccurrences(of: "GhscHR4f ", with: "GhscHQ== "),
        line.replacingOccurrences(of: "R4f ", with: "R4fAAAA "),
        "no-pty " + line, String(repeating: "A", count: 40000),
    ])
    func `is refused when malformed`(text: String) throws {
        try #require(text != Self.line)
        let fault = try #require(throws: KeyFault.self) { try decode(text) }
        #expect(fault.code == .malformed)
        #expect(fault.location == "id.pub")
    }

    private static func line(of type: String) -> String {
        var writer = SSHWriter()
        writer.string(Array(type.utf8))
        writer.string([1, 2, 3])
        return "\(type) \(Data(writer.bytes).base64EncodedString()) somebody"
    }

    @Test(arguments: [
        ("ssh-rsa", "Ed25519 only"), ("ecdsa-sha2-nistp256", "Ed25519 only"), ("ssh-dss", "Ed25519 only"),
        ("sk-ssh-ed25519@openssh.com", "FIDO"), ("sk-ecdsa-sha2-nistp256@openssh.com", "FIDO"),
        ("ssh-ed25519-cert-v01@openssh.com", "certificate"),
    ])
    func `of a type that cannot sign releases is refused with the reason`(type: String, reason: String) throws {
        let decoded = try decode(Self.line(of: type))
        let name = try KeyName("alice")
        let fault = try #require(throws: KeyFault.self) { try PublicKeyFile(decoded.key, name: name, at: "id.pub") }
        #expect(fault.code == .unsupported)
        #expect(fault.found == "\"\(type)\"")
        #expect(try #require(fault.hint).contains(reason))
    }

    @Test func `becomes a public key file that says an ssh-agent holds it, and no secret one can say so`() throws {
        let folder = try TemporaryFolder()
        let storage = KeyStorage(DurableStorage())
        let file = try PublicKeyFile(decode(Self.line).key, name: KeyName("alice"), at: "id.pub")
        let path = folder.path("alice.pub")
        try storage.create(file, at: path)
        #expect(Array(try folder.contents().keys) == ["alice.pub"])
        let loaded = try storage.loadPublicKeyFile(path)
        #expect(loaded == file)
        #expect(loaded.holding == .sshAgent)
        #expect(loaded.publicKey.material == Self.bytes)
        #expect(String(decoding: loaded.encoded, as: UTF8.self).contains("\"held\": \"ssh-agent\""))
        #expect(try #require(throws: KeyFault.self) { try storage.create(file, at: path) }.code == .exists)

        let secret = KeyFile(unencrypted: try SecretKey.generate(name: KeyName("alice")))
        let text = String(decoding: try secret.bytes, as: UTF8.self)
        let lying = text.replacingOccurrences(of: "\"plain file\"", with: "\"ssh-agent\"")
        #expect(lying != text)
        #expect(try #require(throws: KeyFault.self) { try KeyFile.decode(Array(lying.utf8)) }.code == .malformed)
    }
}
