import Primitives
import Signatures
import TestSupport
import Testing
import TransparencyLog

@Suite("What a log's owner tells its readers")
struct LogNoticeTests {
    private static let log = TestKey("log").vkey("sceau-log/suite/1", .log)

    private static func notices() throws -> [LogNotice] {
        let key = try NoteKey(vkey: log)
        return [
            .text("le journal déménage"), .successor(key),
            .predecessor(key, try TreeHead(size: 7, root: .sha256(of: Array("tree".utf8)))),
        ]
    }

    @Test func `comes back as it was, and is an entry of its number`() throws {
        for notice in try Self.notices() {
            #expect(try LogNotice(decoding: notice.encoded) == notice)
            let entry = try LogEntry(decoding: notice.entry(number: 3).encoded)
            #expect(entry.name == "notice log 3")
            #expect(try LogNotice(decoding: entry.content) == notice)
        }
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"format":"sceau-notice/1"}"#, #"{"format":"sceau-notice/1","kind":"other"}"#,
        #"{"format":"sceau-notice/2","kind":"text","text":"a"}"#,
        #"{"format":"sceau-notice/1","kind":"text","text":""}"#,
        #"{"format":"sceau-notice/1","kind":"text","text":"a\nb"}"#,
        #"{"format":"sceau-notice/1","kind":"text", "text":"a"}"#,
        #"{"format":"sceau-notice/1","kind":"text","more":1,"text":"a"}"#,
        #"{"kind":"text","format":"sceau-notice/1","text":"a"}"#,
        #"{"format":"sceau-notice/1","kind":"successor","log":"name"}"#,
        #"{"format":"sceau-notice/1","kind":"predecessor","log":"name","root":"00","size":0}"#,
    ])
    func `in another spelling, or of another kind, is none`(_ text: String) {
        let fault = #expect(throws: LogFault.self) { try LogNotice(decoding: Array(text.utf8)) }
        #expect(fault?.code == .malformedNotice)
    }

    @Test func `with a witness's key names no log`() {
        let witness = TestKey("w").vkey("w", .witness)
        let text = #"{"format":"sceau-notice/1","kind":"successor","log":"\#(witness)"}"#
        #expect(throws: LogFault.self) { try LogNotice(decoding: Array(text.utf8)) }
    }

    @Test func `with any bit changed is none, or says another thing in the same spelling`() throws {
        for notice in try Self.notices() {
            for bit in 0..<notice.encoded.count * 8 {
                var bytes = notice.encoded
                bytes[bit / 8] ^= 1 << (bit % 8)
                guard let other = try? LogNotice(decoding: bytes) else { continue }
                #expect(other != notice && other.encoded == bytes)
            }
        }
    }
}
