import CanonicalJSON
import DurableStorage
import Foundation
import Primitives
import Processes
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing
import Transport

@testable import Updating

/// Notices on their way, by real programs.
@Suite struct DeliveryTests {
    /// What a program gets is kept in a file of its own, `got-1`, `got-2`, ….
    private static let keeper = """
        #!/bin/sh
        cd "$(dirname "$0")" || exit 1
        n=1
        while [ -e "$(basename "$0")-$n" ]; do n=$((n+1)); done
        { echo "$SCEAU_EVENT $SCEAU_VERSION $*"; cat; } > "$(basename "$0")-$n"
        """

    private func instance(_ adjust: @escaping (inout AgentConfiguration, TemporaryFolder) -> Void) throws
        -> TestInstance
    {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        var instance = try TestInstance(repository)
        let folder = instance.folder
        for name in ["notify", "sendmail"] { try program(Self.keeper, name, folder) }
        instance.configure = { adjust(&$0, folder) }
        try instance.initialise()
        return instance
    }

    private func program(_ text: String, _ name: String, _ folder: TemporaryFolder) throws {
        try folder.write(text, to: name)
        chmod(folder.path(name).string, 0o755)
    }

    private func both(_ configuration: inout AgentConfiguration, _ folder: TemporaryFolder) {
        configuration.notify.command = [folder.path("notify").string, "extra"]
        configuration.notify.mail = ["admin@example.org"]
        configuration.notify.sendmail = [folder.path("sendmail").string, "-t"]
        configuration.notify.timeLimit = .seconds(20)
    }

    private func text(_ name: String, _ instance: TestInstance) throws -> String? {
        try instance.folder.read(name).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("that the pinned root is damaged is told, and once: from then on no run gets any further")
    func damagedRoot() throws {
        let instance = try instance(both)
        try instance.folder.write("{}", to: "state/root.json")
        for _ in 0..<2 { #expect(code { try instance.agent().update() } == "agent/damaged-root") }
        #expect(try text("notify-1", instance)?.hasPrefix("failed") == true)
        #expect(try text("notify-1", instance)?.contains("agent/damaged-root") == true)
        #expect(try text("notify-2", instance) == nil)
        #expect(try text("state/last-error.json", instance)?.contains("agent/damaged-root") == true)
    }

    @Test("an update is told once by program and by mail, whatever runs after it")
    func update() throws {
        let instance = try instance(both)
        _ = try instance.agent().update()
        _ = try instance.agent().update()
        _ = try instance.agent().check()
        let notice = try #require(try text("notify-1", instance))
        #expect(notice.hasPrefix("updated 1.0 extra\n{"))
        let json = try JSONReader(JSONValue.decode(Array(notice.split(separator: "\n")[1].utf8)), at: "notice")
        #expect(try json.field("event").string() == "updated")
        #expect(try json.field("product").string() == "mail-suite")
        #expect(try json.field("version").string() == "1.0")
        let mail = try #require(try text("sendmail-1", instance))
        #expect(mail.hasPrefix("updated 1.0 -t\nTo: admin@example.org\nSubject: =?utf-8?B?"))
        #expect(try text("notify-2", instance) == nil)
        #expect(try text("sendmail-2", instance) == nil)
        #expect(try instance.agent().status().undelivered == 0)
    }

    @Test(
        "a program that fails, hangs, floods or is not there never fails the update; the other way works, and it is tried again",
        arguments: [
            "#!/bin/sh\necho cannot >&2; exit 3", "#!/bin/sh\nexec sleep 600", "#!/bin/sh\nexec yes", "", "#!/nowhere",
        ])
    func badProgram(text program: String) throws {
        var instance = try instance { configuration, folder in
            both(&configuration, folder)
            configuration.notify.timeLimit = .seconds(1)
        }
        try self.program(program, "notify", instance.folder)
        if program.isEmpty { try DurableStorage().remove(instance.folder.path("notify")) }
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.0")
        #expect(try instance.agent().status().undelivered == 1)
        #expect(try instance.agent().status().lastError == nil)
        #expect(try text("sendmail-1", instance) != nil)
        let why = try #require(try text("state/output/notify.txt", instance))
        #expect(why.utf8.count < 80 << 10)
        #expect(why.contains("notify "))
        try self.program(Self.keeper, "notify", instance.folder)
        instance.now += 60
        _ = try instance.agent().check()
        #expect(try text("notify-1", instance)?.hasPrefix("updated 1.0") == true)
        #expect(try text("sendmail-2", instance) == nil)
        #expect(try instance.agent().status().undelivered == 0)
        #expect(try text("state/output/notify.txt", instance) == nil)
    }

    @Test("mirrors that are all away are told after a day, and that they are back")
    func unreachable() throws {
        var instance = try instance(both)
        _ = try instance.agent().update()
        instance.mirrors = [AwayMirror()]
        for hours in [1.0, 2, 25, 26] {
            instance.now = RepositorySimulator.now + hours * 3600
            #expect(code { try instance.agent().check() } == "transport/connect-failed")
        }
        #expect(try text("notify-2", instance)?.hasPrefix("unreachable") == true)
        #expect(try text("notify-3", instance) == nil)
        instance.mirrors = nil
        _ = try instance.agent().check()
        #expect(try text("notify-3", instance)?.hasPrefix("recovered") == true)
    }

    @Test(
        "a memory of another kind, or a damaged one, is forgotten and the run goes on",
        arguments: [[UInt8]("{".utf8), [], [UInt8](repeating: 0x5b, count: 3 << 20)])
    func damagedMemory(bytes: [UInt8]) throws {
        var instance = try instance(both)
        _ = try instance.agent().update()
        try instance.folder.write(bytes, to: "state/notices.json")
        instance.now += 60
        _ = try instance.agent().check()
        // What happened within a day is told once more.
        #expect(try text("notify-2", instance)?.hasPrefix("updated 1.0") == true)
        try DurableStorage().remove(instance.folder.path("state/notices.json"))
        try instance.folder.write("x", to: "state/notices.json/inner/file")
        instance.now += 86_400
        _ = try instance.agent().check()
        #expect(try text("notify-3", instance) == nil)
        #expect(try instance.agent().status().lastRun == instance.now)
    }

    @Test("stopped anywhere, an update is told at least once by the end of the next run, and never before it is true")
    func stops() throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        let told = Told()
        func instance(_ folder: TemporaryFolder, at time: Date) throws -> TestInstance {
            var instance = try TestInstance(repository, in: folder)
            instance.now = time
            instance.configure = { $0.notify.command = ["/bin/notify"] }
            let whole = instance
            instance.adjust = { ports in
                ports.processes = { request in
                    if request.environment["SCEAU_EVENT"] == "updated" {
                        let version = try whole.wholeVersion()
                        #expect(version == "1.0")
                        told.count += 1
                    }
                    return ProcessResult(outcome: .exited(0))
                }
            }
            return instance
        }
        try FaultyStorage.crashAtEveryEffect(losing: .everythingUnflushed, in: TemporaryFolder.inMemory) {
            storage, folder in
            told.count = 0
            let instance = try instance(folder, at: RepositorySimulator.now)
            try instance.initialise()
            _ = try instance.agent(storage).update()
        } afterwards: { folder, stop, _ in
            let instance = try instance(folder, at: RepositorySimulator.now + 60)
            _ = try instance.agent().update()
            #expect((1...2).contains(told.count), "stop \(stop)")
            _ = try instance.agent().update()
            #expect((1...2).contains(told.count), "stop \(stop)")
        }
    }

    @Test("the metrics are written after each run, also one that fails; that they cannot be written fails nothing")
    func metrics() throws {
        var instance = try instance { configuration, folder in configuration.metrics.file = folder.path("m/sceau.prom")
        }
        _ = try instance.agent().update()
        #expect(try text("state/output/metrics.txt", instance)?.contains("storage/not-found") == true)
        try DurableStorage().makeDirectory(instance.folder.path("m"))
        instance.mirrors = [AwayMirror()]
        instance.now += 60
        #expect(code { try instance.agent().check() } == "transport/connect-failed")
        let metrics = try #require(try text("m/sceau.prom", instance))
        #expect(metrics.contains("version=\"1.0\"} 1\n"))
        #expect(
            metrics.contains(
                "sceau_agent_last_error{product=\"mail-suite\",channel=\"stable\",code=\"transport/connect-failed\"} 1\n"
            ))
        #expect(try instance.names(in: "m") == ["sceau.prom"])
        #expect(try text("state/output/metrics.txt", instance) == nil)
    }

    @Test("where nobody is to be told, no program runs, and all that is remembered is when it was")
    func nobody() throws {
        let instance = try instance { _, _ in }
        _ = try instance.agent().update()
        let status = try instance.agent().status()
        #expect(status.lastRun == instance.now && status.lastSuccess == instance.now)
        #expect(status.undelivered == 0)
    }
}

private final class Told {
    var count = 0
}

/// A mirror that cannot be reached.
struct AwayMirror: RepositoryMirror {
    let name = "https://away.invalid/"

    func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        throw TransportFault(.connectFailed)
    }

    func fetchTarget(_ path: ByteString, length: Int, to partial: FilePath, progress: (Int) -> Void) throws {
        throw TransportFault(.connectFailed)
    }

    func fetchLog(
        _ path: ByteString, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool { throw TransportFault(.connectFailed) }
}
