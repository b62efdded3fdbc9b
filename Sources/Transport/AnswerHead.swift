import Primitives

/// Status and those header fields of an answer that decide anything here.
struct AnswerHead {
    let status: Int
    private(set) var contentLength: Int?
    private(set) var contentRange: ContentRange?
    private(set) var contentType: ByteString?
    private(set) var location: ByteString?
    /// The blank line after the header fields was seen.
    private(set) var isComplete = false

    /// The server points elsewhere.
    var isRedirect: Bool { (301...303).contains(status) || status == 307 || status == 308 }

    /// From a status line, `HTTP/1.1 200 OK`; nil when it is none.
    init?(statusLine line: ByteString) {
        let parts = line.bytes.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard parts.count >= 2, parts[0].starts(with: "HTTP/".utf8), parts[1].count == 3,
            let status = Int(String(decoding: parts[1], as: UTF8.self)), status >= 100
        else { return nil }
        self.status = status
    }

    mutating func end() {
        isComplete = true
    }

    mutating func add(_ line: ByteString) {
        guard let colon = line.bytes.firstIndex(of: UInt8(ascii: ":")) else { return }
        let name = String(decoding: line.bytes[..<colon], as: UTF8.self).lowercased()
        let value = ByteString(Self.trim(line.bytes[(colon + 1)...]))
        switch name {
        case "content-length": contentLength = Int(String(decoding: value.bytes, as: UTF8.self))
        case "content-range": contentRange = ContentRange(value)
        case "content-type": contentType = value
        case "location": location = value
        default: break
        }
    }

    private static func trim(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
        let start = bytes.firstIndex { !isBlank($0) } ?? bytes.endIndex
        let end = bytes.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start
        return Array(bytes[start..<end])
    }
}

/// `bytes first-last/total` (RFC 9110, 14.4); the total may be `*`, unknown.
struct ContentRange: Equatable, CustomStringConvertible {
    let first: Int
    let last: Int
    let total: Int?

    init?(_ text: ByteString) {
        let text = String(decoding: text.bytes, as: UTF8.self)
        guard text.hasPrefix("bytes ") else { return nil }
        let halves = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), first <= last else { return nil }
        if halves[1] == "*" {
            total = nil
        } else {
            guard let number = Int(halves[1]), number > last else { return nil }
            total = number
        }
        self.first = first
        self.last = last
    }

    var description: String { "bytes \(first)-\(last)/\(total.map(String.init) ?? "*")" }
}
