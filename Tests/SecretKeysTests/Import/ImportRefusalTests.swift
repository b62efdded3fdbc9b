import DurableStorage
import Primitives
import SystemPackage
import TestSupport
import Testing

@testable import SecretKeys

/// What is no Ed25519 secret key that we can use, and what would cost too much to open: refused, with what to do instead.
@Suite struct ImportRefusalTests {
    private let sample: ForeignSample

    init() throws {
        sample = try ForeignSample()
    }

    private func fault(_ kind: ForeignSample.Kind, _ blob: [UInt8]) throws -> KeyFault {
        try #require(throws: KeyFault.self) { try importKey(ForeignSample.text(kind, blob)) }
    }

    // MARK: cost

    @Test(
        "a minisign key that asks for hours or for all memory is refused before any work",
        arguments: [
            (0, 1 << 24), (32_767, 1 << 24), (134_217_729, 1 << 30), (UInt64.max, 1 << 24), (33_554_432, 0),
            (33_554_432, (1 << 24) - 1), (33_554_432, (1 << 30) + 1), (33_554_432, UInt64.max),
        ] as [(UInt64, UInt64)])
    func minisignCost(operations: UInt64, memory: UInt64) throws {
        let blob = sample.minisign(derivation: "Sc", operations: operations, memory: memory)
        let fault = try fault(.minisign, blob)
        #expect(fault.code == .costOutOfBounds)
        #expect(fault.found == "opslimit \(operations) and memlimit \(memory)")
        #expect(fault.hint?.contains("minisign -C") == true)
    }

    @Test("what minisign and others ask for is allowed", arguments: [(1 << 25, 1 << 30), (1 << 20, 1 << 25)])
    func usualMinisignCost(operations: UInt64, memory: UInt64) throws {
        let blob = sample.minisign(derivation: "Sc", operations: operations, memory: memory)
        let text = try SecretBytes(copying: ForeignSample.text(.minisign, blob))
        #expect(try ForeignKeyFile.decode(text).isEncrypted)
    }

    @Test("so is a number of bcrypt rounds", arguments: [2049, UInt32.max])
    func rounds(count: UInt32) throws {
        #expect(try fault(.signify, sample.signify(rounds: count)).code == .costOutOfBounds)
        let options = sample.string([UInt8](repeating: 1, count: 16)) + sample.bigEndian(count)
        let blob = sample.openSSH(cipher: "aes256-ctr", derivation: "bcrypt", options: options)
        #expect(try fault(.openSSH, blob).code == .costOutOfBounds)
    }

    // MARK: kinds

    @Test(
        "other kinds of OpenSSH keys are named, with what to do",
        arguments: [
            ("ssh-rsa", "a key of the kind RSA", "ssh-keygen -t ed25519"),
            ("ecdsa-sha2-nistp256", "a key of the kind ECDSA", "ssh-keygen -t ed25519"),
            ("ssh-dss", "a key of the kind DSA", "ssh-keygen -t ed25519"),
            ("sk-ssh-ed25519@openssh.com", "a key of the kind FIDO (sk-)", "a FIDO key signs data of its own"),
            ("sk-ecdsa-sha2-nistp256@openssh.com", "a key of the kind FIDO (sk-)", "a FIDO key signs data of its own"),
            ("ssh-ed25519-cert-v01@openssh.com", "a key of the kind unknown", "the key that it certifies"),
            ("", "a key of the kind unknown", "ssh-keygen -t ed25519"),
        ])
    func kinds(type: String, found: String, hint: String) throws {
        // Whatever the cipher: a change of it would not help.
        for cipher in ["none", "chacha20-poly1305@openssh.com"] {
            let fault = try fault(.openSSH, sample.openSSH(cipher: cipher, outer: sample.publicBlob(type: type)))
            #expect(fault.code == .unsupported)
            #expect(fault.found == found)
            #expect(fault.hint?.contains(hint) == true)
        }
        let inner = try self.fault(.openSSH, sample.openSSH(inner: sample.secretPart(type: type)))
        #expect(inner.code == .unsupported)
    }

    @Test(
        "other ciphers are refused with the command that changes them",
        arguments: ["aes256-gcm@openssh.com", "3des-cbc"])
    func ciphers(name: String) throws {
        let options = sample.string([UInt8](repeating: 1, count: 16)) + sample.bigEndian(16)
        let fault = try fault(.openSSH, sample.openSSH(cipher: name, derivation: "bcrypt", options: options))
        #expect(fault.code == .unsupported)
        #expect(fault.hint == "encrypt a copy anew: ssh-keygen -p -Z aes256-ctr -f COPY, then import that")
    }

    struct Layout: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable (ForeignSample) -> [UInt8]

        init(_ name: String, _ make: @escaping @Sendable (ForeignSample) -> [UInt8]) {
            testDescription = name
            self.make = make
        }
    }

    static let layouts: [Layout] = [
        Layout("no key") { $0.openSSH(count: 0) }, Layout("two keys") { $0.openSSH(count: 2) },
        Layout("all keys") { $0.openSSH(count: .max) }, Layout("bytes behind") { $0.openSSH(trailing: [0]) },
        Layout("no secret part") { $0.openSSH(inner: []) }, Layout("no whole block") { $0.openSSH(inner: [1, 2, 3]) },
        Layout("zero padding") { $0.openSSH(inner: $0.secretPart(comment: "1234", padding: [0])) },
        Layout("a block of padding") { $0.openSSH(inner: $0.secretPart(comment: "12345", padding: Array(1...8))) },
        Layout("a short key") { $0.openSSH(outer: $0.publicBlob(material: Array($0.publicBytes.dropLast()))) },
        Layout("more behind the key") { $0.openSSH(outer: $0.publicBlob() + [0]) },
        Layout("a cipher without passphrase") { $0.openSSH(cipher: "aes256-ctr") },
        Layout("a passphrase without cipher") { $0.openSSH(derivation: "bcrypt") },
        Layout("options of nothing") { $0.openSSH(options: [0]) },
        Layout("no options") { $0.openSSH(cipher: "aes256-ctr", derivation: "bcrypt") },
        Layout("a salt that is longer than the file") {
            $0.openSSH(cipher: "aes256-ctr", derivation: "bcrypt", options: $0.bigEndian(.max))
        },
        Layout("no salt") {
            $0.openSSH(cipher: "aes256-ctr", derivation: "bcrypt", options: $0.string("") + $0.bigEndian(1))
        },
        Layout("more behind the rounds") {
            $0.openSSH(cipher: "aes256-ctr", derivation: "bcrypt", options: $0.string("salt") + [0, 0, 0, 1, 0])
        },
    ]

    @Test("counts, lengths and paddings that OpenSSH does not write are refused", arguments: layouts)
    func layout(layout: Layout) throws {
        let fault = try fault(.openSSH, layout.make(sample))
        #expect([.malformed, .unsupported].contains(fault.code))
        #expect(fault.family == .refusal)
    }

    @Test(
        "other files are told apart from broken ones",
        arguments: [
            ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI alice", KeyFaultCode.unsupported, "a public key"),
            ("ecdsa-sha2-nistp256 AAAA alice", .unsupported, "a public key"),
            ("-----BEGIN PUBLIC KEY-----\nMCow\n", .unsupported, "a public key"),
            (
                "untrusted comment: minisign public key\n" + String(repeating: "RWQA", count: 14), .unsupported,
                "a public key"
            ),
            (
                "untrusted comment: signature\n" + String(repeating: "RWQA", count: 24) + "RWQ=", .unsupported,
                "a signature"
            ),
            ("untrusted comment: x\n" + String(repeating: "RWQA", count: 23) + "RWQ=", .malformed, "71 bytes"),
            ("-----BEGIN SSH SIGNATURE-----\n", .unsupported, "a signature"),
            ("-----BEGIN RSA PRIVATE KEY-----\n", .unsupported, "a key in a PEM or PKCS #8 file"),
            ("-----BEGIN PRIVATE KEY-----\n", .unsupported, "a key in a PEM or PKCS #8 file"),
            ("PuTTY-User-Key-File-3: ssh-ed25519\n", .unsupported, "a key of PuTTY"),
            ("{\n \"format\": \"sceau-secret-key/1\"", .unsupported, "a file of this tool's own"),
            ("dear diary", .malformed, "another kind of file"), ("", .malformed, "another kind of file"),
        ])
    func otherFiles(text: String, code: KeyFaultCode, found: String) throws {
        let fault = try #require(throws: KeyFault.self) { try importKey(Array(text.utf8)) }
        #expect(fault.code == code)
        #expect(fault.found?.hasPrefix(found) == true, "\(fault)")
    }

    // MARK: on the disk

    @Test("a file that others can read is imported, with a warning", arguments: [0o600, 0o400, 0o640, 0o644, 0o666])
    func exposure(mode: CInterop.Mode) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("id_ed25519")
        try DurableStorage().write(sample.text(.openSSH), to: path, mode: FilePermissions(rawValue: mode))
        let found = try KeyStorage(DurableStorage()).loadForeignKey(path)
        #expect(try found.file.secretKey(name: KeyName("alice"), passphrase: nil).publicKey == sample.key.publicKey)
        #expect((found.exposure == nil) == (mode & 0o077 == 0))
        if let exposure = found.exposure {
            #expect(exposure.code == .exposed)
            #expect(exposure.hint?.hasPrefix("chmod 600 \(path.string)") == true)
        }
        #expect(try folder.read("id_ed25519") == sample.text(.openSSH))
    }

    @Test("a folder, a missing file, an endless one: faults that name the file")
    func noFile() throws {
        let folder = try TemporaryFolder()
        let storage = KeyStorage(DurableStorage())
        #expect(try #require(throws: KeyFault.self) { try storage.loadForeignKey(folder.path) }.code == .notAFile)
        #expect(throws: StorageFault.self) { try storage.loadForeignKey(folder.path("missing")) }
        let long = try folder.write([UInt8](repeating: 0x2D, count: 1 << 20), to: "long")
        let fault = try #require(throws: KeyFault.self) { try storage.loadForeignKey(long) }
        #expect(fault.code == .malformed)
        #expect(fault.location == long.string)
    }
}
