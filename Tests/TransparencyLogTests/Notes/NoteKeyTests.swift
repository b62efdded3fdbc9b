import Primitives
import Signatures
import TestSupport
import Testing

@testable import TransparencyLog

@Suite("Keys of logs and witnesses")
struct NoteKeyTests {
    @Test("a vkey of another implementation decodes, and is written the same")
    func vectors() throws {
        let keys = try NoteVectors.load("keys.json", as: NoteVectors.Keys.self)
        for key in [keys.log] + keys.witnesses {
            for (vkey, id, kind) in [
                (key.noteVkey, key.noteKeyId, NoteKey.Kind.log),
                (key.cosignatureVkey, key.cosignatureKeyId, NoteKey.Kind.witness),
            ] {
                let decoded = try NoteKey(vkey: ByteString(vkey))
                #expect(decoded.vkey == ByteString(vkey))
                #expect(Hex.encode(decoded.id) == id)
                #expect(decoded.kind == kind)
                #expect(decoded.name == ByteString(key.name))
                #expect(Hex.encode(decoded.publicKey) == key.publicHex)
            }
        }
    }

    @Test("a vkey whose base 64 holds a plus decodes")
    func plusInBase64() throws {
        let key = try NoteKey(
            name: "log.example", kind: .log,
            publicKey: [UInt8](repeating: 0xFB, count: 2) + [UInt8](repeating: 0xEF, count: 30))
        #expect(key.vkey.bytes.filter { $0 == UInt8(ascii: "+") }.count > 2)
        #expect(try NoteKey(vkey: key.vkey) == key)
        #expect(try NoteKey(vkey: key.vkey).publicKey == key.publicKey)
    }

    static let badNames: [ByteString] = [
        "", "a b", "a+b", "a\tb", "a\nb", "a\u{A0}b", "a\u{2003}b", "a\u{3000}b", "a\u{85}b", "a\u{2028}b", "\u{1}",
        ByteString([0xFF]), ByteString([0xED, 0xA0, 0x80]), ByteString(String(repeating: "a", count: 256)),
    ]

    @Test("a name that no note can hold is refused", arguments: badNames)
    func names(_ name: ByteString) throws {
        let publicKey = TestKey("log").publicKey.material
        #expect(
            LogFixtures.code { _ = try NoteKey(name: name, kind: .log, publicKey: publicKey) } == .malformedKey)
        let vkey = TestKey("log").vkey(name, .log)
        #expect(LogFixtures.code { _ = try NoteKey(vkey: vkey) } == .malformedKey)
    }

    @Test(
        "a name of other scripts, of 255 bytes, or that is an address is taken",
        arguments: ["été.example/log", "日志", "log.example.org/a_b-c~d?e", String(repeating: "a", count: 255)])
    func goodNames(_ name: String) throws {
        let key = try TestKey("log").noteKey(ByteString(name), .log)
        #expect(try NoteKey(vkey: key.vkey) == key)
        #expect(key.vkey == TestKey("log").vkey(ByteString(name), .log))
    }

    static let good = String(decoding: TestKey("log").vkey("log.example", .log).bytes, as: UTF8.self)
    static let base64 = String(good.suffix(44))
    static let id = String(good.dropFirst("log.example+".count).prefix(8))
    static let bad: [String] = [
        "", "log.example", "log.example+\(id)", "log.example+\(id)+", "+\(id)+\(base64)", "log.example++\(base64)",
        "log.example+\(id.uppercased())+\(base64)", "log.example+0\(id)+\(base64)", "log.example+00000000+\(base64)",
        "log.example2+\(id)+\(base64)", "log.example+\(id)+\(base64.dropLast())", "log.example+\(id)+\(base64)=",
        "log.example+\(id)+\(base64)\n", "log.example+\(id)+ \(base64)", " \(good)", "\(good) ",
    ]

    @Test("a vkey in another spelling, or with an id of another key, is refused", arguments: bad)
    func spelling(_ vkey: String) {
        #expect(LogFixtures.code { _ = try NoteKey(vkey: ByteString(vkey)) } == .malformedKey)
        #expect(throws: Never.self) { try NoteKey(vkey: ByteString(Self.good)) }
    }

    @Test("keys of other types are refused, also with the id that would be theirs", arguments: UInt8.min...UInt8.max)
    func types(_ type: UInt8) {
        let material = [type] + TestKey("log").publicKey.material
        let id = Digest.sha256(of: [UInt8]("log.example\n") + material).bytes.prefix(4)
        let vkey = ByteString("log.example+\(Hex.encode(id))+\(Base64.encode(material))")
        let code = LogFixtures.code { _ = try NoteKey(vkey: vkey) }
        #expect(code == ([1, 4].contains(type) ? nil : .malformedKey))
    }

    @Test("a key that is a byte short or long is refused", arguments: [0, 31, 33, 64])
    func lengths(_ count: Int) {
        let material = [1] + [UInt8](repeating: 7, count: count)
        let id = Digest.sha256(of: [UInt8]("log.example\n") + material).bytes.prefix(4)
        let vkey = ByteString("log.example+\(Hex.encode(id))+\(Base64.encode(material))")
        #expect(LogFixtures.code { _ = try NoteKey(vkey: vkey) } == .malformedKey)
    }

    @Test("every changed bit of a vkey is refused")
    func flippedBits() {
        for (offset, flipped) in [UInt8](Self.good).withOneBitFlipped() {
            #expect(
                LogFixtures.code { _ = try NoteKey(vkey: ByteString(flipped)) } == .malformedKey, "byte \(offset)")
        }
    }
}
