import DurableStorage
import Foundation
import Primitives
import SystemPackage
import TestSupport
import Testing

@Suite struct ReadingTests {
    let folder: TemporaryFolder
    let storage = DurableStorage()

    init() throws {
        folder = try TemporaryFolder()
    }

    private func fault(_ work: () throws -> Void) throws -> StorageFault {
        try #require(throws: StorageFault.self) { try work() }
    }

    @Test func `Of a file system that is read-only nobody is told to look at owner and mode`() {
        let fault = StorageFault(.readOnlyFileSystem, "open", at: "/srv/x")
        #expect(fault.code == .permissionDenied)
        #expect(fault.hint == StorageFault.readOnlyAdvice)
        #expect(StorageFault(.permissionDenied, "open", at: "/srv/x").hint == StorageFaultCode.permissionDenied.hint)
        // A file system of the kernel's own, which nobody can write to, is none that is mounted read-only.
        #expect(!storage.isReadOnly(folder.path))
    }

    @Test(arguments: [0, 1, 1000, 3 << 20])
    func `As many bytes as allowed are read, one more is refused`(limit: Int) throws {
        try folder.write([UInt8](repeating: 7, count: limit), to: "fits")
        try folder.write([UInt8](repeating: 7, count: limit + 1), to: "more")
        #expect(try storage.read(folder.path("fits"), limit: limit).count == limit)
        #expect(try storage.read(folder.path("fits"), limit: .max).count == limit)
        let fault = try fault { _ = try storage.read(folder.path("more"), limit: limit) }
        #expect(
            fault
                == StorageFault(
                    .tooLong, expected: "at most \(limit) bytes", at: folder.path("more").string))
    }

    @Test func `An endless file is refused at the limit`() throws {
        let fault = try fault { _ = try storage.read("/dev/zero", limit: 10_000) }
        #expect(fault.code == .tooLong)
    }

    @Test func `A FIFO in the place of a file does not hold the reader up`() throws {
        #expect(mkfifo(folder.path("pipe").string, 0o600) == 0)
        #expect(try storage.info(folder.path("pipe"))?.kind == .other)
        #expect(try storage.read(folder.path("pipe"), limit: 10) == [])
    }

    @Test func `A folder in the place of a file is a fault`() throws {
        #expect(try fault { _ = try storage.read(folder.path, limit: 10) }.code == .failed)
    }

    @Test func `What is not there is a fault, or nil for who can do without`() throws {
        let fault = try fault { _ = try storage.read(folder.path("none"), limit: 10) }
        #expect(fault.code == .notFound)
        #expect(fault.location == folder.path("none").string)
        #expect(try storage.readIfPresent(folder.path("none"), limit: 10) == nil)
        #expect(try storage.info(folder.path("none")) == nil)
        #expect(try storage.info(folder.path("none/inner")) == nil)
        #expect(try storage.linkTarget(folder.path("none")) == nil)
        try storage.remove(folder.path("none"))
    }

    @Test func `A file or folder we may not use is a fault that says so`() async {
        // In a process of its own, since root may do everything and has to become somebody else first.
        await #expect(processExitsWith: .success) {
            if getuid() == 0 { #expect(setuid(65534) == 0) }
            let folder = try TemporaryFolder()
            let storage = DurableStorage()
            try folder.write("a", to: "closed/file")
            try setMode(0, of: folder.path("closed/file"))
            let reading = try #require(throws: StorageFault.self) {
                _ = try storage.read(folder.path("closed/file"), limit: 9)
            }
            #expect(reading.code == .permissionDenied)
            try setMode(0o500, of: folder.path("closed"))
            let writing = try #require(throws: StorageFault.self) {
                try storage.write([1], to: folder.path("closed/new"))
            }
            #expect(writing.code == .permissionDenied)
            #expect(writing.hint == "check the owner and mode of this path and of its folders")
            #expect(try folder.contents().keys.sorted() == ["closed", "closed/file"])
        }
    }

    @Test func `A folder is listed in the order of bytes, with hidden names`() throws {
        let names = [".hidden", "A", "B", "a", "a.b", "aa", "b", "\u{E9}"]
        for name in names.reversed() { try folder.write("", to: name) }
        #expect(try storage.list(folder.path) == names)
        #expect(try fault { _ = try storage.list(folder.path("none")) }.code == .notFound)
        #expect(try fault { _ = try storage.list(folder.path("A")) }.code == .failed)
    }

    @Test func `Links are looked at, not followed`() throws {
        try folder.write("abc", to: "file")
        try storage.replaceLink(at: folder.path("link"), target: "file")
        try storage.replaceLink(at: folder.path("dangling"), target: "nowhere")
        #expect(try storage.info(folder.path("file"))?.size == 3)
        #expect(try storage.info(folder.path("link"))?.kind == .link)
        #expect(try storage.info(folder.path("dangling"))?.kind == .link)
        #expect(try storage.info(folder.path)?.kind == .directory)
        #expect(try storage.linkTarget(folder.path("link")) == "file")
        #expect(try storage.linkTarget(folder.path("file")) == nil)
        try storage.remove(folder.path("link"))
        #expect(try folder.contents().keys.sorted() == ["dangling", "file"])
    }
}

@Suite struct LockTests {
    @Test func `A lock excludes everybody else until it is let go`() throws {
        let folder = try TemporaryFolder()
        let storage = DurableStorage()
        var lock: StorageLock? = try storage.lock(folder.path("lock"))
        for _ in 1...2 {
            let fault = try #require(throws: StorageFault.self) { _ = try storage.lock(folder.path("lock")) }
            #expect(fault == StorageFault(.locked, at: folder.path("lock").string))
        }
        _ = try storage.lock(folder.path("another"))
        withExtendedLifetime(lock) {}
        lock = nil
        lock = try storage.lock(folder.path("lock"))
        withExtendedLifetime(lock) {}
        #expect(try storage.info(folder.path("lock"))?.permissions == .privateFile)
    }

    @Test func `A lock ends with its process, however that ends`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("lock").string
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let lock = try DurableStorage().lock(FilePath(path))
            withExtendedLifetime(lock) { _ = kill(getpid(), SIGKILL) }
        }
        #expect(try folder.contents().keys.sorted() == ["lock"])
        _ = try DurableStorage().lock(folder.path("lock"))
    }

    @Test func `A lock is not taken through a link`() throws {
        let folder = try TemporaryFolder()
        let storage = DurableStorage()
        try folder.write("mine", to: "victim")
        try storage.replaceLink(at: folder.path("lock"), target: "victim")
        #expect(throws: StorageFault.self) { _ = try storage.lock(folder.path("lock")) }
    }
}
