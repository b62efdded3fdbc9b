import DurableStorage
import Primitives
import SystemPackage
import TestSupport
import Testing

/// The power cut our tests simulate must itself be as bad as a real one, or those tests prove nothing.
@Suite struct FaultyStorageTests {
    let folder: TemporaryFolder
    let faulty: FaultyStorage

    init() throws {
        folder = try TemporaryFolder()
        faulty = try FaultyStorage()
    }

    @Test func `A write that was not flushed loses half of its bytes`() throws {
        try faulty.willPerform(.write(folder.path("file")))
        try folder.write([1, 2, 3, 4], to: "file")
        faulty.crash(losing: .unflushedBytes)
        #expect(try folder.read("file") == [1, 2])
    }

    @Test func `A rename before the flush shows: the new name holds half of the bytes`() throws {
        try folder.write([9], to: "file")
        try faulty.willPerform(.write(folder.path("temporary")))
        try folder.write([1, 2, 3, 4], to: "temporary")
        try faulty.storage.rename(folder.path("temporary"), to: folder.path("file"))
        faulty.crash(losing: .unflushedBytes)
        #expect(try folder.read("file") == [1, 2])
    }

    @Test func `A rename in a folder that was not flushed is undone, and what it replaced is back`() throws {
        try folder.write([9], to: "file")
        try folder.write([1], to: "other")
        let stopped = try FaultyStorage(.crash(at: 2, losing: .everythingUnflushed))
        #expect(throws: FaultyStorage.crash) {
            try stopped.storage.rename(folder.path("other"), to: folder.path("file"))
        }
        #expect(try folder.read("file") == [9])
        #expect(try folder.read("other") == [1])
    }

    @Test func `A killed process loses nothing that it gave to the system`() throws {
        try faulty.willPerform(.write(folder.path("file")))
        try folder.write([1, 2, 3, 4], to: "file")
        faulty.crash(losing: .nothing)
        #expect(try folder.read("file") == [1, 2, 3, 4])
    }

    @Test func `A file system that was written out loses nothing`() throws {
        try faulty.willPerform(.write(folder.path("file")))
        try folder.write([1, 2, 3, 4], to: "file")
        try faulty.storage.syncFileSystem(holding: folder.path)
        try faulty.willPerform(.makeDirectory(folder.path("late")))
        try DurableStorage().makeDirectory(folder.path("late"))
        faulty.crash(losing: .everythingUnflushed)
        #expect(try folder.contents().keys.sorted() == ["file"])
        #expect(try folder.read("file") == [1, 2, 3, 4])
    }

    @Test func `After a crash nothing happens any more`() throws {
        let stopped = try FaultyStorage(.crash(at: 1, losing: .nothing))
        for _ in 1...2 {
            #expect(throws: FaultyStorage.crash) { try stopped.storage.write([1], to: folder.path("file")) }
        }
        #expect(stopped.hasCrashed)
        #expect(stopped.effects == [.write(folder.path(".file.tmp"))])
        #expect(try folder.contents().isEmpty)
    }

    @Test func `A failure at one effect passes; one from an effect on stays`() throws {
        let once = try FaultyStorage(.fail(at: 1, .full))
        #expect(throws: StorageFault.self) { try once.storage.write([1], to: folder.path("file")) }
        try once.storage.write([1], to: folder.path("file"))
        let stays = try FaultyStorage(.failFrom(2, .full))
        for _ in 1...2 {
            #expect(throws: StorageFault.self) { try stays.storage.write([2], to: folder.path("file")) }
        }
        #expect(try folder.read("file") == [1])
    }
}
