import Foundation
import SystemPackage
import TestSupport
import Testing

/// Who talks with servers, as the kernel sees it: `strace` looks at the agent and all it starts.
@Suite("What asks servers")
struct AskingTests {
    private struct Call {
        let process: String
        let text: String
    }

    /// What the agent did, in order.
    private func calls(_ association: Association, _ arguments: [String]) throws -> [Call] {
        let file = association.folder.path("trace").string
        let traced = try Tool.system("strace").run(
            [
                "--follow-forks", "--quiet=all", "--signal=none", "--output=\(file)", "--string-limit=200",
                "--trace=execve,socket,connect,openat,landlock_restrict_self,seccomp,setresuid,exit_group",
                Tool.agent.executable.path,
            ] + arguments + ["--config", association.configuration])
        try #require(traced.status == 0, "\(traced.errors)")
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            return parts.count == 2
                ? Call(process: String(parts[0]), text: parts[1].trimmingCharacters(in: .whitespaces)) : nil
        }
    }

    private func asking(_ calls: [Call]) -> Set<String> {
        Set(calls.filter { $0.text.hasPrefix("execve(") && $0.text.contains("\"fetch-worker\"") }.map(\.process))
    }

    @Test(arguments: [["check"], ["update"], ["bundle", "create", "--out", "FILE"]])
    func `is one process that gave up all else before, and the agent itself makes no socket of a network`(
        command: [String]
    ) throws {
        let association = try Association()
        try association.release("2.11.1")
        let server = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: server.address)
        try association.initialiseAgent()
        if command[0] == "check" { #expect(try association.agent("update").status == 0) }
        let file = association.folder.path("made.bundle").string
        let calls = try calls(association, command.map { $0 == "FILE" ? file : $0 })
        let workers = asking(calls)
        #expect(workers.count == 1)
        let sockets = calls.filter { $0.text.hasPrefix("socket(AF_INET") }
        #expect(!sockets.isEmpty)
        #expect(Set(sockets.map(\.process)) == workers)

        let its = calls.filter { workers.contains($0.process) }.map(\.text)
        let first = try #require(its.firstIndex { $0.hasPrefix("socket(") })
        let filter = its.firstIndex { $0.hasPrefix("seccomp(") && isGood($0) }
        if let filter {
            #expect(filter < first)
            #expect(!its[filter...].contains { $0.contains("O_WRONLY") || $0.contains("O_RDWR") })
        }
        if let walls = its.firstIndex(where: { $0.hasPrefix("landlock_restrict_self(") }) {
            #expect(walls < first)
            #expect(isGood(its[walls]))
        }
        // Nothing was refused that it needs.
        #expect(!its.contains { $0.contains("EACCES") })
    }

    @Test func `is nobody's business where nothing is asked`() throws {
        let association = try Association()
        let server = try association.install("2.11.1")
        for command in ["status", "verify", "history", "gc"] {
            #expect(asking(try calls(association, [command])).isEmpty, "\(command)")
        }
        withExtendedLifetime(server) {}
    }

    /// Where another call comes in between, strace writes the end of this one on a line of its own.
    private func isGood(_ call: String) -> Bool { call.hasSuffix("= 0") || call.hasSuffix("<unfinished ...>") }

    @Test(.enabled(if: Machine.isRoot && Machine.othersReachTheTools))
    func `is another user's process where the agent is root and has one`() throws {
        let association = try Association()
        try association.folder.openToAll()
        let server = try association.install("2.11.1")
        let text = try #require(try association.folder.read("instance/agent.yaml"))
        try association.folder.write(text + Array("worker: {user: nobody}\n".utf8), to: "instance/agent.yaml")
        let calls = try calls(association, ["check"])
        let worker = try #require(asking(calls).first)
        let its = calls.filter { $0.process == worker }.map(\.text)
        let start = try #require(its.firstIndex { $0.contains("\"fetch-worker\"") })
        #expect(its[..<start].contains { $0.hasPrefix("setresuid(65534, 65534, 65534") && isGood($0) })
        withExtendedLifetime(server) {}
    }
}
