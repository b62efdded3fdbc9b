import Primitives
import Serving
import Signatures
import Testing

private let digest = Digest.sha256(of: Array("0123456789".utf8))
private let tag = "\"\(digest.hex)\""
private let catalogue = Catalogue([
    PublishedFile(path: "empty", size: 0, digest: .sha256(of: [])),
    PublishedFile(path: "file", size: 10, digest: digest),
])

@Suite("Answers to ranges")
struct RangeAnswerTests {
    @Test(
        "of a file of ten bytes",
        arguments: [
            ("bytes=0-0", Answer.part(1, 0..<1)),
            ("bytes=0-9", .part(1, 0..<10)),
            ("bytes=3-5", .part(1, 3..<6)),
            ("bytes=3-", .part(1, 3..<10)),
            ("bytes=9-", .part(1, 9..<10)),
            ("bytes=3-99", .part(1, 3..<10)),
            ("bytes=-1", .part(1, 9..<10)),
            ("bytes=-10", .part(1, 0..<10)),
            ("bytes=-500", .part(1, 0..<10)),
            ("bytes=-99999999999999999999999", .part(1, 0..<10)),
            ("bytes=0-99999999999999999999999", .part(1, 0..<10)),
            ("BYTES= 3-5 ", .part(1, 3..<6)),
            ("bytes=10-", .unsatisfiableRange(1)),
            ("bytes=10-20", .unsatisfiableRange(1)),
            ("bytes=99999999999999999999999-", .unsatisfiableRange(1)),
            ("bytes=9223372036854775807-9223372036854775807", .unsatisfiableRange(1)),
            ("bytes=-0", .unsatisfiableRange(1)),
            ("bytes=5-3", .whole(1)),
            ("bytes=-", .whole(1)),
            ("bytes=", .whole(1)),
            ("bytes", .whole(1)),
            ("", .whole(1)),
            ("bytes=0-1,3-4", .whole(1)),
            ("bytes=0-1-2", .whole(1)),
            ("bytes=--1", .whole(1)),
            ("bytes=+1-2", .whole(1)),
            ("bytes=1 -2", .whole(1)),
            ("bytes=0x1-2", .whole(1)),
            ("bytes=١-٢", .whole(1)),
            ("items=0-1", .whole(1)),
        ])
    func ranges(field: String, answer: Answer) {
        #expect(catalogue.answer(to: Request(.get, "/file", range: [ByteString(field)])) == answer)
        #expect(catalogue.answer(to: Request(.head, "/file", range: [ByteString(field)])) == .whole(1))
    }

    @Test("of an empty file", arguments: ["bytes=0-", "bytes=0-0", "bytes=-5"])
    func empty(field: String) {
        #expect(catalogue.answer(to: Request(.get, "/empty", range: [ByteString(field)])) == .unsatisfiableRange(0))
    }

    @Test("that come twice are none")
    func twice() {
        #expect(catalogue.answer(to: Request(.get, "/file", range: ["bytes=0-1", "bytes=0-1"])) == .whole(1))
    }

    @Test(
        "hold only for the file they were meant for",
        arguments: [
            ([tag], Answer.part(1, 0..<2)), ([" \(tag)\t"], .part(1, 0..<2)), (["W/\(tag)"], .whole(1)),
            (["\"other\""], .whole(1)), (["Sun, 06 Nov 1994 08:49:37 GMT"], .whole(1)), ([""], .whole(1)),
            ([tag, tag], .whole(1)), (["\(tag), \(tag)"], .whole(1)), ([digest.hex], .whole(1)),
        ])
    func ifRange(fields: [String], answer: Answer) {
        let request = Request(.get, "/file", ifRange: fields.map { ByteString($0) }, range: ["bytes=0-1"])
        #expect(catalogue.answer(to: request) == answer)
    }
}

@Suite("Answers to conditions")
struct ConditionalAnswerTests {
    @Test(
        "say that nothing changed",
        arguments: [
            [tag], ["W/\(tag)"], ["*"], [" * "], ["\"a\", \(tag)"], ["\"a\",W/\"b\" ,\(tag),"], [",,\(tag)"],
            ["\"a,b\", \(tag)"], ["\"x\"", tag], ["nonsense, \(tag)"], ["\"\", \(tag)"],
        ])
    func notModified(fields: [String]) {
        for method in [Request.Method.get, .head] {
            let request = Request(
                method, "/file", ifNoneMatch: fields.map { ByteString($0) }, range: ["bytes=99-"])
            #expect(catalogue.answer(to: request) == .notModified(1))
        }
    }

    @Test(
        "send the file",
        arguments: [
            [], [""], ["\"other\""], [digest.hex], ["w/\(tag)"], ["\"\(digest.hex)"], ["\(digest.hex)\""], ["**"],
            ["\"a\" \"b\""], ["\"*\""], ["W/"], ["\"x\(tag)"], [tag.uppercased()],
        ])
    func whole(fields: [String]) {
        #expect(
            catalogue.answer(to: Request(.get, "/file", ifNoneMatch: fields.map { ByteString($0) })) == .whole(1))
    }

    @Test("about nothing are a 404, and other methods a 405")
    func failures() {
        #expect(catalogue.answer(to: Request(.get, "/none", ifNoneMatch: ["*"])) == .failure(.notFound))
        #expect(catalogue.answer(to: Request(.get, "/")) == .failure(.notFound))
        #expect(catalogue.answer(to: Request(.other, "/file")) == .failure(.methodNotAllowed))
    }
}
