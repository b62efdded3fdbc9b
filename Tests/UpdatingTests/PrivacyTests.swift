import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing
import Transport
import UpdatePlan

@testable import Updating

/// What a mirror can learn of who asks: nothing.
@Suite("What a mirror sees of an instance")
struct PrivacyTests {
    /// The bytes of a request, without what says which file is held.
    private func masked(_ request: HostileServer.Request) -> String {
        String(decoding: request.head, as: UTF8.self).split(separator: "\r\n")
            .filter { !$0.hasPrefix("If-None-Match: ") }.joined(separator: "\n")
    }

    @discardableResult
    private func update(
        _ instance: TestInstance, workers: AgentWorkers? = nil, _ change: (inout AgentConfiguration) -> Void
    ) throws -> UpdateReport {
        var configuration = instance.configuration
        configuration.prefers = .archive
        change(&configuration)
        let agent = try Agent.overHTTP(
            configuration, storage: DurableStorage(), now: instance.now, agentVersion: try Version("0.1.0"),
            workers: workers
        ) { _ in }
        return try agent.update()
    }

    @Test("two very different instances send the same bytes in the same order, but for digests of what they hold")
    func sameBytes() throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        let old = try TestInstance(repository)
        try old.initialise()
        _ = try old.agent().update()
        try repository.add("1.1", Sample.second)
        let new = try TestInstance(repository)
        try new.initialise()
        _ = try new.agent().update()
        try repository.add("1.2", Sample.third)
        let published = try TemporaryFolder()
        try repository.dump(to: published)

        let server = try HostileServer(publishing: published.path)
        try update(old) { $0.mirrors = [server.url] }
        let first = server.requests
        // Another history, another configuration, another agent's settings, and a mirror that is gone.
        var memory = MirrorMemory()
        memory.misbehaved("http://127.0.0.1:1/", code: "tuf/malformed", at: new.now)
        try new.folder.write(memory.encode(), to: "state/mirrors.json")
        try update(new) { configuration in
            configuration.mirrors = ["http://127.0.0.1:1/", String(server.url.dropLast())]
            configuration.keep = 7
            configuration.limits.archiveBytes = 1 << 30
            configuration.transport.limits.fetch = .seconds(50)
            configuration.transport.limits.bandwidth = 1 << 24
        }
        let second = Array(server.requests.dropFirst(first.count))
        #expect(try old.wholeVersion() == "1.2")
        #expect(try new.wholeVersion() == "1.2")
        #expect(first.map(masked) == second.map(masked))
        #expect(first.count > 6)
        // They held different metadata, and that is all that showed.
        #expect(first.map(\.head) != second.map(\.head))

        // From here on they hold the same.
        let count = server.requests.count
        try update(old) { $0.mirrors = [server.url] }
        let third = Array(server.requests.dropFirst(count))
        try update(new) { $0.mirrors = [server.url] }
        #expect(Array(server.requests.dropFirst(count + third.count)).map(\.head) == third.map(\.head))
        #expect(third.map(\.path) == ["/metadata/2.root.json", "/metadata/timestamp.json"])
        #expect(third.last?.header("if-none-match") != nil)

        // Nor does it show that another process asked.
        let before = server.requests.count
        let tools = AgentWorkers(
            building: ["build-worker"], asking: ["fetch-worker"], executable: Asking.tools.appending("sceau-agent"),
            warnOfBuilding: { _ in }, warnOfAsking: { _ in })
        try update(old, workers: tools) { $0.mirrors = [server.url] }
        #expect(Array(server.requests.dropFirst(before)).map(\.head) == third.map(\.head))
    }

    @Test("what a server says in its answers, cookies, validators or dates, never comes back to it")
    func nothingComesBack() throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        let published = try TemporaryFolder()
        try repository.dump(to: published)
        let instance = try TestInstance(repository)
        try instance.initialise()
        let marks = [
            "ETag: \"you-are-marked\"", "Last-Modified: Thu, 01 Jan 2026 00:00:17 GMT", "Set-Cookie: id=marked",
        ]
        let server = try HostileServer { request, _ in
            guard
                let bytes = try? DurableStorage().read(published.path(String(request.path.dropFirst())), limit: 1 << 24)
            else { return .status(404, headers: marks) }
            return .status(200, headers: marks, body: bytes)
        }
        for _ in 1...2 { try update(instance) { $0.mirrors = [server.url] } }
        #expect(try instance.wholeVersion() == "1.0")
        let allowed: Set = ["Host", "User-Agent", "Accept", "If-None-Match", "Range"]
        for request in server.requests {
            #expect(!String(decoding: request.head, as: UTF8.self).contains("marked"), "\(request)")
            let names = request.headerLines.compactMap { $0.split(separator: ":").first.map(String.init) }
            #expect(allowed.isSuperset(of: names), "\(names)")
            #expect(request.header("user-agent") == "sceau-agent")
        }
    }
}
