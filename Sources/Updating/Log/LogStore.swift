import DurableStorage
import Primitives
import SystemPackage
import TransparencyLog

/// What is remembered of the log, in one file that is whole or not there.
struct RememberedLog {
    var state = LogState()
    var memory = LogMemory()
}

extension Instance {
    /// Nil when there is none, or it is damaged: then the log is read anew, and the roots are walked anew.
    func rememberedLog() throws(StorageFault) -> RememberedLog? {
        guard let bytes = try readOwn(folders.logState, limit: LogState.byteLimit),
            let state = try? LogState(decoding: bytes), let memory = LogMemory(state.lines)
        else { return nil }
        return RememberedLog(state: state, memory: memory)
    }

    /// Only ever what was read and checked: see `LogFollower`.
    func remember(_ log: RememberedLog) throws {
        var state = log.state
        state.lines = try log.memory.lines()
        try storage.makeDirectory(folders.log, mode: .privateDirectory)
        try storage.write(state.encoded, to: folders.logState)
    }

    /// What `keepEvidence` has written and nobody has moved away, in the order of names.
    func forkEvidence() throws(StorageFault) -> [FilePath] {
        guard try storage.info(folders.log)?.kind == .directory else { return [] }
        return try storage.list(folders.log).filter { $0.hasPrefix(Self.forkPrefix) }.sorted()
            .map { folders.log.appending($0) }
    }

    private static let forkPrefix = "fork-"

    /// Writes two notes that contradict each other where somebody finds them, and says where.
    func keepEvidence(_ old: VerifiedCheckpoint, _ new: VerifiedCheckpoint) throws -> FilePath {
        try storage.makeDirectory(folders.log, mode: .privateDirectory)
        if let evidence = try? ForkEvidence(old, new) {
            let file = folders.log.appending("\(Self.forkPrefix)\(new.head.size).evidence")
            try storage.write(evidence.encoded, to: file)
            return file
        }
        // Of two sizes: each note is half of it, and the log's own tiles are the other half.
        let files = [old, new].map {
            folders.log.appending("\(Self.forkPrefix)\(old.head.size)-\(new.head.size).\($0.head.size).note")
        }
        try storage.write(old.note.encoded, to: files[0])
        try storage.write(new.note.encoded, to: files[1])
        return files[1]
    }
}
