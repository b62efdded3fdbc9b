import Foundation
import SystemPackage
import TestSupport
import Testing

/// The built tool, run as a process. What it publishes expires in 2030, long after the clock it reads.
@Suite("sceau-audit verify")
struct CommandTests {
    private let published: PublishedFolder
    private let root: String

    init() throws {
        published = try PublishedFolder.threeStates()
        root = published.published("metadata/1.root.json").string
    }

    @Test("says what was checked, and ends with 0 when nothing is wrong")
    func clean() throws {
        let (status, lines, errors) = try run([published.published().string, "--root", root, "--full"])
        #expect(status == 0)
        #expect(errors == [])
        #expect(lines.count == 6)
        #expect(lines.first == "checked \(published.published().string)")
        // roots 2 and 2 + 2, snapshots 1 each, timestamp 1, targets and channel 2 a version
        #expect(lines.dropFirst().first == "metadata: 2 roots, 3 snapshots, 11 files, 20 needed signatures valid")
        #expect(lines.dropFirst(2).first == "releases: 2; 6 targets, 6 read and hashed")
        // Nothing is wrong, and yet something is to be known: what is published here could be told to one alone.
        #expect(lines[4].hasPrefix("note: [audit/no-transparency] no transparency: "))
        #expect(lines.last == "verdict: nothing is wrong with what was checked")
    }

    @Test("prints each finding and one verdict, and ends with 3")
    func refused() throws {
        try published.replace("targets/secret", with: [1])
        try published.remove("metadata/2.snapshot.json")
        let (status, lines, errors) = try run([published.published().string, "--root", root])
        #expect(status == 3)
        #expect(errors == [])
        #expect(
            lines.filter { !$0.hasPrefix("note: ") }.suffix(4) == [
                "finding: [audit/version-gap] a version of metadata is missing from its sequence "
                    + "(metadata/2.snapshot.json)",
                "finding: [audit/orphan] a file that no metadata names (targets/secret)",
                "hint: if a publication is under way, run this again when it is over",
                "verdict: refused, 2 findings",
            ])
    }

    @Test("prints one JSON object with the same status")
    func json() throws {
        try published.replace("targets/secret", with: [1])
        let (status, lines, _) = try run([published.published().string, "--root", root, "--json"])
        #expect(status == 3)
        #expect(lines.count == 1)
        let object = try JSONSerialization.jsonObject(with: Data((lines.first ?? "").utf8)) as? [String: Any]
        #expect(object?["verdict"] as? String == "refused")
        #expect((object?["findings"] as? [[String: Any]])?.first?["location"] as? String == "targets/secret")
        #expect(object?["milliseconds"] is Int)
    }

    @Test("ends with 1 when there is nothing to read, and with 64 when the command line is wrong")
    func failures() throws {
        let server = try HostileServer([:])
        server.stop()
        let unreachable = try run([server.url, "--root", root])
        #expect(unreachable.status == 1)
        #expect(unreachable.lines == [])
        #expect(unreachable.errors.first?.hasPrefix("sceau-audit: error: [transport/connect-failed] ") == true)
        #expect(try run([published.folder.path.string, "--root", root]).status == 1)
        #expect(try run([published.published().string]).status == 64)
        #expect(try run(["ftp://127.0.0.1/", "--root", root]).status == 64)
    }

    private func run(_ arguments: [String]) throws -> (status: Int32, lines: [String], errors: [String]) {
        // The tools stand beside the test program.
        let tools = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let process = Process()
        process.executableURL = tools.appendingPathComponent("sceau-audit")
        process.arguments = ["verify"] + arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Both fit into a pipe.
        process.waitUntilExit()
        func lines(_ pipe: Pipe) -> [String] {
            String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                .split(separator: "\n").map(String.init)
        }
        return (process.terminationStatus, lines(output), lines(errors))
    }
}
