import DurableStorage
import Glibc
import Primitives
import SystemPackage
import TestSupport
import Testing

/// An error of the test's own.
private struct OwnError: Error, Equatable {}

@Suite struct WritingTests {
    let folder: TemporaryFolder
    let storage = DurableStorage()

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func `A write makes, flushes, renames and flushes the folder, in this order`() throws {
        let observer = try FaultyStorage()
        let path = folder.path("file")
        try observer.storage.write([1, 2, 3], to: path)
        let temporary = folder.path(".file.tmp")
        #expect(
            observer.effects == [
                .write(temporary), .flush(temporary), .rename(from: temporary, to: path), .flushDirectory(folder.path),
            ])
        #expect(try folder.read("file") == [1, 2, 3])
        #expect(try folder.contents().keys.sorted() == ["file"])
    }

    @Test(arguments: FaultyStorage.Loss.allCases, [true, false])
    func `Stopped at any effect, a file is the old one or the new one, whole`(
        loss: FaultyStorage.Loss, isReplaced: Bool
    ) throws {
        let old: [UInt8]? = isReplaced ? Array("old content".utf8) : nil
        let new = Array("new content, somewhat longer".utf8)
        let stops = try FaultyStorage.crashAtEveryEffect(losing: loss) { storage, folder in
            if let old { try folder.write(old, to: "file") }
            try storage.write(new, to: folder.path("file"))
        } afterwards: { folder, _, finished in
            let left = try folder.read("file")
            #expect(left == old || left == new)
            #expect(!finished || left == new)
            // The next run is not hindered by what the stopped one left behind.
            try DurableStorage().write(new, to: folder.path("file"))
            #expect(try folder.contents().keys.sorted() == ["file"])
        }
        #expect(stops == 4)
    }

    @Test(arguments: FaultyStorage.Loss.allCases)
    func `Stopped at any effect, a link leads to the old place or the new one`(loss: FaultyStorage.Loss) throws {
        let stops = try FaultyStorage.crashAtEveryEffect(losing: loss) { storage, folder in
            try DurableStorage().replaceLink(at: folder.path("current"), target: "versions/1")
            try storage.replaceLink(at: folder.path("current"), target: "versions/2")
        } afterwards: { folder, _, finished in
            let target = try DurableStorage().linkTarget(folder.path("current"))
            #expect(target == "versions/2" || (target == "versions/1" && !finished))
            try DurableStorage().replaceLink(at: folder.path("current"), target: "versions/2")
            #expect(try folder.contents().keys.sorted() == ["current"])
        }
        #expect(stops == 3)
    }

    @Test(arguments: FaultyStorage.Loss.allCases)
    func `Stopped at any effect, what was removed is there whole or gone`(loss: FaultyStorage.Loss) throws {
        let stops = try FaultyStorage.crashAtEveryEffect(losing: loss) { storage, folder in
            try folder.write("a", to: "tree/a")
            try folder.write("b", to: "tree/inner/b")
            try storage.removeTree(folder.path("tree"))
        } afterwards: { folder, _, finished in
            let left = try folder.contents().keys.sorted()
            #expect(left == [] || (left == ["tree", "tree/a", "tree/inner", "tree/inner/b"] && !finished))
        }
        #expect(stops == 2)
    }

    @Test(arguments: FaultyStorage.Loss.allCases)
    func `Folders made on the way survive a power cut`(loss: FaultyStorage.Loss) throws {
        let stops = try FaultyStorage.crashAtEveryEffect(losing: loss) { storage, folder in
            try storage.makeDirectory(folder.path("a/b/c"))
        } afterwards: { folder, _, finished in
            let left = try folder.contents().keys.sorted()
            #expect(["a", "a/b", "a/b/c"].starts(with: left))
            #expect(!finished || left.count == 3)
        }
        #expect(stops == 6)
    }

    @Test func `A folder has the mode that was asked for, whatever an earlier stop left`() throws {
        try folder.write("a file that was on its way", to: ".first.tmp")
        #expect(mkdir(folder.path(".second.tmp").string, 0o700) == 0)
        for name in ["first", "second", "third"] { try storage.makeDirectory(folder.path(name)) }
        let contents = try folder.contents()
        #expect(contents.keys.sorted() == ["first", "second", "third"])
        #expect(contents.values.allSatisfy { $0.kind == .directory && $0.permissions == .publicDirectory })
    }

    @Test(arguments: [1, 2, 3, 4], [StorageFaultCode.full, .permissionDenied])
    func `A write that fails leaves the old file and nothing else`(effect: Int, code: StorageFaultCode) throws {
        try folder.write("old", to: "file")
        let faulty = try FaultyStorage(.fail(at: effect, code))
        let fault = try #require(throws: StorageFault.self) {
            try faulty.storage.write(Array("new".utf8), to: folder.path("file"))
        }
        #expect(fault.code == code)
        // After the rename only the flush of the folder can fail: the new name stands, but may be lost.
        #expect(try folder.read("file") == Array((effect == 4 ? "new" : "old").utf8))
        #expect(try folder.contents().keys.sorted() == ["file"])
    }

    @Test func `An error while bytes are produced comes out as it is and leaves the old file`() throws {
        try folder.write("old", to: "file")
        #expect(throws: OwnError()) {
            try storage.write(to: folder.path("file")) { sink in
                try Array("half".utf8).withUnsafeBytes { try sink($0) }
                throw OwnError()
            }
        }
        #expect(try folder.read("file") == Array("old".utf8))
        #expect(try folder.contents().keys.sorted() == ["file"])
    }

    @Test func `A link planted under the temporary name is not written through`() throws {
        try folder.write("mine", to: "victim")
        try storage.replaceLink(at: folder.path(".file.tmp"), target: folder.path("victim").string)
        try storage.write([1], to: folder.path("file"))
        #expect(try folder.read("victim") == Array("mine".utf8))
        #expect(try storage.info(folder.path("file"))?.kind == .file)
    }

    @Test(arguments: [FilePermissions.publicFile, .privateFile])
    func `The mode is what was asked for, also over a file of another mode`(mode: FilePermissions) throws {
        try storage.write([1], to: folder.path("file"), mode: FilePermissions(rawValue: 0o777))
        try storage.write([1], to: folder.path("file"), mode: mode)
        #expect(try storage.info(folder.path("file"))?.permissions == mode)
    }

    @Test func `A copy holds the same bytes, more than one chunk of them`() throws {
        let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
        try folder.write(bytes, to: "from")
        try storage.copy(folder.path("from"), to: folder.path("to"))
        #expect(try folder.read("to") == bytes)
    }

    @Test(arguments: FaultyStorage.Loss.allCases)
    func `What was appended and flushed outlives a stop, the rest is some beginning`(loss: FaultyStorage.Loss) throws {
        let stops = try FaultyStorage.crashAtEveryEffect(losing: loss) { storage, folder in
            for part in ["first ", "second"] {
                try storage.append(to: folder.path("file")) { try $0.append(Array(part.utf8)) }
            }
        } afterwards: { folder, stop, finished in
            let left = try folder.read("file") ?? []
            #expect(Array("first second".utf8).starts(with: left))
            if stop > 3 { #expect(left.count >= 6) }
            if finished { #expect(left.count == 12) }
        }
        #expect(stops == 5)
    }

    @Test func `What was appended before an error is kept, and the error comes out`() throws {
        #expect(throws: OwnError()) {
            try storage.append(to: folder.path("file")) { file in
                try file.append([1, 2])
                throw OwnError()
            }
        }
        #expect(try folder.read("file") == [1, 2])
    }

    @Test func `A rename to a name that is taken is refused when it must be free`() throws {
        try folder.write("a", to: "from/a")
        try folder.write("b", to: "to/b")
        let fault = try #require(throws: StorageFault.self) {
            try storage.renameExclusively(folder.path("from"), to: folder.path("to"))
        }
        #expect(fault.code == .exists)
        #expect(try folder.contents().keys.sorted() == ["from", "from/a", "to", "to/b"])
        try storage.renameExclusively(folder.path("from"), to: folder.path("free"))
        #expect(try folder.contents().keys.sorted() == ["free", "free/a", "to", "to/b"])
    }

    @Test func `A file in the place of a folder is a fault`() throws {
        try folder.write("a", to: "file")
        for name in ["file", "file/inner"] {
            let fault = try #require(throws: StorageFault.self) { try storage.makeDirectory(folder.path(name)) }
            #expect(fault.code == .exists)
        }
    }

    @Test func `A tree is removed with folders that nobody may write to, and links are not followed`() throws {
        try folder.write("mine", to: "outside/victim")
        try folder.write("a", to: "tree/locked/a")
        try storage.replaceLink(at: folder.path("tree/link"), target: folder.path("outside").string)
        try setMode(0o500, of: folder.path("tree/locked"))
        try storage.removeTree(folder.path("tree"))
        #expect(try folder.contents().keys.sorted() == ["outside", "outside/victim"])
        try storage.removeTree(folder.path("tree"))
    }
    @Test func `A tree is removed with names that are not UTF-8`() throws {
        try folder.write("a", to: "tree/inner/a")
        for name in ["tree/inner/odd", "tree/odd"] {
            let path = folder.path(name).string.utf8CString.dropLast() + [CChar(bitPattern: 0xFF), 0]
            let descriptor = open(Array(path), O_CREAT | O_WRONLY, 0o600)
            #expect(descriptor >= 0)
            close(descriptor)
        }
        try storage.removeTree(folder.path("tree"))
        #expect(try folder.contents().isEmpty)
    }

    @Test func `A folder of its own is made, and one that stands there is never taken over`() throws {
        try storage.makeOwnDirectory(folder.path("a/own"))
        #expect(try storage.info(folder.path("a/own"))?.permissions == .privateDirectory)
        try folder.write("theirs", to: "outside/file")
        try storage.replaceLink(at: folder.path("link"), target: folder.path("outside").string)
        for name in ["a/own", "link", "outside/file"] {
            let fault = try #require(throws: StorageFault.self) { try storage.makeOwnDirectory(folder.path(name)) }
            #expect(fault.code == .exists)
        }
    }

    @Test(.enabled(if: geteuid() == 0))
    func `A folder that another user left under the temporary name is not taken over`()
        throws
    {
        let planted = folder.path(".new.tmp")
        try storage.makeDirectory(planted)
        #expect(chown(planted.string, 65534, 65534) == 0)
        let fault = try #require(throws: StorageFault.self) { try storage.makeDirectory(folder.path("new")) }
        #expect(fault.code == .exists)
        #expect(try folder.contents().keys.sorted() == [".new.tmp"])
        #expect(try storage.info(planted)?.permissions == .publicDirectory)
    }
}
