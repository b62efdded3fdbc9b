import Foundation
import Testing

/// `make faults` tries every call; this is a part of it.
@Suite("A broken update", .serialized)
struct BrokenUpdateTests {
    private static let faults: Tool = {
        var tool = Tool(executable: URL(fileURLWithPath: "Tests/Faults/faults"))
        tool.environment["PYTHONDONTWRITEBYTECODE"] = "1"
        return tool
    }()

    private static var isPossible: Bool { (try? faults.run(["--can"]).status) == 0 }

    /// Killed, or told that the disk is full or broken, at some of the calls that change files: each time one release
    /// or the other is there, whole, the message says which, and the next run completes it.
    @Test(.enabled(if: isPossible, "processes cannot be traced here"))
    func `leaves one release or the other, whole, and the next run completes it`() throws {
        let result = try Self.faults.run(["--bin", Tool.folder.path, "--in-turn", "--every", "16"])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
}
