import DurableStorage
import Primitives
import SecretKeys
import SystemPackage
import TestSupport
import Testing

@Suite struct KeyStorageTests {
    private let folder: TemporaryFolder
    private let key: SecretKey

    init() throws {
        folder = try TemporaryFolder()
        key = try SecretKey.generate(name: KeyName("alice"))
    }

    private var secretPath: FilePath { folder.path("alice.key") }
    private var publicPath: FilePath { folder.path("alice.pub") }

    private func createPair(_ storage: KeyStorage = KeyStorage(DurableStorage())) throws {
        try storage.create(KeyFile(unencrypted: key), at: secretPath, publicAt: publicPath)
    }

    @Test("a key is written 0600, its public half 0644, and nothing else is left")
    func create() throws {
        try createPair()
        let contents = try folder.contents()
        #expect(Set(contents.keys) == ["alice.key", "alice.pub"])
        #expect(contents["alice.key"]?.permissions == FilePermissions(rawValue: 0o600))
        #expect(contents["alice.pub"]?.permissions == FilePermissions(rawValue: 0o644))
        let storage = KeyStorage(DurableStorage())
        #expect(try storage.loadKeyFile(secretPath) == KeyFile(unencrypted: key))
        #expect(try storage.loadPublicKeyFile(publicPath).publicKey == key.publicKey)
        #expect(try storage.loadPublicHalf(secretPath) == storage.loadPublicHalf(publicPath))
    }

    @Test("nothing that stands there already is overwritten", arguments: ["alice.key", "alice.pub"])
    func existing(name: String) throws {
        try folder.write("mine", to: name)
        let fault = try #require(throws: KeyFault.self) { try createPair() }
        #expect(fault.code == .exists)
        #expect(try folder.contents().count == 1)
        #expect(try folder.read(name) == Array("mine".utf8))
    }

    @Test("a link that leads nowhere counts as standing there")
    func danglingLink() throws {
        try DurableStorage().replaceLink(at: secretPath, target: "elsewhere")
        #expect(try #require(throws: KeyFault.self) { try createPair() }.code == .exists)
        #expect(Array(try folder.contents().keys) == ["alice.key"])
    }

    @Test(
        "only the owner may reach a secret key",
        arguments: [
            (0o600, true), (0o400, true), (0o700, true), (0o640, false), (0o620, false), (0o610, false), (0o604, false),
            (0o602, false), (0o601, false), (0o644, false), (0o666, false), (0o777, false),
        ] as [(CInterop.Mode, Bool)])
    func modes(mode: CInterop.Mode, isAccepted: Bool) throws {
        try DurableStorage().write(
            KeyFile(unencrypted: key).bytes, to: secretPath, mode: FilePermissions(rawValue: mode))
        let storage = KeyStorage(DurableStorage())
        if isAccepted {
            #expect(try storage.loadKeyFile(secretPath).publicKey == key.publicKey)
        } else {
            for load in [
                { _ = try storage.loadKeyFile(secretPath) }, { _ = try storage.loadPublicHalf(secretPath) },
            ] {
                let fault = try #require(throws: KeyFault.self) { try load() }
                #expect(fault.code == .exposed)
                #expect(fault.found == "mode 0" + String(mode, radix: 8))
                #expect(fault.hint?.hasPrefix("chmod 600 \(secretPath.string)") == true)
                #expect(fault.family.exitStatus == 3)
            }
        }
    }

    @Test("a folder or a device in the place of a secret key is refused")
    func notAFile() throws {
        for path in [folder.path, FilePath("/dev/null")] {
            let fault = try #require(throws: KeyFault.self) {
                try KeyStorage(DurableStorage()).loadKeyFile(path)
            }
            #expect(fault.code == .notAFile)
        }
    }

    @Test("a missing key is a fault of storage")
    func missing() throws {
        #expect(
            try #require(throws: StorageFault.self) { try KeyStorage(DurableStorage()).loadKeyFile(secretPath) }.code
                == .notFound)
    }

    @Test("a fault about a damaged file names it")
    func damaged() throws {
        try DurableStorage().write([0x7B], to: secretPath, mode: .privateFile)
        let fault = try #require(throws: KeyFault.self) { try KeyStorage(DurableStorage()).loadKeyFile(secretPath) }
        #expect(fault.code == .malformed)
        #expect(fault.location?.hasSuffix(secretPath.string) == true)
    }

    @Test("stopped at any effect, each file is whole or missing, a secret is never readable by others")
    func crashes() throws {
        for loss in FaultyStorage.Loss.allCases {
            let stops = try FaultyStorage.crashAtEveryEffect(losing: loss) { storage, folder in
                try KeyStorage(storage).create(
                    KeyFile(unencrypted: key), at: folder.path("alice.key"), publicAt: folder.path("alice.pub"))
            } afterwards: { folder, _, finished in
                let storage = KeyStorage(DurableStorage())
                let contents = try folder.contents()
                if contents["alice.key"] != nil {
                    #expect(try storage.loadKeyFile(folder.path("alice.key")) == KeyFile(unencrypted: key))
                }
                if contents["alice.pub"] != nil {
                    #expect(try storage.loadPublicKeyFile(folder.path("alice.pub")).publicKey == key.publicKey)
                }
                // No secret key without its public half.
                #expect(contents["alice.key"] == nil || contents["alice.pub"] != nil)
                for (name, info) in contents where name.contains(".key") {
                    #expect(info.permissions.rawValue & 0o077 == 0)
                }
                #expect(!finished || contents.count == 2)
            }
            #expect(stops > 6)
        }
    }

    /// Makes another key of the same name just before the one and only effect that it waits for.
    private final class Rival: EffectObserver {
        let isMoment: @Sendable (DurableEffect) -> Bool
        let act: @Sendable () -> Void

        init(before isMoment: @escaping @Sendable (DurableEffect) -> Bool, act: @escaping @Sendable () -> Void) {
            self.isMoment = isMoment
            self.act = act
        }

        func willPerform(_ effect: DurableEffect) { if isMoment(effect) { act() } }
    }

    @Test(
        "of two that make a key of one name at once, one wins with both halves, and the other is told",
        arguments: ["alice.pub", "alice.key"])
    func race(name: String) throws {
        let (secret, open) = (secretPath, publicPath)
        let other = KeyFile(unencrypted: try SecretKey.generate(name: KeyName("alice")))
        let isRivalFirst = name == "alice.pub"
        let rival = Rival { effect in
            if case .rename(_, to: let path) = effect { path.lastComponent?.string == name } else { false }
        } act: {
            let outcome = Result { try KeyStorage(DurableStorage()).create(other, at: secret, publicAt: open) }
            #expect(((try? outcome.get()) != nil) == isRivalFirst)
        }
        let storage = KeyStorage(DurableStorage(observer: rival))
        if isRivalFirst {
            #expect(try #require(throws: KeyFault.self) { try createPair(storage) }.code == .exists)
        } else {
            try createPair(storage)
        }
        #expect(Set(try folder.contents().keys) == ["alice.key", "alice.pub"])
        let winner = isRivalFirst ? other : KeyFile(unencrypted: key)
        #expect(try KeyStorage(DurableStorage()).loadKeyFile(secretPath) == winner)
        #expect(try KeyStorage(DurableStorage()).loadPublicKeyFile(publicPath).publicKey == winner.publicKey)
    }

    @Test(
        "whoever names another tool's key is told how to make one of ours of it",
        arguments: ["untrusted comment: minisign\n", "-----BEGIN OPENSSH PRIVATE KEY-----\n", "ssh-ed25519 AAAA a\n"])
    func otherTool(text: String) throws {
        for mode in [FilePermissions.privateFile, .publicFile] {
            try DurableStorage().write(Array(text.utf8), to: secretPath, mode: mode)
            let storage = KeyStorage(DurableStorage())
            for load in [
                { _ = try storage.loadKeyFile(secretPath) }, { _ = try storage.loadPublicHalf(secretPath) },
            ] {
                let fault = try #require(throws: KeyFault.self) { try load() }
                #expect(fault.code == .unsupported)
                #expect(fault.hint?.hasPrefix("sceau key import FILE") == true)
            }
        }
    }

    @Test("a full disk leaves nothing behind", arguments: 1...12)
    func fullDisk(stop: Int) throws {
        let faulty = try FaultyStorage(.fail(at: stop, .full))
        do {
            try createPair(KeyStorage(faulty.storage))
            #expect(try folder.contents().count == 2)
        } catch {
            #expect(try folder.contents().isEmpty)
        }
    }

    // MARK: passphrases

    @Test(
        "one line break at the end is not part of a passphrase, all else is",
        arguments: [
            ("abc", "abc"), ("abc\n", "abc"), ("abc\r\n", "abc"), ("abc\n\n", "abc\n"), (" a b ", " a b "),
            ("abc\r", "abc\r"),
            ("é\n", "é"), (String(repeating: "x", count: 1024) + "\n", String(repeating: "x", count: 1024)),
        ])
    func passphrase(text: String, expected: String) throws {
        let bytes = try load(passphrase: text).withUnsafeBytes { Array($0) }
        #expect(bytes == Array(expected.utf8))
    }

    @Test(
        "empty and endless passphrases are refused",
        arguments: ["", "\n", "\r\n", String(repeating: "x", count: 1025), String(repeating: "x", count: 1_000_000)])
    func badPassphrase(text: String) throws {
        let fault = try #require(throws: KeyFault.self) { try load(passphrase: text) }
        #expect(fault.code == .invalidPassphrase)
        #expect(!fault.message.contains("xx"))
    }

    private func load(passphrase text: String) throws -> SecretBytes {
        let path = try folder.write(text, to: "passphrase")
        let file = try FileDescriptor.open(path, .readOnly)
        return try file.closeAfter { try Passphrase.load(from: file, named: "file") }
    }
}
