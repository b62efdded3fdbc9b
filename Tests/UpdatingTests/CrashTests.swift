import DurableStorage
import Foundation
import Primitives
import Releases
import SystemPackage
import TestSupport
import Testing

@testable import Updating

/// The machine stops at every durable effect of a run, in the kindest and in the worst way.
@Suite struct CrashTests {
    static let losses: [FaultyStorage.Loss] = [.nothing, .everythingUnflushed]

    /// A repository with two releases, and an instance that has the first of them installed, to be copied.
    private static func template() throws -> TestInstance {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        try repository.add("1.1", Sample.second)
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update(to: Version("1.0"))
        return instance
    }

    static func copy(_ template: TestInstance, to folder: TemporaryFolder) throws -> TestInstance {
        for name in ["state", "prefix"] {
            try FileManager.default.copyItem(
                atPath: template.folder.path(name).string, toPath: folder.path(name).string)
        }
        return try TestInstance(template.repository, in: folder)
    }

    @Test(
        "stopped anywhere, an update leaves the old release or the new one, whole, and the next run completes it",
        arguments: losses)
    func update(losing loss: FaultyStorage.Loss) throws {
        let template = try Self.template()
        let trusted = try template.trustedVersions()
        var seen: Set<String> = []
        let stops = try FaultyStorage.crashAtEveryEffect(losing: loss) { storage, folder in
            _ = try Self.copy(template, to: folder).agent(storage).update()
        } afterwards: { folder, stop, finished in
            let instance = try TestInstance(template.repository, in: folder)
            let version = try #require(try instance.wholeVersion(), "stop \(stop)")
            seen.insert(version)
            if finished { #expect(version == "1.1") }
            try Self.expectNoRollback(instance, since: trusted, stop)
            _ = try instance.agent().update()
            try Self.expectComplete(instance, "1.1", previous: "1.0", stop)
        }
        #expect(seen == ["1.0", "1.1"])
        #expect(stops > 40)
    }

    @Test("stopped anywhere, a revert leaves either release whole, and can be run again")
    func revert() throws {
        let template = try Self.template()
        _ = try template.agent().update()
        try FaultyStorage.crashAtEveryEffect(losing: .everythingUnflushed) { storage, folder in
            _ = try Self.copy(template, to: folder).agent(storage).revert()
        } afterwards: { folder, stop, finished in
            let instance = try TestInstance(template.repository, in: folder)
            let version = try #require(try instance.wholeVersion(), "stop \(stop)")
            if finished { #expect(version == "1.0") }
            _ = try instance.agent().revert(to: Version("1.0"))
            #expect(try instance.wholeVersion() == "1.0")
            // However it came about, the pin holds.
            #expect(try instance.agent().check().available == nil, "stop \(stop)")
        }
    }

    @Test("stopped anywhere, the first installation leaves nothing or the release, whole")
    func firstInstallation() throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.third)
        try FaultyStorage.crashAtEveryEffect(losing: .everythingUnflushed) { storage, folder in
            let instance = try TestInstance(repository, in: folder)
            _ = try instance.agent(storage).initialise(root: repository.rootBytes, fingerprint: nil)
            _ = try instance.agent(storage).update()
        } afterwards: { folder, stop, finished in
            let instance = try TestInstance(repository, in: folder)
            let version = try instance.wholeVersion()
            #expect(version == "1.0" || (version == nil && !finished), "stop \(stop)")
            try instance.initialise()
            _ = try instance.agent().update()
            try Self.expectComplete(instance, "1.0", previous: nil, stop)
        }
    }

    static func expectNoRollback(_ instance: TestInstance, since trusted: [String: Int], _ stop: Int) throws {
        for (role, version) in try instance.trustedVersions() {
            #expect(version >= trusted[role] ?? 0, "\(role) after stop \(stop)")
        }
    }

    static func expectComplete(
        _ instance: TestInstance, _ version: String, previous: String?, refusals: ClosedRange<Int> = 0...0, _ stop: Int
    ) throws {
        let status = try instance.agent().status()
        #expect(status.installed?.version.description == version, "stop \(stop)")
        #expect(status.installed?.previous?.description == previous, "stop \(stop)")
        #expect(status.installed?.revertedFrom == nil, "stop \(stop)")
        let report = try instance.agent().verify()
        #expect(report.version.description == version && report.differences == [] && report.isListed, "stop \(stop)")
        #expect(try instance.names(in: "state/downloads") == [], "stop \(stop)")
        let versions = [previous, version].compactMap(\.self)
        #expect(try instance.names(in: "prefix/versions") == versions, "stop \(stop)")
        let history = try instance.history()
        #expect(history.filter { $0.release == nil }.count == versions.count, "stop \(stop)")
        #expect(refusals.contains(history.filter { $0.event == .patchRefused }.count), "stop \(stop)")
    }
}
