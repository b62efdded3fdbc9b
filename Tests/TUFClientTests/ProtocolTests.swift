import ArgumentParser
import DurableStorage
import Foundation
import Primitives
import SystemPackage
import TUF
import TestSupport
import Testing

@testable import tuf_client

@Suite("tuf-client")
struct ProtocolTests {
    @Test func `asks for each file once, in order, and keeps byte for byte what it was served`() throws {
        let client = try ClientUnderTest(RepositorySimulator())
        #expect(try client.initialise() == 0)
        #expect(client.requests == [])
        #expect(try client.refresh() == 0)
        #expect(
            client.requests == [
                "metadata/2.root.json", "metadata/timestamp.json", "metadata/2.snapshot.json",
                "metadata/1.targets.json",
            ])
        let served = client.repository.files
        #expect(
            try client.trusted() == [
                "root.json": served["1.root.json"], "timestamp.json": served["timestamp.json"],
                "snapshot.json": served["2.snapshot.json"], "targets.json": served["1.targets.json"],
            ])
        #expect(try client.refresh() == 0)
        #expect(client.requests == ["metadata/2.root.json", "metadata/timestamp.json"])
    }

    @Test func `refreshes before it says that a target is not there`() throws {
        let client = try ClientUnderTest(RepositorySimulator())
        try client.initialise()
        #expect(try client.download("nothing") == 1)
        #expect(try client.trusted().count == 4)
        #expect(try client.downloads() == [:])
    }

    @Test(arguments: [
        ("\"version\": 1", "\"x-version\": 1"), ("\"_type\": \"root\"", "\"_type\": \"targets\""),
        ("\"sig\": \"", "\"sig\": \"00"),
    ])
    func `asks for nothing when the first root is not one`(right: String, wrong: String) throws {
        let client = try ClientUnderTest(RepositorySimulator())
        let text = String(decoding: client.repository.roots[0], as: UTF8.self)
        let root = text.replacingOccurrences(of: right, with: wrong)
        #expect(root != text)
        #expect(try client.initialise(root: Array(root.utf8)) == 1)
        #expect(try client.refresh() == 1)
        #expect(client.requests == [])
        #expect(try client.trusted() == [:])
        // Nor when it was put there by other hands.
        try client.folder.write(root, to: "metadata/root.json")
        #expect(try client.refresh() == 1)
        #expect(client.requests == [])
    }

    @Test(arguments: [
        (RoleName.root, ["root.json": 1]),
        (.timestamp, ["root.json": 2]),
        (.snapshot, ["root.json": 2, "timestamp.json": 2]),
        (.targets, ["root.json": 2, "timestamp.json": 2, "snapshot.json": 2]),
    ])
    func `stops at the first role that nobody signed, and keeps what came before`(
        role: RoleName, trusted: [String: Int]
    ) throws {
        let repository = RepositorySimulator()
        repository.signers[role] = []
        repository.bumpRoot()
        let client = try ClientUnderTest(repository)
        try client.initialise()
        #expect(try client.refresh() == 1)
        #expect(try client.versions() == trusted)
    }

    @Test(arguments: ["timestamp.json", "3.snapshot.json", "2.targets.json"])
    func `fails when a file is not there, after it has kept those before it`(missing: String) throws {
        let repository = RepositorySimulator()
        let client = try ClientUnderTest(repository)
        try client.initialise()
        #expect(try client.refresh() == 0)
        repository.targets.header.version = 2
        repository.publish()
        client.instead["metadata/" + missing] = .status(404)
        #expect(try client.refresh() == 1)
        #expect(client.requests.last == "metadata/" + missing)
        let expected = ["timestamp.json": 2, "3.snapshot.json": 3, "2.targets.json": 3]
        #expect(try client.versions()["timestamp.json"] == expected[missing])
        #expect(try client.versions()["targets.json"] == 1)
    }

    @Test(
        arguments: ["?", "#", "/delegatedrole", "../delegatedrole", "..", ".", "a b", "%2e"]
            + [ByteString(String(repeating: "ё", count: 100))])
    func `asks for a role with an odd name under an escaped one, and keeps it in its folder`(name: ByteString) throws {
        let repository = RepositorySimulator()
        repository.delegate(to: RoleName(name), patterns: ["*"])
        repository.publish()
        let client = try ClientUnderTest(repository)
        try client.initialise()
        #expect(try client.download("nothing") == 1)
        #expect(client.requests.last == "metadata/1.\(PercentEncoding.encode(name)).json")
        #expect(try client.trusted().count == 5)
        // It is found there again.
        #expect(try client.download("nothing") == 1)
        #expect(client.requests == ["metadata/2.root.json", "metadata/timestamp.json"])
        #expect(try DurableStorage().list(client.folder.path) == ["errors", "metadata", "root.json"])
    }

    /// Other clients refuse it too; the file named `1..json` is never asked for.
    @Test func `refuses the metadata of a delegator that names a role by nothing`() throws {
        let repository = RepositorySimulator()
        repository.delegate(to: "", patterns: ["*"])
        repository.publish()
        let client = try ClientUnderTest(repository)
        try client.initialise()
        #expect(try client.download("nothing") == 1)
        #expect(client.requests.last == "metadata/1.targets.json")
        #expect(Set(try client.versions().keys) == ["root.json", "timestamp.json", "snapshot.json"])
    }

    @Test func `goes by the time it is given`() throws {
        let client = try ClientUnderTest(RepositorySimulator(expiringIn: 7))
        try client.initialise()
        #expect(try client.refresh() == 0)
        client.now += 8 * RepositorySimulator.day
        #expect(try client.refresh() == 1)
        #expect(client.errors.contains("tuf/expired"))
    }

    @Test(
        arguments: [
            ("2030-01-01T00:00:00Z", 0), ("2030-01-01t00:00:00z", 0), ("2030-01-01 00:00:00", 0), ("1893456000", 0),
            ("2030-01-01T02:00:00+02:00", 0), ("2029-12-31T19:00:00-0500", 0), ("2030-01-01T00:00:00.5+00:00", 0.5),
            ("2030-01-01T00:00:00.5+00:0", nil), ("2030-01-01", nil), ("tomorrow", nil), ("2030-01-01T00:00:00.Z", nil),
            ("2030-02-30T00:00:00Z", nil), ("2030-01-01T00:00:00+24:00", nil), ("", nil),
        ] as [(String, TimeInterval?)])
    func `reads times as RFC 3339 writes them, and seconds since 1970`(text: String, offset: TimeInterval?) {
        #expect(ReferenceTime(argument: text)?.date == offset.map { RepositorySimulator.now + $0 })
    }

    @Test(arguments: [["refresh"], ["bogus"], ["--metadata-dir", "x", "download"], ["--unknown"]])
    func `ends with 1 also when its arguments are wrong`(arguments: [String]) throws {
        let process = Process()
        process.executableURL = ClientUnderTest.executable
        process.arguments = arguments
        process.currentDirectoryURL = FileManager.default.temporaryDirectory
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
    }

    @Test func `leaves a folder alone that another process is at work in`() throws {
        let client = try ClientUnderTest(RepositorySimulator())
        try client.initialise()
        let lock = try DurableStorage().lock(client.folder.path("metadata/.lock"))
        defer { withExtendedLifetime(lock) {} }
        #expect(try client.refresh() == 1)
        #expect(client.requests == [])
        #expect(client.errors.contains("another process"))
    }

    @Test func `started four times at once does its work, and no run spoils another's`() throws {
        let repository = RepositorySimulator()
        let client = try ClientUnderTest(repository)
        try client.initialise()
        for _ in 0..<3 { repository.bumpRoot() }
        let runs = try (0..<4).map { _ in try client.startRefresh() }
        for run in runs { run.waitUntilExit() }
        #expect(runs.allSatisfy { $0.terminationReason == .exit && [0, 1].contains($0.terminationStatus) })
        #expect(runs.contains { $0.terminationStatus == 0 })
        let served = repository.files
        #expect(try client.trusted()["root.json"] == served["4.root.json"])
        #expect(try client.trusted()["targets.json"] == served["1.targets.json"])
    }
}
