import Primitives

/// What stands before each file of a bundle: a POSIX ustar header, and before that, when the name is longer than it can
/// hold, a pax header with the name and nothing else. For one name and size there is one encoding: reading encodes again
/// and compares, so that no other feature of tar can be in a bundle.
struct BundleHeader: Hashable {
    let name: ByteString
    /// Bytes.
    let size: Int

    static let blockSize = 512
    /// Bytes of a name, and of what one file may have: what eleven octal digits can say.
    static let nameLimit = 480
    static let sizeLimit = (1 << 33) - 1
    /// Two blocks of zeros end the file.
    static let end = [UInt8](repeating: 0, count: 2 * blockSize)

    private static let shortName = 100
    private static let longNameStandIn: ByteString = "@long"

    var encoded: [UInt8] {
        guard name.count > Self.shortName else { return Self.block(name, size, type: "0") }
        let record = Self.record(name)
        return Self.block(Self.longNameStandIn, record.count, type: "x") + Self.padded(record)
            + Self.block(Self.longNameStandIn, size, type: "0")
    }

    /// Bytes of zeros behind a file of `size` bytes.
    static func padding(after size: Int) -> Int { (blockSize - size % blockSize) % blockSize }

    // MARK: reading

    /// Reads a header; `next` gives a block at a time, exactly 512 bytes. Nil for the first block of the end.
    static func read(_ next: () throws -> [UInt8]) throws -> BundleHeader? {
        let first = try next()
        if first.allSatisfy({ $0 == 0 }) { return nil }
        var bytes = first
        var name: ByteString?
        if first[typePlace] == UInt8(ascii: "x") {
            let record = try next()
            name = try longName(record)
            bytes += record
            bytes += try next()
        }
        let last = bytes.suffix(blockSize)
        let header = BundleHeader(name: name ?? shortName(last), size: try size(last))
        guard header.encoded == bytes else {
            throw BundleFault(.malformed, found: "another header than a bundle has", at: "\(header.name)")
        }
        return header
    }

    private static func shortName(_ block: ArraySlice<UInt8>) -> ByteString {
        ByteString(Array(block.prefix(shortName).prefix { $0 != 0 }))
    }

    /// Of a record that fits one block: longer names there are none.
    private static func longName(_ block: [UInt8]) throws -> ByteString {
        let text = block.prefix { $0 != 0 }
        guard let equals = text.firstIndex(of: UInt8(ascii: "=")), text.last == UInt8(ascii: "\n"),
            text.count > equals + 2
        else { throw BundleFault(.malformed, found: "a pax header without a name") }
        return ByteString(Array(text[(equals + 1)..<(text.endIndex - 1)]))
    }

    private static func size(_ block: ArraySlice<UInt8>) throws -> Int {
        let digits = block.dropFirst(sizePlace).prefix(sizeDigits)
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }) else {
            throw BundleFault(.malformed, found: "a size that is no number, or above \(sizeLimit) bytes")
        }
        return digits.reduce(0) { $0 << 3 | Int($1 - UInt8(ascii: "0")) }
    }

    // MARK: encoding

    private static let sizePlace = 124
    private static let sizeDigits = 11
    private static let typePlace = 156

    private static func block(_ name: ByteString, _ size: Int, type: Character) -> [UInt8] {
        func octal(_ number: Int, _ digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        var block = name.bytes + [UInt8](repeating: 0, count: max(0, shortName - name.count))
        // Mode, owner 0, group 0, size, time 0.
        block += Array("0000644\u{0}0000000\u{0}0000000\u{0}\(octal(size, sizeDigits))\u{0}00000000000\u{0}".utf8)
        let tail = Array("\(type)".utf8) + [UInt8](repeating: 0, count: 100) + Array("ustar\u{0}00".utf8)
        let rest = tail + [UInt8](repeating: 0, count: blockSize - typePlace - tail.count)
        // The checksum is reckoned with blanks in its place.
        let sum = (block + rest).reduce(8 * Int(UInt8(ascii: " "))) { $0 + Int($1) }
        return block + Array("\(octal(sum, 6))\u{0} ".utf8) + rest
    }

    /// `NN path=NAME`, a line whose length, in decimal digits, counts those digits as well.
    private static func record(_ name: ByteString) -> [UInt8] {
        let rest = Array(" path=".utf8) + name.bytes + [UInt8(ascii: "\n")]
        var length = rest.count
        while "\(length)".utf8.count + rest.count != length { length = "\(length)".utf8.count + rest.count }
        return Array("\(length)".utf8) + rest
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: padding(after: bytes.count))
    }
}
