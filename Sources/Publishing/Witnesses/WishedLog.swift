import DurableStorage
import Primitives
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TransparencyLog

/// The key that is to sign the log.
package struct NewLogKey: Sendable {
    package let publicHalf: PublicKeyFile
    /// Where the secret half is on this machine, if it is: an absolute path, which is remembered.
    package let path: FilePath?
    /// Still to be written to `path`, with the public half beside it; nil when it is there already.
    package let file: KeyFile?

    /// A key that is there already.
    package init(_ publicHalf: PublicKeyFile, at path: FilePath?) {
        self.publicHalf = publicHalf
        self.path = path
        file = nil
    }

    /// A key that is made with what it is for.
    package init(_ file: KeyFile, at path: FilePath) {
        publicHalf = PublicKeyFile(file)
        self.path = path
        self.file = file
    }

    /// What a product's log key is called, unless somebody names it: `suite-log`, then `suite-log-2`.
    package static func name(_ product: ProductName, number: Int = 1) throws(KeyFault) -> KeyName {
        let ending = number == 1 ? "-log" : "-log-\(number)"
        let text = "\(product)".prefix(KeyName.longest - ending.utf8.count) + ending
        return try KeyName(ByteString(text))
    }

    /// Throws when the key has signed a log before: a new workspace begins with a new log.
    func checkIsNew(storage: DurableStorage) throws {
        guard let path, try storage.info(LogKeyFile.state(of: path)) != nil else { return }
        throw PublishingFault(
            .invalidWitnessPolicy, found: "a log that was begun with this key",
            expected: "a key of its own for each log",
            at: LogKeyFile.state(of: path).string, hint: "name another file")
    }

    /// Throws when the key has signed a log before that is not this workspace's.
    package func checkBelongs(to workspace: Workspace) throws {
        let open = workspace.publicKey("\(publicHalf.name)")
        let known = try? KeyStorage(workspace.storage).loadPublicKeyFile(open)
        guard known?.publicKey.identity != publicHalf.publicKey.identity else { return }
        try checkIsNew(storage: workspace.storage)
    }

    /// Throws when `Keys/` has another key of this name: a former log's key stays there.
    func checkNameIsFree(in workspace: Workspace) throws {
        let path = workspace.publicKey("\(publicHalf.name)")
        guard try workspace.storage.info(path) != nil else { return }
        let present = try KeyStorage(workspace.storage).loadPublicKeyFile(path)
        guard present.publicKey.identity == publicHalf.publicKey.identity else {
            throw PublishingFault(
                .keyNameTaken, found: "another key named \(publicHalf.name)", expected: "a new name for a new key",
                at: path.string, hint: "sceau key generate NAME makes one; give it with --new-log-key")
        }
    }

    /// Writes the secret half if that is still to be done, and remembers where it is.
    func save(for workspace: Workspace) throws {
        guard let path else { return }
        if let file { try save(file, at: path, storage: workspace.storage) }
        try workspace.rememberLogKey(path)
    }

    private func save(_ file: KeyFile, at path: FilePath, storage: DurableStorage) throws {
        let keys = KeyStorage(storage)
        // Of a run that was stopped.
        if try storage.info(path) != nil, try keys.loadKeyFile(path).publicKey == file.publicKey { return }
        let open = path.folder.appending("\(file.name).\(PublicKeyFile.fileExtension)")
        try keys.create(file, at: path, publicAt: open)
    }
}

/// A log and its witnesses, for a workspace that begins with them.
package struct NewLog: Sendable {
    package let key: NewLogKey
    package let origin: LogOrigin
    /// tlog-policy text without its log line.
    package let witnesses: ByteString

    /// - Parameter origin: nil for a name that no other log has.
    package init(key: NewLogKey, origin: LogOrigin?, product: ProductName, witnesses: ByteString) {
        self.key = key
        self.origin = origin ?? LogOrigin(product, publicKey: key.publicHalf.publicKey.material)
        let own = try? NoteKey(name: self.origin.text, kind: .log, publicKey: key.publicHalf.publicKey.material).vkey
        self.witnesses = WitnessPolicyFile.withoutLog(witnesses) { $0 == own }
    }

    /// The whole policy. Throws `.invalidWitnessPolicy`.
    func check(besides keys: [PublicKey]) throws(PublishingFault) -> WitnessPolicy {
        let whole = try policy.witnessPolicy(witnesses, for: key.publicHalf.publicKey)
        try whole.checkUsable(besides: keys)
        return whole
    }

    var policy: Policy.Log {
        Policy.Log(witnessPolicy: WitnessPolicyFile.name, key: "\(key.publicHalf.name)", origin: origin)
    }
}

extension Policy.Log {
    /// The policy as root is to hold it: `witnesses` and the line of this log.
    func witnessPolicy(_ witnesses: ByteString, keyring: Keyring) throws(PublishingFault) -> WitnessPolicy {
        guard let key = keyring.key(key) else { throw PublishingFault(.missingPublicKey, found: key) }
        return try witnessPolicy(witnesses, for: key)
    }

    func witnessPolicy(_ witnesses: ByteString, for key: PublicKey) throws(PublishingFault) -> WitnessPolicy {
        do {
            return try WitnessPolicy(
                decoding: witnesses,
                adding: NoteKey(name: origin.text, kind: .log, publicKey: key.material))
        } catch {
            throw PublishingFault(
                .invalidWitnessPolicy, found: error.message, at: "Keys/\(witnessPolicy)", hint: error.hint)
        }
    }
}

extension Policy.Log {
    fileprivate func vkey(_ key: PublicKey?) throws(LogFault) -> ByteString? {
        guard let key, key.scheme == .ed25519 else { return nil }
        return try NoteKey(name: origin.text, kind: .log, publicKey: key.material).vkey
    }
}

extension WitnessPolicyFile {
    /// `text` without the lines that name a log: which log it is, the workspace knows.
    static func withoutLog(_ text: ByteString, when isOurs: (ByteString) -> Bool) -> ByteString {
        let end = UInt8(ascii: "\n")
        let lines = text.bytes.split(separator: end, omittingEmptySubsequences: false)
        let kept = lines.filter { line in
            let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard words.count > 1, ByteString(Array(words[0])) == "log" else { return true }
            return !isOurs(ByteString(Array(words[1])))
        }
        return ByteString(Array(kept.joined(separator: [end])))
    }
}

extension Workspace {
    /// What the next log key of the product is to be called: a former one keeps its name.
    package func freeLogKeyName(_ product: ProductName) throws -> KeyName {
        for number in 1..<1000 {
            let name = try NewLogKey.name(product, number: number)
            if try storage.info(publicKey("\(name)")) == nil { return name }
        }
        throw PublishingFault(.keyNameTaken, found: "a thousand log keys", at: keys.string)
    }

    /// Who is to watch the log: what was asked for, or else the policy's file, without the line of the log that is or was
    /// ours. Nil when the policy names no log.
    func wishedWitnesses(
        _ asked: ByteString?, _ policy: Policy, over former: Policy, _ keyring: Keyring
    ) throws -> ByteString? {
        guard let log = policy.log else { return nil }
        let formerKey = try former.log.flatMap { former in
            try keyring.key(former.key) ?? KeyStorage(storage).loadPublicKeyFile(publicKey(former.key)).publicKey
        }
        let ours = try [(log, keyring.key(log.key)), (former.log, formerKey)].compactMap { log, key in
            try log.flatMap { try $0.vkey(key) }
        }
        return WitnessPolicyFile.withoutLog(try asked ?? loadWitnesses(log)) { ours.contains($0) }
    }

    /// The text of the file with witnesses, groups and quorum.
    package func loadWitnesses(_ log: Policy.Log) throws -> ByteString {
        let path = keys.appending(log.witnessPolicy)
        guard let bytes = try storage.readIfPresent(path, limit: WitnessPolicyFile.byteLimit) else {
            throw PublishingFault(
                .invalidWitnessPolicy, found: "no such file", expected: "who watches the log", at: path.string,
                hint: "bring it back from your repository, or name it with sceau root propose --witness-policy FILE")
        }
        return ByteString(bytes)
    }

    /// Writes the file, and lets it into a git repository whose ignore file is from before there was one; unless that
    /// has the line for it, but commented out: then somebody has decided.
    func writeWitnesses(_ text: ByteString, _ log: Policy.Log) throws {
        let path = keys.appending(log.witnessPolicy)
        if (try? storage.readIfPresent(path, limit: WitnessPolicyFile.byteLimit)) != text.bytes {
            try storage.write(text.bytes, to: path)
        }
        let ignore = keys.appending(".gitignore")
        let present = try storage.readIfPresent(ignore, limit: WitnessPolicyFile.byteLimit) ?? []
        let lines = present.split(separator: UInt8(ascii: "\n")).map { ByteString(Array($0)) }
        let line = WitnessPolicyFile.letsIn
        let isDecided = lines.contains(ByteString(line)) || lines.contains(ByteString("#" + line))
        guard lines.contains("*"), !isDecided else { return }
        let isEnded = present.last == UInt8(ascii: "\n")
        try storage.write(present + Array("\(isEnded ? "" : "\n")\(line)\n".utf8), to: ignore)
    }
}
