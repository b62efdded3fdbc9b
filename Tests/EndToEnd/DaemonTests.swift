import Dispatch
import Foundation
internal import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite("The daemon as a process")
struct DaemonTests {
    @Test func `tells when it is ready, reads its configuration again, installs what is new, and leaves with 0`() throws
    {
        let association = try Association()
        let server = try association.install("2.11.1")
        let daemon = try RunningDaemon(association)
        #expect(daemon.told() == "READY=1\nSTATUS=2.11.1")
        #expect(daemon.told() == "STATUS=2.11.1")

        let configuration = try #require(try association.folder.read("instance/agent.yaml"))
        try association.folder.write("product: [", to: "instance/agent.yaml")
        daemon.signal(SIGHUP)
        #expect(daemon.told().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        #expect(daemon.told() == "READY=1\nSTATUS=2.11.1")
        #expect(try daemon.log().contains("error: [settings/invalid]"))
        #expect(try daemon.log().contains("the configuration of before stays in use"))

        try association.release("2.12.0")
        try server.awaitPublication(from: association.releases)
        try association.folder.write(configuration, to: "instance/agent.yaml")
        daemon.signal(SIGHUP)
        #expect(daemon.told().hasPrefix("RELOADING=1\n"))
        #expect(daemon.told().hasPrefix("READY=1\n"))
        #expect(daemon.told() == "STATUS=2.12.0")
        #expect(try association.installed() == "mail suite 2.12.0\n")
        #expect(try daemon.log().contains("updated from 2.11.1 to 2.12.0"))

        daemon.signal(SIGTERM)
        #expect(daemon.told() == "STOPPING=1")
        #expect(daemon.ending() == 0)
        #expect(try association.agent("verify").status == 0)
    }

    @Test func `is stopped in a download that stands still, while it alone has the lock, and the next run goes on`()
        throws
    {
        let association = try Association()
        try association.install("2.11.1")
        try association.add("2.12.0", ["--from", "0"])
        try association.sign("alice", "bob")
        try association.publish()
        let releases = FilePath(association.releases)
        let names = try FileManager.default.subpathsOfDirectory(atPath: association.releases)
        let name = try #require(names.first { $0.hasSuffix("mail-suite-2.12.0.tar.zst") })
        let archive = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(association.releases)/\(name)")))
        let asked = DispatchSemaphore(value: 0)
        let honest = try HostileServer(publishing: releases)
        let stalling = try HostileServer { request, _ in
            if request.path == "/" + name {
                asked.signal()
                return .stall(file: archive, after: 20)
            }
            let file = releases.appending(FilePath(String(request.path.dropFirst())).components)
            guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: file.string)) else { return .status(404) }
            return .file([UInt8](bytes))
        }
        try association.configure(mirrors: stalling.url)
        let daemon = try RunningDaemon(association)
        try #require(asked.wait(timeout: .now() + 60) == .success)

        let second = try association.agent("update")
        #expect(second.status == 1)
        #expect(second.errors.contains("[storage/locked]"), "\(second.errors)")
        #expect(second.errors.contains("process \(daemon.process.processIdentifier)"), "\(second.errors)")

        let start = ContinuousClock.now
        daemon.signal(SIGTERM)
        #expect(daemon.ending() == 0)
        // A transfer that stands still is given up after half a minute; this is not what ended it.
        #expect(ContinuousClock.now - start < .seconds(25))
        #expect(try association.installed() == "mail suite 2.11.1\n")
        #expect(try association.agent("status", "--json").json["last_error"] is NSNull?)

        try association.configure(mirrors: honest.url)
        #expect(try association.agent("update").status == 0)
        #expect(try association.installed() == "mail suite 2.12.0\n")
        stalling.stop()
        honest.stop()
    }

    @Test func `goes on when its mirrors are away, and says so`() throws {
        let association = try Association()
        let server = try association.install("2.11.1")
        #expect(server.stop() == 0)
        let daemon = try RunningDaemon(association)
        #expect(daemon.told() == "READY=1\nSTATUS=2.11.1")
        #expect(daemon.told().hasPrefix("STATUS=2.11.1; last error: [transport/connect-failed]"))
        daemon.signal(SIGINT)
        #expect(daemon.told() == "STOPPING=1")
        #expect(daemon.ending() == 0)
        let log = try daemon.log().split(separator: "\n")
        #expect(log.first?.hasPrefix("sceau-agent: error: [transport/connect-failed]") == true)
        #expect(log.first?.hasSuffix("nothing was changed; still on 2.11.1") == true)
    }

    @Test func `answers with its numbers where it is told to, as they are, moves when told, and refuses a taken place`()
        throws
    {
        let association = try Association()
        let server = try association.install("2.11.1")
        defer { server.stop() }
        let quiet = try #require(try association.folder.read("instance/agent.yaml")).string
        try association.folder.write(quiet + "metrics: {listen: '127.0.0.1:0'}\n", to: "instance/agent.yaml")
        let daemon = try RunningDaemon(association)
        #expect(daemon.told() == "READY=1\nSTATUS=2.11.1")
        #expect(daemon.told() == "STATUS=2.11.1")
        let first = try daemon.metrics()
        let version = "sceau_agent_installed_info{product=\"mail-suite\",channel=\"stable\",version=\"2.11.1\"}"
        #expect(try Exposition(scraping: first.last).values[version] == 1)
        let held = "sceau_agent_held{product=\"mail-suite\",channel=\"stable\"}"
        #expect(try Exposition(scraping: first.last).values[held] == 0)
        // What somebody does beside the daemon shows too, once the second is over for which a text is good.
        #expect(try association.agent("hold").status == 0)
        for _ in 0..<500 where try Exposition(scraping: first.last).values[held] != 1 { usleep(10_000) }
        #expect(try Exposition(scraping: first.last).values[held] == 1)
        let curl = try Tool.system("curl")
        let elsewhere = try curl.run(["--silent", "--include", "http://\(first.last?.host ?? "")/"])
        #expect(elsewhere.output.hasPrefix("HTTP/1.1 404 "))

        // Another place, by SIGHUP; the first one is left.
        let second = try TakenPort()
        let moved = quiet + "metrics: {listen: '127.0.0.1:\(second.port)'}\n"
        try association.folder.write(moved, to: "instance/agent.yaml")
        // As long as somebody else listens there, the daemon stays where it is, and check-config says why.
        daemon.signal(SIGHUP)
        #expect(daemon.told().hasPrefix("RELOADING=1\n"))
        #expect(daemon.told().hasPrefix("READY=1\n"))
        #expect(
            try daemon.log().contains(
                "[serve/cannot-listen] cannot listen on this address: found address already in use"))
        #expect(try curl.run(["--silent", "--fail", try #require(first.last?.url)]).status == 0)
        let check = try association.agent("check-config")
        #expect(check.status == 1)
        #expect(
            check.output.contains(
                " could not listen on 127.0.0.1:\(second.port): address already in use"))
        second.release()
        daemon.signal(SIGHUP)
        #expect(daemon.told().hasPrefix("RELOADING=1\n"))
        #expect(daemon.told().hasPrefix("READY=1\n"))
        #expect(try daemon.metrics().last?.url == "http://127.0.0.1:\(second.port)/metrics")
        #expect(try Exposition(scraping: daemon.metrics().last).values[version] == 1)
        #expect(try curl.run(["--silent", try #require(first.last?.url)]).status == 7)
        // That its own daemon is there is no problem.
        #expect(try association.agent("check-config").status == 0)

        let other = try RunningDaemon(association, name: "second")
        #expect(other.ending() == 1)
        #expect(try other.log().contains("error: [serve/cannot-listen]"))
        daemon.signal(SIGTERM)
        #expect(daemon.ending() == 0)
    }

    @Test func `does not begin with a configuration that is of no use`() throws {
        let association = try Association()
        try association.configure(mirrors: "ftp://example.org/")
        let daemon = try RunningDaemon(association)
        #expect(daemon.ending() == 64)
        #expect(try daemon.log().contains("error: [settings/invalid]"))
    }
}
