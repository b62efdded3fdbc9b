import Foundation
import Primitives
import Signatures
import SystemPackage
import TestSupport
import Testing

/// `sceau-audit witness` on a port of its own, ended when released.
private final class RunningWitness {
    let address: String
    /// What it said until it was ready.
    private(set) var said = ""
    private let process = Process()
    private let errors = Pipe()

    init(_ arguments: [String]) throws {
        process.executableURL = Tool.audit.executable
        process.arguments = ["witness"] + arguments + ["--listen", "127.0.0.1:0"]
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        while !said.contains("listening on http"), case let more = errors.fileHandleForReading.availableData,
            !more.isEmpty
        {
            said += String(decoding: more, as: UTF8.self)
        }
        let address = said.split(separator: "\n").first { $0.hasPrefix("sceau-audit: listening on ") }
        self.address = String(try #require(address, "it said: \(said)").dropFirst("sceau-audit: listening on ".count))
    }

    /// Asks it to leave; its exit status, and all else that it said.
    func stop() -> (status: Int32, said: String) {
        if process.isRunning { process.terminate() }
        let rest = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: rest, as: UTF8.self))
    }

    deinit { _ = stop() }
}

@Suite("A person who runs a witness")
struct WitnessCommandTests {
    let folder: TemporaryFolder
    let log = LogSimulator(witnesses: 0)

    init() throws {
        folder = try TemporaryFolder(in: TemporaryFolder.inMemory)
        for index in 0..<10 { log.append([UInt8(index)]) }
        try folder.write("correct horse", to: "passphrase")
        try folder.write("# the logs we watch\n\n\(log.vkey)\n", to: "logs.txt")
        let made = try Tool.sceau.run([
            "key", "generate", "lighthouse", "--out", path("w.key"), "--passphrase-file", path("passphrase"),
        ])
        #expect(made.status == 0)
    }

    private func path(_ name: String) -> String { folder.path(name).string }

    private var arguments: [String] {
        [
            "--key", path("w.key"), "--passphrase-file", path("passphrase"), "--state", path("state"),
            "--log", "@" + path("logs.txt"),
        ]
    }

    private func post(_ old: Int, _ size: Int, to address: String) throws -> String {
        let text = log.checkpointText(size: size)
        let proof = old > 0 && old < size ? log.tree.consistency(from: old, to: size) : []
        let hashes = proof.map { Data($0.bytes).base64EncodedString() + "\n" }.joined()
        let body =
            "old \(old)\n\(hashes)\n" + String(decoding: text, as: UTF8.self) + "\n"
            + String(decoding: log.key.noteLine(log.origin, over: text), as: UTF8.self)
        let answer = try Tool.system("curl").run(
            ["--silent", "--data-binary", "@-", "--write-out", "|%{http_code}", address + "add-checkpoint"], input: body
        )
        return answer.output
    }

    private var shownKey: String {
        get throws {
            let shown = try Tool.audit.run(["witness", "--key", path("w.key"), "--show-key"])
            #expect(shown.status == 0 && shown.errors.isEmpty)
            return shown.output
        }
    }

    @Test func `learns its key, serves, stops, goes on, and is refused when the state is gone`() throws {
        let key = try shownKey
        #expect(key.hasPrefix("lighthouse+") && key.hasSuffix("\n") && key.split(separator: "\n").count == 1)
        do {
            let running = try RunningWitness(arguments)
            #expect(running.said.hasPrefix("sceau-audit: this witness is \(key)"))
            #expect(running.address.hasPrefix("http://127.0.0.1:") && running.address.hasSuffix("/"))
            let line = try post(0, 5, to: running.address)
            #expect(line.hasPrefix("— lighthouse ") && line.hasSuffix("\n|200"))
            #expect(try post(0, 8, to: running.address) == "5\n|409")
            let second = try Tool.audit.run(["witness"] + arguments + ["--listen", "127.0.0.1:0"])
            #expect(second.status == 1)
            #expect(second.errors.hasPrefix("sceau-audit: error: [storage/locked] "))
            let end = running.stop()
            #expect(end.status == 0)
            #expect(
                end.said == """
                    sceau-audit: cosigned \(log.origin) at size 5
                    sceau-audit: leaving, answers under way are finished

                    """)
        }
        let again = try RunningWitness(arguments)
        #expect(try post(5, 8, to: again.address).hasSuffix("\n|200"))
        #expect(again.stop().status == 0)

        try FileManager.default.removeItem(atPath: path("state"))
        let lost = try Tool.audit.run(["witness"] + arguments + ["--listen", "127.0.0.1:0"])
        #expect(lost.status == 3)
        #expect(
            lost.errors.hasPrefix(
                "sceau-audit: error: [witness/state-lost] what this witness has cosigned is no longer known"))
        #expect(lost.errors.contains("\nsceau-audit: hint: nothing was changed; "))
        #expect(!FileManager.default.fileExists(atPath: path("state")))
    }

    @Test func `names what is wrong with a command line`() throws {
        let key = ["--key", path("w.key"), "--passphrase-file", path("passphrase")]
        let state = ["--state", path("state")]
        let cases: [([String], Int32, String)] = [
            (key, 64, "command/arguments"), (key + state, 64, "witness/no-logs"),
            (key + state + ["--log", "x"], 64, "log/malformed-key"),
            (key + state + ["--log", "@" + path("nowhere")], 1, "storage/not-found"),
            (key + state + ["--log", "\(log.vkey)", "--log", "\(log.vkey)"], 64, "witness/twice"),
            (key + state + ["--log", try shownKey.trimmingCharacters(in: .newlines)], 64, "witness/not-a-log"),
            (key + state + ["--log", "\(log.vkey)", "--per-day", "0"], 64, "command/arguments"),
            (key + state + ["--log", "\(log.vkey)", "--listen", "localhost"], 64, "serve/invalid-address"),
            (key + state + ["--log", "\(log.vkey)", "--name", "two words"], 64, "log/malformed-key"),
            (Array(key.prefix(2)) + state + ["--log", "\(log.vkey)"], 64, "key/passphrase-needed"),
        ]
        for (arguments, status, code) in cases {
            let result = try Tool.audit.run(["witness"] + arguments)
            #expect(result.status == status, "\(arguments)")
            #expect(result.errors.hasPrefix("sceau-audit: error: [\(code)] "), "\(result.errors)")
            #expect(result.output.isEmpty)
        }
        #expect(!FileManager.default.fileExists(atPath: path("state")))
    }
}
