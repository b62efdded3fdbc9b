import Foundation
import TestSupport
import Testing

/// `Association.publish` lets python-tuf read whatever any of these tests publishes; here is that this check can fail.
@Suite("python-tuf reads what is published")
struct ForeignReaderTests {
    @Test func `and arrives at the versions and targets of two releases`() throws {
        let association = try Association()
        try association.release("1.0.0")
        try association.release("1.1.0")
        let reading = try association.checkWithPythonTUF()
        #expect(reading.versions?["root"] == 1)
        #expect(reading.versions?["suite-stable"] == 2)
        #expect(reading.targets?.contains("suite/stable/1.1.0/release.json") == true)
    }

    @Test(arguments: ["timestamp.json", "1.snapshot.json", "release.json", "tar.zst"])
    func `and objects to one changed byte in`(_ ending: String) throws {
        let association = try Association()
        try association.release("1.0.0")
        let path = try #require(try association.published().keys.first { $0.hasSuffix(ending) })
        var bytes = try #require(try association.folder.read(path))
        bytes[bytes.count / 2] ^= 1
        try association.folder.write(bytes, to: path)
        #expect(throws: PythonTUF.Objection.self) { try association.checkWithPythonTUF() }
    }

    @Test func `and objects when it has expired`() throws {
        var association = try Association()
        try association.release("1.0.0")
        association.now += 8 * 86400
        #expect(throws: PythonTUF.Objection.self) { try association.checkWithPythonTUF() }
    }
}
