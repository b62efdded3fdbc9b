import Primitives

/// What a JSON text may cost before it is refused.
package struct JSONLimits: Sendable {
    package var bytes: Int
    package var depth: Int

    package init(bytes: Int = 8 << 20, depth: Int = 64) {
        self.bytes = bytes
        self.depth = depth
    }
}

extension JSONValue {
    /// Decodes exactly one JSON value (RFC 8259), strictly: valid UTF-8, no duplicate names, no floats, no integer beyond
    /// 64 bits, nothing behind the value. White space may vary: signatures cover the canonical form, not the text.
    package static func decode(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONFault) -> JSONValue {
        guard bytes.count <= limits.bytes else {
            throw JSONFault(.tooLong, found: "\(bytes.count) bytes", expected: "at most \(limits.bytes) bytes")
        }
        guard isValidUTF8(bytes) else { throw JSONFault(.notUTF8) }
        var parser = JSONParser(bytes: bytes, maximumDepth: limits.depth)
        return try parser.parseDocument()
    }

    private static func isValidUTF8(_ bytes: [UInt8]) -> Bool {
        if bytes.reduce(0, |) < 0x80 { return true }
        return String(validating: bytes, as: UTF8.self) != nil
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    let maximumDepth: Int
    var position = 0
    var depth = 0
    /// Short strings read lately, by length and first byte: the names of fields, which every entry of a long list repeats.
    private var recent = [ByteString](repeating: "", count: 64)
    private static let longestShared = 16

    init(bytes: [UInt8], maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    mutating func parseDocument() throws(JSONFault) -> JSONValue {
        skipSpace()
        let value = try parseValue()
        skipSpace()
        guard position == bytes.count else { throw syntaxFault(expected: "the end") }
        return value
    }

    private mutating func parseValue() throws(JSONFault) -> JSONValue {
        guard let byte = peek() else { throw syntaxFault(expected: "a value") }
        switch byte {
        case UInt8(ascii: "{"): return .object(try parseObject())
        case UInt8(ascii: "["): return .array(try parseArray())
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .integer(try parseInteger())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        default: throw syntaxFault(expected: "a value")
        }
    }

    // MARK: containers

    private mutating func parseObject() throws(JSONFault) -> JSONObject {
        try enter()
        var members: [JSONObject.Member] = []
        skipSpace()
        if take(UInt8(ascii: "}")) {
            depth -= 1
            return JSONObject()
        }
        let start = position
        repeat {
            skipSpace()
            guard peek() == UInt8(ascii: "\"") else { throw syntaxFault(expected: "a name") }
            let name = try parseString()
            skipSpace()
            try expect(UInt8(ascii: ":"), "':'")
            skipSpace()
            members.append(JSONObject.Member(name, try parseValue()))
            skipSpace()
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "',' or '}'")
        depth -= 1
        guard let object = JSONObject(members) else {
            throw JSONFault(.duplicateName, found: Self.firstDuplicate(in: members), at: "object at byte \(start)")
        }
        return object
    }

    private mutating func parseArray() throws(JSONFault) -> [JSONValue] {
        try enter()
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) {
            depth -= 1
            return []
        }
        repeat {
            skipSpace()
            elements.append(try parseValue())
            skipSpace()
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"), "',' or ']'")
        depth -= 1
        return elements
    }

    private mutating func enter() throws(JSONFault) {
        position += 1
        depth += 1
        guard depth <= maximumDepth else {
            throw JSONFault(.tooDeep, expected: "at most \(maximumDepth) levels", at: "byte \(position - 1)")
        }
    }

    private static func firstDuplicate(in members: [JSONObject.Member]) -> String? {
        var seen: Set<ByteString> = []
        return members.first { !seen.insert($0.name).inserted }.map { "\"\($0.name)\"" }
    }

    // MARK: scalars

    private mutating func parseInteger() throws(JSONFault) -> Int64 {
        let start = position
        let isNegative = take(UInt8(ascii: "-"))
        let firstDigit = position
        var magnitude: UInt64 = 0
        var overflows = false
        while let digit = peek(), UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit {
            let (product, overflow1) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = product.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
            magnitude = sum
            overflows = overflows || overflow1 || overflow2
            position += 1
        }
        guard position > firstDigit else { throw syntaxFault(expected: "a digit") }
        let hasLeadingZero = bytes[firstDigit] == UInt8(ascii: "0") && position > firstDigit + 1
        guard !hasLeadingZero else { throw syntaxFault(expected: "a number without leading zeros") }
        if let next = peek(), [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(next) {
            throw JSONFault(.notAnInteger, found: "a fraction or an exponent", at: "byte \(start)")
        }
        let value = isNegative ? Self.negated(magnitude) : Int64(exactly: magnitude)
        guard let value, !overflows else {
            throw JSONFault(.notAnInteger, found: "a number beyond 64 bits", at: "byte \(start)")
        }
        return value
    }

    private static func negated(_ magnitude: UInt64) -> Int64? {
        if magnitude == Int64.min.magnitude { return Int64.min }
        return Int64(exactly: magnitude).map { -$0 }
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSONValue) throws(JSONFault) -> JSONValue {
        let text = Array("\(word)".utf8)
        guard bytes.count - position >= text.count, bytes[position..<position + text.count].elementsEqual(text) else {
            throw syntaxFault(expected: "\(word)")
        }
        position += text.count
        return value
    }

    private mutating func parseString() throws(JSONFault) -> ByteString {
        position += 1
        let start = position
        var end = start
        while end < bytes.count, !Self.isSpecial(bytes[end]) { end += 1 }
        position = end
        guard peek() == UInt8(ascii: "\"") else { return try parseEscapedString(from: start) }
        position += 1
        return text(bytes[start..<end])
    }

    /// A string without escapes; of one that came lately, the copy made then.
    private mutating func text(_ content: ArraySlice<UInt8>) -> ByteString {
        guard content.count <= Self.longestShared, let first = content.first else { return ByteString(Array(content)) }
        let place = (Int(first) &+ content.count) & (recent.count - 1)
        if !recent[place].bytes.elementsEqual(content) { recent[place] = ByteString(Array(content)) }
        return recent[place]
    }

    /// What does not stand for itself within a string.
    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20
    }

    private mutating func parseEscapedString(from start: Int) throws(JSONFault) -> ByteString {
        var text = Array(bytes[start..<position])
        while let byte = peek() {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return ByteString(text)
            case UInt8(ascii: "\\"): text.append(contentsOf: try parseEscape())
            case 0..<0x20: throw syntaxFault(expected: "control characters to be escaped")
            default: text.append(byte)
            }
        }
        throw syntaxFault(expected: "the end of a string")
    }

    private mutating func parseEscape() throws(JSONFault) -> [UInt8] {
        guard let byte = peek() else { throw syntaxFault(expected: "an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try parseUnicodeEscape()
        default: throw syntaxFault(expected: "an escape")
        }
    }

    private mutating func parseUnicodeEscape() throws(JSONFault) -> [UInt8] {
        let first = try parseCodeUnit()
        if let scalar = Unicode.Scalar(first) { return Array(String(Character(scalar)).utf8) }
        guard 0xD800..<0xDC00 ~= first, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw syntaxFault(expected: "a surrogate pair")
        }
        let second = try parseCodeUnit()
        guard 0xDC00..<0xE000 ~= second else { throw syntaxFault(expected: "a low surrogate") }
        let value = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
        guard let scalar = Unicode.Scalar(value) else { throw syntaxFault(expected: "a Unicode scalar") }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func parseCodeUnit() throws(JSONFault) -> UInt16 {
        guard bytes.count - position >= 4, let pair = Hex.decode(bytes[position..<position + 4]), pair.count == 2 else {
            throw syntaxFault(expected: "four hexadecimal digits")
        }
        position += 4
        return UInt16(pair[0]) << 8 | UInt16(pair[1])
    }

    // MARK: bytes

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ byte: UInt8, _ name: String) throws(JSONFault) {
        guard take(byte) else { throw syntaxFault(expected: name) }
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func syntaxFault(expected: String) -> JSONFault {
        let found = peek().map { "byte 0x" + Hex.encode([$0]) } ?? "the end"
        return JSONFault(.syntax, found: found, expected: expected, at: "byte \(position)")
    }
}
