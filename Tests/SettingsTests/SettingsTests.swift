import Primitives
import Settings
import SystemPackage
import Testing

@Suite("A settings file")
struct SettingsTests {
    private func decode(_ text: String) throws -> SettingsNode {
        try SettingsNode.decode(Array(text.utf8), file: "s.yaml", limit: 1000)
    }

    @Test(arguments: [
        ("a: &x 1", "s.yaml line 1"), ("a: 1\nb: *x", "s.yaml line 2"), ("a: [&x 1, *x]", "s.yaml line 1"),
        ("? *a\n: b", "s.yaml line 1"), ("*a : b", "s.yaml line 1"), ("a:\n  - &b c", "s.yaml line 2"),
        ("a: {b: *c}", "s.yaml line 1"),
    ])
    func `with anchors or aliases is refused before they can grow`(text: String, place: String) {
        let fault = #expect(throws: SettingsFault.self) { try decode(text) }
        #expect(fault?.location == place)
        #expect(fault?.expected == "values without YAML anchors and aliases")
    }

    @Test func `whose key is a tower of aliases is refused at once`() {
        let levels = (1...30).map { "&l\($0) [*l\($0 - 1), *l\($0 - 1)]" }.joined(separator: ", ")
        #expect(throws: SettingsFault.self) { try decode("? [&l0 x, \(levels)]\n: 1") }
    }

    @Test(arguments: ["# a & b * c\na: 1", "a: b&c*d", "a: https://host/x&y  # *note", "a: 'x # y'"])
    func `may use the same characters elsewhere`(text: String) throws {
        #expect(try decode(text).members().count == 1)
    }

    @Test(arguments: [
        ("", "s.yaml"), ("# a\n", "s.yaml"), ("a: [", "s.yaml line 2"), ("a: 1\na: 2", "s.yaml line 2"),
        ("b:\n  a: 1\n  'a': 2", "s.yaml line 3"), ("\u{1}", "s.yaml"), ("a: 1\n---\nb: 2", "s.yaml line 2"),
        ("a: !!str 1", "s.yaml line 1"), ("a:\n  - ! 1", "s.yaml line 2"), ("a: !x {b: 1}", "s.yaml line 1"),
        (String(repeating: "[", count: 900), "s.yaml line 1"), (String(repeating: "- ", count: 450), "s.yaml line 1"),
    ])
    func `that is empty or no YAML is refused with its place`(text: String, place: String) {
        let fault = #expect(throws: SettingsFault.self) { try decode(text) }
        #expect(fault?.location?.hasPrefix(place) == true, "\(String(describing: fault))")
        #expect(fault?.family == .usage)
    }

    @Test func `may be written in any style`() throws {
        let texts = ["a: [1, 'x']\n", "{a: [1, \"x\"]}", "---\na:\n- 1\n- |-\n  x\n...\n"]
        for text in texts {
            let (key, value) = try #require(try decode(text).members().first)
            let list = try value.list()
            #expect(try key.text() == "a")
            #expect(try list.count == 2 && list[0].integer(in: 1...1) == 1 && list[1].text() == "x", "\(text)")
        }
        let (_, quoted) = try #require(try decode("a: '1'").members().first)
        #expect(throws: SettingsFault.self) { try quoted.integer(in: 1...1) }
        let (_, empty) = try #require(try decode("a:").members().first)
        #expect(throws: SettingsFault(.invalid, found: "nothing", expected: "a text", at: "s.yaml line 1")) {
            try empty.text()
        }
    }

    @Test func `that is too long or not UTF-8 is refused unread`() {
        for bytes in [[UInt8](repeating: UInt8(ascii: "a"), count: 1001), [0xFF]] {
            #expect(throws: SettingsFault.self) { try SettingsNode.decode(bytes, file: "s.yaml", limit: 1000) }
        }
    }

    @Test(arguments: [
        ("polll", "poll"), ("windw", "window"), ("Mode", "mode"), ("hold-back", "hold_back"), ("mdoe", "mode"),
        ("kepe", "keep"), ("xyz", nil), ("m", nil), ("mote", nil), (String(repeating: "x", count: 70), nil),
    ])
    func `with a key that nobody knows says which one may be meant`(word: String, meant: String?) throws {
        let known = ["poll", "window", "mode", "hold_back", "keep", "more"]
        let fault = #expect(throws: SettingsFault.self) { try SettingsTable(decode("\(word): 1"), known: known) }
        #expect(fault?.found == "\"\(word)\"")
        #expect(fault?.hint == (meant.map { "did you mean \($0)?" } ?? SettingsFaultCode.invalid.hint))
    }

    @Test func `that lacks a key is not to be corrected, but added to`() throws {
        let table = try SettingsTable(decode("# first\nname: x\n"), known: ["name", "other"])
        let fault = #expect(throws: SettingsFault.self) { try table.required("other") }
        #expect(fault?.hint == "add the key other to the keys that begin on this line")
    }

    @Test(arguments: ["a:\n\tb: 1", "a: [", "a: 'b", "a: b: c", "a:\n b: 1\n  c: 2", "a: %x", "@a: 1", "- a\nb: 1"])
    func `that is no YAML says no word twice`(text: String) throws {
        let fault = #expect(throws: SettingsFault.self) { try decode(text) }
        let message = try #require(fault?.message)
        for doubled in ["found found", "found did not find", "found could not find"] {
            #expect(!message.contains(doubled), "\(message)")
        }
    }

    @Test func `of known keys says what is unknown, missing or wrong, and where`() throws {
        let root = try decode("name: x\ncount: many\n")
        let table = try SettingsTable(root, known: ["name", "count", "other"])
        #expect(try table.required("name").text() == "x")
        #expect(
            throws: SettingsFault(
                .invalid, found: "\"many\"", expected: "a whole number from 1 to 9", at: "s.yaml line 2")
        ) { try table.required("count").integer(in: 1...9) }
        #expect(throws: SettingsFault(.invalid, expected: "other: …", at: "s.yaml line 1")) {
            try table.required("other")
        }
        #expect(throws: SettingsFault(.invalid, found: "\"count\"", expected: "one of name", at: "s.yaml line 2")) {
            try SettingsTable(root, known: ["name"])
        }
    }

    @Test(arguments: ["010", "+1", "-0", "00", "1_0", "0x1", "1.0", "１", "1\u{A0}", "99999999999999999999"])
    func `has one spelling of each number`(text: String) throws {
        let (_, value) = try #require(try decode("a: \(text)").members().first)
        #expect(throws: SettingsFault.self) { try value.integer(in: -1000...1000) }
    }

    @Test func `may begin with a byte order mark, and nowhere else have one`() throws {
        #expect(try decode("\u{FEFF}a: 1").members().first?.key.text() == "a")
        #expect(throws: SettingsFault.self) { try decode("\u{FEFF}") }
        let (_, value) = try #require(try decode("a: /b\u{FEFF}").members().first)
        #expect(throws: SettingsFault.self) { try value.absolutePath() }
    }

    @Test(arguments: ["/a\u{A0}", "/a\u{202F}b", "/a\u{200B}", "/\u{202E}a", "'/a\tb'"])
    func `has no path with characters that nobody sees`(path: String) throws {
        let (_, value) = try #require(try decode("a: \(path)").members().first)
        let fault = #expect(throws: SettingsFault.self) { try value.absolutePath() }
        #expect(fault?.found?.hasPrefix("the character U+") == true)
        let (_, plain) = try #require(try decode("a: '/a b/ć'").members().first)
        #expect(try plain.absolutePath() == "/a b/ć")
    }
}
