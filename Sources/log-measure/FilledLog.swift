import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TransparencyLog

/// A log in a folder: `log/` as it would be published, without a checkpoint, and `state`, which says how far it goes.
struct FilledLog {
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
    func fill(size: Int, releases: Int) throws {
        var state = LogState()
        while state.size < size {
            let entries = try (state.size..<min(size, state.size + 65_536)).map { try Self.entry($0, releases: releases) }
            let growth = try LogGrowth.append(entries, to: state.edge.head, load: load)
            for (path, bytes) in growth.files { try write(bytes, path) }
            try state.read(entries)
            try state.check(reaches: growth.head)
        }
        try storage.makeDirectory(folder)
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
