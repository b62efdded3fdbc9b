import Primitives
import Testing

@Suite struct ByteStringTests {
    @Test(arguments: [
        ("plain text, 3 words", "plain text, 3 words"),
        ("été 東京 🙂", "été 東京 🙂"),
        ("line\nbreak\ttab\r", "line\\u{a}break\\u{9}tab\\u{d}"),
        ("\u{1B}[2Jcleared", "\\u{1b}[2Jcleared"),
        ("c1 \u{9B}31m", "c1 \\u{9b}31m"),
        ("right to left \u{202E}gpj.exe", "right to left \\u{202e}gpj.exe"),
        ("isolate \u{2066}x\u{2069}", "isolate \\u{2066}x\\u{2069}"),
        ("invisible \u{200B}\u{FEFF}\u{AD}", "invisible \\u{200b}\\u{feff}\\u{ad}"),
        ("line \u{2028}separator \u{2029}", "line \\u{2028}separator \\u{2029}"),
        ("private \u{E000}", "private \\u{e000}"),
        ("nul \0", "nul \\u{0}"),
        ("", ""),
    ])
    func `What a terminal would act on is spelled out`(text: String, shown: String) {
        #expect(ByteString(text).description == shown)
        #expect(text.escapingUnprintable() == shown)
    }

    @Test func `Bytes that are no text are shown as replaced, and kept`() {
        let string = ByteString([0x61, 0xFF, 0x62])
        #expect(string.description == "a\u{FFFD}b")
        #expect(string.bytes == [0x61, 0xFF, 0x62])
    }

    @Test func `Texts that look alike are not equal`() {
        let composed = "\u{E9}"
        let decomposed = "e\u{301}"
        #expect(composed == decomposed)
        #expect(ByteString(composed) != ByteString(decomposed))
    }

    @Test func `Order is that of the bytes`() {
        let texts: [ByteString] = ["", "A", "B", "a", "aa", "b", "\u{E9}"]
        #expect(texts.reversed().sorted() == texts)
        #expect(ByteString([0x7F]) < ByteString([0x80]))
    }
}

@Suite struct HexTests {
    @Test(arguments: [([], ""), ([0], "00"), ([0x0F, 0xF0, 0xAB], "0ff0ab")] as [([UInt8], String)])
    func `Bytes are written in lower case and read back`(bytes: [UInt8], text: String) {
        #expect(Hex.encode(bytes) == text)
        #expect(Hex.decode(text) == bytes)
        #expect(Hex.decode(text.uppercased()) == bytes)
    }

    @Test(arguments: ["0", "abc", "0g", "g0", " 00", "00 ", "0x00", "é0", "٠٠", "\u{FF10}\u{FF10}"])
    func `Nothing else is read`(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test func `Every byte survives`() {
        let all = (0...255).map { UInt8($0) }
        #expect(Hex.decode(Hex.encode(all)) == all)
    }
}
