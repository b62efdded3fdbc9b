import Foundation
import Primitives
import Testing

@Suite("Base 64")
struct Base64Tests {
    @Test(
        "the examples of RFC 4648",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func examples(_ bytes: String, _ text: String) {
        #expect(Base64.encode(Array(bytes.utf8)) == text)
        #expect(Base64.decode(Array(text.utf8)) == Array(bytes.utf8))
    }

    @Test("every length of bytes is written as Foundation writes it, and read again", arguments: 0...70)
    func lengths(_ count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count &* 91) }
        let text = Base64.encode(bytes)
        #expect(text == Data(bytes).base64EncodedString())
        #expect(Base64.decode(Array(text.utf8)) == bytes)
        let line = Array("x\(text)y".utf8)
        #expect(Base64.decode(line[1..<(line.count - 1)]) == bytes)
    }

    /// FoundationEssentials takes stray bits: "Zh==" is "f" to it as well.
    @Test(
        "another spelling is refused",
        arguments: [
            "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Zm8==", "=", "==", "===", "====", "Z===", "Zg==Zg==", "Zg=a",
            "Zm=v", "Z", "Zm9vY", "Zm9v\n", "\nZm9v", "Zm9 ", " Zm9v", "Zm 9v", "Zm9-", "Zm9_", "Zm9.", "Zm9\u{0}",
            "Zmé9", "Zm9vZg==\n", "Zm\r\n9v",
        ])
    func refused(_ text: String) {
        #expect(Base64.decode(Array(text.utf8)) == nil)
    }

    @Test("whatever four characters are accepted, they are the spelling of their bytes")
    func oneSpelling() {
        let last = (0...255).map { UInt8($0) }
        for third in last {
            for fourth in last {
                let text = [UInt8(ascii: "Z"), UInt8(ascii: "g"), third, fourth]
                guard let bytes = Base64.decode(text) else { continue }
                #expect(Array(Base64.encode(bytes).utf8) == text)
            }
        }
    }
}
