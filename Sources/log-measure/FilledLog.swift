import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage
import TransparencyLog

/// A log in a folder: `log/` as it would be published, and `state`, the state of whoever has written or read all of it.
struct FilledLog {
    /// Signs the checkpoint.
    struct Signer {
        let secret: SecretKey
        let key: NoteKey

        init(_ secret: SecretKey, origin: ByteString) throws {
            self.secret = secret
            key = try NoteKey(name: origin, kind: .log, publicKey: secret.publicKey.material)
        }

        func sign(_ head: TreeHead) throws -> [UInt8] {
            let text = Checkpoint(log: key, head: head).text
            let line = try NoteSignature(signature: secret.sign(text), of: text, by: key)
            return try SignedNote(text: text, signatures: [line]).encoded
        }
    }

    let folder: FilePath
    private let storage = DurableStorage()

    private var stateFile: FilePath { folder.appending("state") }

    func load(_ path: ByteString) throws -> [UInt8] {
        let name = FilePath(String(decoding: path.bytes, as: UTF8.self))
        return try storage.read(folder.appending("log").appending(name.components), limit: EntryBundle.byteLimit)
    }

    func loadState() throws -> LogState {
        try LogState(decoding: storage.read(stateFile, limit: LogState.byteLimit))
    }

    /// Writes a new log of `size` entries: `releases` of them releases, the others versions of one role's metadata. The
    /// role is nobody's, so that a real repository can go on from there.
    func fill(size: Int, releases: Int, signer: Signer?) throws {
        var state = LogState()
        while state.size < size {
            let entries = try (state.size..<min(size, state.size + 65_536)).map {
                try Self.entry($0, releases: releases)
            }
            let growth = try LogGrowth.append(entries, to: state.edge.head, load: load)
            for (path, bytes) in growth.files { try write(bytes, path) }
            try state.read(entries)
            try state.check(reaches: growth.head)
        }
        if let signer {
            state.checkpoint = try signer.sign(state.edge.head)
            try write(state.checkpoint, "checkpoint")
        }
        try storage.write(state.encoded, to: stateFile)
    }

    static func entry(_ index: Int, releases: Int) throws -> [UInt8] {
        let isRelease = index < releases
        return try LogEntry(
            kind: isRelease ? .release : .delegated, role: "ballast",
            version: ByteString(isRelease ? "0.0.\(index)" : String(index - releases + 1)),
            content: Array("{\"n\":\(index)}\n".utf8)
        ).encoded
    }

    /// Not flushed: a lost bench is made again.
    private func write(_ bytes: [UInt8], _ path: ByteString) throws {
        let name = FilePath(String(decoding: path.bytes, as: UTF8.self))
        let file = folder.appending("log").appending(name.components)
        if try storage.info(file.removingLastComponent()) == nil {
            try storage.makeDirectory(file.removingLastComponent())
        }
        let descriptor = try FileDescriptor.open(
            file, .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite, .groupRead, .otherRead])
        try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
    }
}
