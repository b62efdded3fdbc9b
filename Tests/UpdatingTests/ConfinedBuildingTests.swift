import Archiving
import DurableStorage
import Primitives
import Processes
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// The process that builds trees reads what came over the network. One that was taken over can refuse to work, and no more.
@Suite("Building in a process of its own")
struct ConfinedBuildingTests {
    private typealias Worker = @Sendable (BuildOrder, TreeListing) throws -> (String, ProcessResult.Outcome)

    private static let honest: Worker = { order, listing in
        let new = try order.perform(listing, DurableStorage())
        if case .patch = order.source {
            let file = order.folder.removingLastComponent().appending("listing")
            try DurableStorage().write(new.encoding, to: file)
        }
        return (BuildAnswer().line, .exited(0))
    }

    /// An instance on 1.0 whose worker does this; 1.1 is offered.
    private func instance(_ worker: @escaping Worker) throws -> TestInstance {
        var instance = try installed()
        try instance.repository.add("1.1", Sample.second)
        instance.adjust = Self.adjust(worker)
        return instance
    }

    private func installed() throws -> TestInstance {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        return instance
    }

    private static func adjust(_ worker: @escaping Worker) -> (inout AgentPorts) -> Void {
        { ports in
            let building = ConfinedBuilding(
                arguments: ["build-worker"],
                run: { request in
                    let (order, listing) = try BuildOrder.decode(request.input)
                    let (said, outcome) = try worker(order, listing)
                    return ProcessResult(outcome: outcome, output: Array("a library says hello\n\(said)\n".utf8))
                }, warn: { _ in })
            ports.build = building.build
        }
    }

    @Test("builds what an archive holds, and leaves nothing else behind")
    func archive() throws {
        let instance = try instance(Self.honest)
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.names(in: "prefix/versions").sorted() == ["1.0", "1.1"])
    }

    private struct Crime: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: String
        let commit: @Sendable (BuildOrder) throws -> (String, ProcessResult.Outcome)
    }

    private static let good = BuildAnswer().line
    private static let crimes: [Crime] = [
        Crime(testDescription: "changes a file", code: "agent/damaged-tree") {
            try DurableStorage().write(Array("evil".utf8), to: $0.folder.appending("bin").appending("serve"))
            return (good, .exited(0))
        },
        Crime(testDescription: "adds a file", code: "agent/damaged-tree") {
            try DurableStorage().write(Array("evil".utf8), to: $0.folder.appending("bin").appending("evil"))
            return (good, .exited(0))
        },
        Crime(testDescription: "puts a link in the place of a file", code: "agent/damaged-tree") {
            try DurableStorage().replaceLink(at: $0.folder.appending("bin").appending("serve"), target: "/bin/sh")
            return (good, .exited(0))
        },
        Crime(testDescription: "puts a link in the place of the tree", code: "agent/build-failed") {
            try DurableStorage().removeTree($0.folder)
            try DurableStorage().replaceLink(at: $0.folder, target: "1.0")
            return (good, .exited(0))
        },
        Crime(testDescription: "makes nothing", code: "agent/build-failed") {
            try DurableStorage().removeTree($0.folder)
            return (good, .exited(0))
        },
        Crime(testDescription: "says nothing", code: "agent/build-failed") { _ in ("", .exited(0)) },
        Crime(testDescription: "says that all is well and fails", code: "agent/build-failed") { _ in (good, .exited(1))
        },
        Crime(testDescription: "crashes", code: "agent/build-failed") { _ in ("", .signalled(11)) },
        Crime(testDescription: "takes too long", code: "agent/build-failed") { _ in ("", .timedOut) },
        Crime(testDescription: "answers with nonsense", code: "agent/build-failed") { _ in
            ("sceau-build {\"gaps\": 5}", .exited(0))
        },
        Crime(testDescription: "makes up a fault", code: "made/up") { _ in
            (
                "sceau-build {\"gaps\":[],\"fault\":{\"code\":\"made/up\",\"family\":\"refusal\",\"message\":\"no\"}}",
                .exited(1)
            )
        },
        Crime(testDescription: "makes up a fault of no kind", code: "agent/build-failed") { _ in
            (
                "sceau-build {\"gaps\":[],\"fault\":{\"code\":\"made/up\",\"family\":\"x\",\"message\":\"no\"}}",
                .exited(0)
            )
        },
    ]

    @Test("one that was taken over installs nothing, and the next run mends it", arguments: crimes)
    private func crime(crime: Crime) throws {
        var instance = try instance { order, listing in
            _ = try order.perform(listing, DurableStorage())
            return try crime.commit(order)
        }
        #expect(code { try instance.agent().update() } == crime.code)
        #expect(try instance.wholeVersion() == "1.0")
        instance.adjust = { _ in }
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.names(in: "prefix/versions").sorted() == ["1.0", "1.1"])
    }

    @Test("builds by patches; a listing that is not the signed one is no listing", arguments: [false, true])
    func patch(lies: Bool) async throws {
        var instance = try installed()
        let noise = (0..<2000).map { "\(Digest.sha256(of: [UInt8($0 & 255), UInt8($0 >> 8)]))" }.joined()
        let first = Sample.first.merging(["noise": noise]) { $1 }
        try instance.repository.add("1.1", first)
        _ = try instance.agent().update()
        let second = Sample.second.merging(["noise": noise]) { $1 }
        try await instance.repository.add("1.2", second, patchesFrom: ["1.1"])
        instance.adjust = Self.adjust { order, listing in
            let answer = try Self.honest(order, listing)
            if lies, case .patch = order.source {
                let file = order.folder.removingLastComponent().appending("listing")
                try DurableStorage().write(listing.encoding, to: file)
            }
            return answer
        }
        let report = try instance.agent().update()
        #expect(report.delivery?.way == (lies ? .archive : .patch))
        #expect(report.patchRefusal?.contains("[agent/build-failed]") == (lies ? true : nil))
        #expect(try instance.wholeVersion() == "1.2")
    }

    @Test("an order comes through as it was given")
    func coding() throws {
        let listing = try TreeListing.decode(Array("#mtree\n. mode=755 type=dir\n".utf8))
        let digest = Digest.sha256(of: [1])
        for source in [BuildOrder.Source.archive(digest), .patch("/srv/a b/versions/1.0", to: digest, memory: 5)] {
            let order = BuildOrder(source, in: "/var/lib/é", into: "/srv/x/.building-1", limits: TreeLimits(entries: 7))
            let decoded = try BuildOrder.decode(order.encode(with: listing))
            #expect(decoded.order == order)
            #expect(decoded.listing == listing)
        }
        #expect(code { try BuildOrder.decode([]) } != nil)
        #expect(code { try BuildOrder.decode(Array("{}\n".utf8)) } != nil)
    }

    @Test("what its sandbox lacks is told, within limits")
    func gaps() throws {
        let many = BuildAnswer(gaps: Array(repeating: String(repeating: "é", count: 10_000), count: 1000))
        let read = try #require(BuildAnswer(in: Array("x\n\(many.line)\n".utf8)))
        #expect(read.gaps.count == 32)
        #expect(read.gaps.allSatisfy { $0.utf8.count <= 1000 })
    }
}
