import DurableStorage
import Patching
import Primitives
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing

@testable import Archiving

@Suite struct OutputBehindTests {
    let folder: TemporaryFolder
    let tree: FilePath

    init() throws {
        folder = try TemporaryFolder()
        tree = try folder.make([], in: "new")
    }

    private static func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 9) }
    }

    private func sink() throws -> PatchedTree { try PatchedTree(tree, old: tree, storage: DurableStorage()) }

    /// Small ones at once, large ones on another core, with parts that are larger and smaller than what is on its way.
    @Test(arguments: [
        (0, 1), (1000, 7), (300_000, 300_000), (300_000, 999), (3_000_000, 256 << 10), (3_000_000, 1 << 20),
    ])
    func aFileIsWhatWasWrittenAndSoIsItsDigest(_ count: Int, _ part: Int) throws {
        let (sink, bytes) = (try sink(), Self.bytes(count))
        for name in ["first", "second"] {
            try sink.beginFile(ByteString(name), size: count, executable: false)
            for start in stride(from: 0, to: count, by: part) {
                // What stands there afterwards is not what was meant.
                var copy = Array(bytes[start..<min(start + part, count)])
                try copy.withUnsafeMutableBytes { buffer in
                    try sink.write(UnsafeRawBufferPointer(buffer))
                    buffer.initializeMemory(as: UInt8.self, repeating: 0xEE)
                }
            }
            #expect(try sink.endFile() == .sha256(of: bytes))
            #expect(try folder.read("new/" + name) == bytes)
        }
        try sink.finish()
    }

    @Test func aFileThatIsGivenUpIsNotWrittenOn() throws {
        let (sink, bytes) = (try sink(), Self.bytes(1 << 20))
        try sink.beginFile("file", size: bytes.count, executable: false)
        try bytes.withUnsafeBytes { try sink.write(UnsafeRawBufferPointer(rebasing: $0[..<(600 << 10)])) }
        sink.stop()
        #expect(try folder.read("new/file") == Array(bytes[..<(600 << 10)]))
        try DurableStorage().removeTree(tree)
        #expect(try DurableStorage().info(tree) == nil)
    }
}
