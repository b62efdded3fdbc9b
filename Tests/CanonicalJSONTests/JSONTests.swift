import CanonicalJSON
import Primitives
import Testing

@Suite("JSON")
struct JSONTests {
    @Test(arguments: [
        ("{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}"),
        (" [ 1 , true , null , \"x\" ] ", "[1,true,null,\"x\"]"),
        ("{\"é\":1,\"z\":2,\"Z\":3}", "{\"Z\":3,\"z\":2,\"é\":1}"),
        ("\"a\\nb\\u0000\\/\"", "\"a\nb\0/\""),
        ("\"\\\\ \\\"\"", "\"\\\\ \\\"\""),
        ("\"\\ud83d\\ude00\"", "\"😀\""),
        ("-0", "0"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("{}", "{}"), ("[]", "[]"),
        // Alike in length and first byte, as the parser remembers short strings.
        ("[\"ab\",\"ac\",\"ab\",\"b\",\"\",\"\"]", "[\"ab\",\"ac\",\"ab\",\"b\",\"\",\"\"]"),
        ("{\"ab\":1,\"aa\":{\"ac\":2,\"ab\":3}}", "{\"aa\":{\"ab\":3,\"ac\":2},\"ab\":1}"),
    ])
    func `has one canonical form`(text: String, canonical: String) throws {
        let value = try JSONValue.decode(Array(text.utf8))
        #expect(value.canonicalEncoding == Array(canonical.utf8))
    }

    @Test func `that differs only in Unicode normalisation is not the same`() throws {
        let composed = try JSONValue.decode(Array("{\"\u{e9}\":1,\"e\u{301}\":2}".utf8))
        guard case .object(let object) = composed else { Issue.record("not an object"); return }
        #expect(object.members.count == 2)
    }

    @Test(arguments: [
        ("", JSONFaultCode.syntax), ("{", .syntax), ("[1,]", .syntax), ("{\"a\":1,}", .syntax), ("1 2", .syntax),
        ("nul", .syntax), ("'a'", .syntax), ("\"a", .syntax), ("\"\n\"", .syntax), ("\"\\x\"", .syntax),
        ("\"\\ud83d\"", .syntax), ("\"\\ud83d\\u0041\"", .syntax), ("\"\\udc00\"", .syntax), ("\"\\u12g4\"", .syntax),
        ("01", .syntax), ("-", .syntax), ("+1", .syntax), ("{1:2}", .syntax), ("[1 2]", .syntax),
        ("\u{feff}1", .syntax),
        ("1.0", .notAnInteger), ("1e2", .notAnInteger), ("-1E2", .notAnInteger), ("9223372036854775808", .notAnInteger),
        ("-9223372036854775809", .notAnInteger), ("99999999999999999999999999", .notAnInteger),
        ("{\"a\":1,\"a\":1}", .duplicateName), ("{\"a\":1,\"\\u0061\":1}", .duplicateName),
        ("{\"a\":1,\"b\":1,\"a\":1}", .duplicateName), ("{\"b\":1,\"a\":1,\"b\":1}", .duplicateName),
        ("[[[[[1]]]]]", .tooDeep), ("{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}", .tooDeep),
        ("\"" + String(repeating: "x", count: 100) + "\"", .tooLong),
    ])
    func `that is not strict is refused`(text: String, code: JSONFaultCode) {
        let fault = #expect(throws: JSONFault.self) {
            try JSONValue.decode(Array(text.utf8), limits: JSONLimits(bytes: 100, depth: 4))
        }
        #expect(fault?.code == code)
    }

    @Test(arguments: [[0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22]] as [[UInt8]])
    func `that is not UTF-8 is refused`(bytes: [UInt8]) {
        let fault = #expect(throws: JSONFault.self) { try JSONValue.decode(bytes) }
        #expect(fault?.code == .notUTF8)
    }

    @Test func `cut off at any byte, or with any byte changed, never traps`() throws {
        let text = Array("{\"a\":[1,-2,\"\\u00e9\\n\",{\"b\":null}],\"c\":true}".utf8)
        for length in 0..<text.count { #expect((try? JSONValue.decode(Array(text[..<length]))) == nil) }
        for index in text.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = text
                changed[index] = byte
                guard let value = try? JSONValue.decode(changed) else { continue }
                #expect(try JSONValue.decode(value.fileEncoding) == value)
                #expect(try JSONValue.decode(value.lineEncoding) == value)
            }
        }
    }

    @Test func `for files is valid JSON where the canonical form is not`() throws {
        let value: JSONValue = ["pem": "line\nline", "list": [1, [:], []]]
        #expect(
            String(decoding: value.fileEncoding, as: UTF8.self) == """
                {
                 "list": [
                  1,
                  {},
                  []
                 ],
                 "pem": "line\\u000aline"
                }

                """)
        #expect(try JSONValue.decode(value.fileEncoding) == value)
        #expect(throws: JSONFault.self) { try JSONValue.decode(value.canonicalEncoding) }
    }

    @Test func `readers say where a field is wrong`() throws {
        let reader = JSONReader(try JSONValue.decode(Array("{\"a\":[{\"b\":\"x\"}]}".utf8)), at: "root")
        let element = try #require(try reader.field("a").array().first { _ in true })
        #expect(
            throws: JSONFault(.wrongType, found: "a string", expected: "an integer", at: "root.a[0].b")
        ) { try element.field("b").integer(in: 0...1) }
        #expect(throws: JSONFault(.missingField, expected: "\"c\"", at: "root.a[0]")) { try element.field("c") }
        #expect(try element.members().map(\.reader.path) == ["root.a[0].b"])
    }
}
