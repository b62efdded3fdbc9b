import Foundation
import Testing

/// `make systemd` plays every scene; these are some of them.
@Suite("Under systemd", .serialized)
struct SystemdTests {
    private static let scenes: Tool = {
        var tool = Tool(executable: URL(fileURLWithPath: "Tests/Systemd/systemd-scenes"))
        tool.environment["PYTHONDONTWRITEBYTECODE"] = "1"
        return tool
    }()

    private static var isPossible: Bool { (try? scenes.run(["--can"]).status) == 0 }

    /// As the packaged units have it: a first installation, updates as `sceau` and as root, a kill, and the machine's end.
    @Test(.enabled(if: isPossible, "no systemd can be started here"))
    func `the packaged units keep a product current, whatever happens to the agent and to the machine`() throws {
        let result = try Self.scenes.run(["--bin", Tool.folder.path, "--sample"])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
}
