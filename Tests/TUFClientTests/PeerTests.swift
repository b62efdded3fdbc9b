import Foundation
import Primitives
import Signatures
import SystemPackage
import TestSupport
import Testing

@Suite("A repository made by python-tuf")
struct PeerTests {
    private struct Expected: Decodable {
        struct Target: Decodable {
            let sha256: String
            let role: String
        }

        let versions: [String: Int]
        let targets: [String: Target]
    }

    private func run(_ executable: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Ed25519, P-256 and RSA keys mixed, rotated roots, delegations by pattern, by hash prefix and to succinct bins.
    @Test func `is read by tuf-client, and every target of every role downloaded`() throws {
        let python = ProcessInfo.processInfo.environment["SCEAU_PYTHON"] ?? ".venv/bin/python"
        try #require(FileManager.default.isExecutableFile(atPath: python), "\(python) is missing: run make test")
        let folder = try TemporaryFolder()
        let published = folder.path("published")
        #expect(try run(python, ["Tests/Peers/tuf_make_repository.py", published.string]) == 0)
        let text = try Data(contentsOf: URL(fileURLWithPath: published.appending("expected.json").string))
        let expected = try JSONDecoder().decode(Expected.self, from: text)
        let server = try HostileServer(publishing: published)
        let client = ClientUnderTest.executable.path
        let metadata = folder.path("metadata").string
        #expect(
            try run(client, ["--metadata-dir", metadata, "init", published.appending("root.json").string]) == 0)
        let targets = expected.targets.keys.sorted()
        #expect(
            try run(
                client,
                ["--metadata-dir", metadata, "--metadata-url", server.url + "metadata", "--target-base-url"]
                    + [server.url + "targets", "--target-dir", folder.path("targets").string]
                    + targets.flatMap { ["--target-name", $0] } + ["download"]) == 0)
        for target in targets {
            let file = "targets/" + PercentEncoding.encode(ByteString(target))
            let bytes = try #require(try folder.read(file), "\(target)")
            #expect(Digest.sha256(of: bytes).hex == expected.targets[target]?.sha256)
        }
        // Every file once, and of the bins only those that were needed.
        let paths = server.requests.map(\.path)
        #expect(Set(paths).count == paths.count)
        let visited = Set(expected.targets.values.map(\.role))
        let asked = expected.versions.filter { paths.contains("/metadata/\($0.value).\($0.key).json") }.keys
        #expect(visited.subtracting(asked) == [])
        #expect(targets.count > 15)
    }
}
