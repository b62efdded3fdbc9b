import DurableStorage
import Foundation
import NIOCore
import Primitives
import Serving
import Signatures
import SystemPackage
import TestSupport
import Testing

@testable import StaticHTTP

@Suite("A new publication")
struct TakeoverTests {
    private let next = #"{"signed":{"version":2}}"#

    @Test("is served once its timestamp is there, and not before")
    func takenOver() throws {
        let server = try TestServer()
        let client = try server.client()
        try server.folder.write("new", to: "Releases/metadata/2.root.json")
        try server.folder.write("changed", to: "Releases/digits.txt")
        try DurableStorage().removeTree(server.folder.path("Releases/empty"))
        try server.server.takeOverNewPublication()
        #expect(try client.get("/metadata/2.root.json").status == 404)
        #expect(try client.get("/digits.txt").text == "0123456789")

        try server.folder.write(next, to: "Releases/metadata/timestamp.json")
        try server.server.takeOverNewPublication()
        #expect(try client.get("/metadata/2.root.json").text == "new")
        #expect(try client.get("/digits.txt").text == "changed")
        #expect(try client.get("/metadata/timestamp.json").text == next)
        #expect(try client.get("/empty").status == 404)
        #expect(server.events.words == ["serving 6", "serving 6"])
    }

    @Test("is noticed by the server itself")
    func noticed() throws {
        let server = try TestServer { $0.watchInterval = .milliseconds(5) }
        try server.folder.write("new", to: "Releases/metadata/2.root.json")
        try server.folder.write(next, to: "Releases/metadata/timestamp.json")
        server.events.wait(for: 2)
        // The loops are told just after the report.
        let client = try server.client()
        var answer = try client.get("/metadata/2.root.json")
        for _ in 0..<10_000 where answer.status == 404 { answer = try client.get("/metadata/2.root.json") }
        #expect(answer.text == "new")
    }

    @Test("leaves answers under way as they began", arguments: [512, 0])
    func answersUnderWay(openFiles: Int) throws {
        let server = try TestServer { $0.maximumOpenFiles = openFiles }
        let client = try server.client(receiveBuffer: 4096)
        client.send("GET \(TestServer.largePath) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(!client.staysSilent(for: 10_000))
        let other = [UInt8](repeating: 7, count: 100_000)
        try server.folder.write(other, to: "Releases" + TestServer.largePath)
        if openFiles == 0 {
            // No longer the catalogued file, and not published yet.
            #expect(try server.client().get(TestServer.largePath).status == 503)
        } else {
            #expect(try server.client().get(TestServer.largePath).body == TestServer.large)
        }
        try server.folder.write(next, to: "Releases/metadata/timestamp.json")
        try server.server.takeOverNewPublication()
        #expect(try client.response().body == TestServer.large)
        #expect(try client.get(TestServer.largePath).body == other)
    }

    @Test("that cannot be read leaves the former one, is said once, and is tried again")
    func unreadable() throws {
        let server = try TestServer()
        let client = try server.client()
        try server.folder.write("too deep", to: "Releases/deep" + String(repeating: "/a", count: 20) + "/file")
        try server.folder.write("changed", to: "Releases/digits.txt")
        try server.folder.write(next, to: "Releases/metadata/timestamp.json")
        for _ in 0..<10 { try server.server.takeOverNewPublication() }
        #expect(server.events.words == ["serving 6", "still serving the former serve/too-many"])
        #expect(try client.get("/digits.txt").text == "0123456789")
        #expect(try client.get("/metadata/timestamp.json").text == TestServer.timestamp)

        try DurableStorage().removeTree(server.folder.path("Releases/deep"))
        for _ in 0..<20 { try server.server.takeOverNewPublication() }
        #expect(server.events.words.count == 3)
        #expect(try client.get("/digits.txt").text == "changed")
    }

    @Test("that is being removed leaves the former one")
    func vanished() throws {
        let server = try TestServer()
        try DurableStorage().removeTree(server.folder.path("Releases"))
        try server.server.takeOverNewPublication()
        let client = try server.client()
        #expect(try client.get("/digits.txt").text == "0123456789")
        #expect(try client.get(TestServer.largePath).body == TestServer.large)
    }

    /// The kernel has nothing to send of what is gone, and the server would try for ever.
    @Test("whose file is then cut off in place does not answer with what is not there", arguments: [0, 1000])
    func changedInPlace(size: Int64) throws {
        let server = try TestServer { $0.writeTimeout = .milliseconds(500) }
        let file = try FileDescriptor.open(server.folder.path("Releases" + TestServer.largePath), .writeOnly)
        defer { try? file.close() }
        let client = try server.client(receiveBuffer: 4096)
        client.send("GET \(TestServer.largePath) HTTP/1.1\r\nHost: x\r\n\r\n")
        try file.resize(to: size)
        #expect(client.untilClosed().count < TestServer.large.count)
        #expect(try server.client().get(TestServer.largePath).status == 503)
        #expect(try server.client().get("/digits.txt").text == "0123456789")
    }

    @Test("is not a whole workspace: its keys and its staging would be public")
    func workspace() throws {
        let folder = try TemporaryFolder()
        try folder.write("product: suite", to: "Releases/Keys/policy.yaml")
        let fault = #expect(throws: ServingFault.self) { try TestServer(folder) }
        #expect(fault?.code == .workspace)
    }

    @Test("can be the first one")
    func first() throws {
        let folder = try TemporaryFolder()
        try DurableStorage().makeDirectory(folder.path("Releases"))
        let server = try TestServer(folder)
        #expect(server.events.words == ["serving 0", "nothing published serve/not-published"])
        #expect(throws: ServingFault.notPublished(in: folder.path("Releases"))) {
            try PublicationCheck(folder.path("Releases"))
        }
        #expect(try server.client().get("/").status == 404)
        try folder.write("hello", to: "Releases/index.html")
        try folder.write(next, to: "Releases/metadata/timestamp.json")
        try server.server.takeOverNewPublication()
        #expect(try server.client().get("/").text == "hello")
        let check = try PublicationCheck(folder.path("Releases"))
        let counts: [Int] = [check.files, check.metadataFiles, check.targetFiles, check.bytes]
        let expected: [Int] = [2, 1, 0, 5 + next.utf8.count]
        #expect(counts == expected)
    }

    @Test("is read only where it is new")
    func reuse() throws {
        let folder = try TestServer.publication()
        var scan = PublicationScan(folder.path("Releases"), ServerConfiguration())
        let former = try scan.run(reusing: nil)
        try folder.write("9876543210", to: "Releases/digits.txt")
        scan = PublicationScan(folder.path("Releases"), ServerConfiguration())
        let latter = try scan.run(reusing: former)
        for file in latter.files {
            let before = former.files.first { $0.file.path == file.file.path }
            #expect((file === before) == (file.file.path != "digits.txt"), "\(file.file.path)")
        }
        #expect(
            latter.files.first { $0.file.path == "digits.txt" }?.file.digest == .sha256(of: Array("9876543210".utf8)))
    }

    @Test("that does not fit into memory is served from its files")
    func memoryLimit() throws {
        let server = try TestServer { configuration in
            configuration.memoryLimit = 15
            configuration.maximumOpenFiles = 1
        }
        let client = try server.client()
        #expect(try client.get("/digits.txt").text == "0123456789")
        #expect(try client.get("/metadata/1.root.json").text == TestServer.small)
        #expect(try client.get("/metadata/1.root.json", "Range: bytes=2-4\r\n").text == "sig")
        #expect(try client.get("/empty").body.isEmpty)
        #expect(try client.get(TestServer.largePath).body == TestServer.large)
    }
}
