import NIOHTTP1
import Primitives
import Serving

/// What a connection has to answer next.
enum ParsedRequest {
    case request(Request, ResponseHead.Connection)
    /// The last answer of its connection: the bytes that follow cannot be trusted to be a request.
    case refusal(Failure, isHead: Bool)
}

extension ParsedRequest {
    /// Reads the fields that matter in one pass over the head.
    init(_ head: HTTPRequestHead) {
        var fields = Fields()
        for (name, value) in head.headers { fields.take(name.utf8, value) }
        let isHead = head.method == .HEAD
        guard head.version.major == 1 else {
            self = .refusal(.versionNotSupported, isHead: isHead)
            return
        }
        // RFC 9112, 3.2: exactly one Host in HTTP/1.1.
        guard fields.hosts == 1 || (fields.hosts == 0 && head.version.minor == 0) else {
            self = .refusal(.badRequest, isHead: isHead)
            return
        }
        let method: Request.Method = isHead ? .head : head.method == .GET ? .get : .other
        guard !fields.hasBody || method == .other else {
            self = .refusal(.contentTooLarge, isHead: isHead)
            return
        }
        // A body that follows, or another protocol, is not read: what comes after this answer is no request.
        if fields.hasBody || fields.upgrades || head.method == .CONNECT { fields.closes = true }
        let request = Request(
            method, ByteString(head.uri),
            ifNoneMatch: fields.ifNoneMatch, ifRange: fields.ifRange, range: fields.range)
        self = .request(request, fields.connection(minorVersion: head.version.minor))
    }

    private struct Fields {
        var hosts = 0
        var hasBody = false
        var upgrades = false
        var closes = false
        var keepsAlive = false
        var ifNoneMatch: [ByteString] = []
        var ifRange: [ByteString] = []
        var range: [ByteString] = []

        /// The length of a name rules out nearly every field before a letter is compared.
        mutating func take(_ name: String.UTF8View, _ value: String) {
            switch name.count {
            case 4 where name.isField("host"): hosts += 1
            case 5 where name.isField("range"): range.append(ByteString(value))
            case 7 where name.isField("upgrade"): upgrades = true
            case 8 where name.isField("if-range"): ifRange.append(ByteString(value))
            case 10 where name.isField("connection"): takeConnection(value)
            case 13 where name.isField("if-none-match"): ifNoneMatch.append(ByteString(value))
            case 14 where name.isField("content-length"): hasBody = hasBody || value != "0"
            case 17 where name.isField("transfer-encoding"): hasBody = true
            default: break
            }
        }

        private mutating func takeConnection(_ value: String) {
            for option in value.utf8.split(separator: UInt8(ascii: ",")) {
                let word = option.drop { $0 == 0x20 || $0 == 0x09 }
                if word.isField("close", orPadded: true) { closes = true }
                if word.isField("keep-alive", orPadded: true) { keepsAlive = true }
            }
        }

        func connection(minorVersion: Int) -> ResponseHead.Connection {
            if closes { return .close }
            guard minorVersion == 0 else { return .unsaid }
            return keepsAlive ? .keepAlive : .close
        }
    }
}

extension Collection<UInt8> {
    /// Whether these are the letters of `name` (lower case), in any case; `orPadded`: blanks may follow.
    fileprivate func isField(_ name: StaticString, orPadded: Bool = false) -> Bool {
        name.withUTF8Buffer { letters in
            var index = startIndex
            for letter in letters {
                guard index != endIndex else { return false }
                let byte = self[index]
                guard byte == letter || ((0x41...0x5a).contains(byte) && byte | 0x20 == letter) else { return false }
                formIndex(after: &index)
            }
            return self[index...].allSatisfy { orPadded && ($0 == 0x20 || $0 == 0x09) }
        }
    }
}
