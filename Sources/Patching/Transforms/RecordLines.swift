import Primitives
import Releases
import Signatures

/// Takes what follows from a tree out of a wheel's `RECORD`, and puts it in again.
///
/// A line `path,sha256=<digest>,<size>` that says what is so becomes `path,` and a byte 1. The path is relative to the
/// folder that holds the folder of the `RECORD`; the digest is base64url without filling. Everything else stays.
struct RecordLines {
    /// Digest and size of a file of the tree, if they are known.
    typealias Lookup = (ByteString) -> (sha256: Digest, size: Int)?

    static let mark: UInt8 = 1
    private static let newline = UInt8(ascii: "\n")
    private static let comma = UInt8(ascii: ",")

    private let base: ArraySlice<UInt8>
    private let lookup: Lookup

    /// Whether a file may be such a record. Pure guess of the encoder: the patch says it.
    static func isRecord(_ path: ByteString) -> Bool {
        path.components.last.map { Array($0) == Array("RECORD".utf8) } ?? false && path.components.count > 1
    }

    /// For the record at `path`.
    init(_ path: ByteString, lookup: @escaping Lookup) {
        self.lookup = lookup
        let folder = path.parentPath?.parentPath
        base = folder.map { $0.bytes[...] + [UInt8(ascii: "/")] } ?? []
    }

    func expand(_ text: some RandomAccessCollection<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        Self.forEachLine(of: text) { line in
            if let comma = line.firstIndex(of: Self.comma), let rest = rest(of: line[..<comma]),
                line[comma...].dropFirst().elementsEqual(rest)
            {
                result += line[...comma]
                result.append(Self.mark)
            } else {
                result += line
            }
        } between: {
            result.append(Self.newline)
        }
        return result
    }

    /// The inverse. Throws when a marked line names no known file, or when there would be more than `limit` bytes.
    func contract(_ text: [UInt8], limit: Int) throws(PatchFault) -> [UInt8] {
        var result: [UInt8] = []
        try Self.forEachLine(of: text) { line throws(PatchFault) in
            if line.last == Self.mark, let comma = line.firstIndex(of: Self.comma), comma == line.endIndex - 2 {
                guard let rest = rest(of: line[..<comma]) else {
                    throw PatchFault(.malformed, found: "a record of an unknown file")
                }
                result += line[...comma]
                result += rest
            } else {
                result += line
            }
            guard result.count <= limit else { throw PatchFault(.tooLarge, found: "a longer record") }
        } between: {
            result.append(Self.newline)
        }
        return result
    }

    /// One line after another: a list of them would take many times the memory of a text of short lines.
    private static func forEachLine<Text: RandomAccessCollection<UInt8>, Failure: Error>(
        of text: Text, _ body: (Text.SubSequence) throws(Failure) -> Void, between: () -> Void
    ) throws(Failure) {
        var rest = text[...]
        while let end = rest.firstIndex(of: newline) {
            try body(rest[..<end])
            between()
            rest = rest[rest.index(after: end)...]
        }
        try body(rest)
    }

    /// What follows on the first comma of a file's line.
    private func rest(of path: some Collection<UInt8>) -> [UInt8]? {
        guard let (sha256, size) = lookup(ByteString(Array(base) + path)) else { return nil }
        return Array("sha256=".utf8) + Self.base64URL(sha256.bytes) + Array(",\(size)".utf8)
    }

    private static func base64URL(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var (bits, count) = (0, 0)
        for byte in bytes {
            (bits, count) = (bits << 8 | Int(byte), count + 8)
            while count >= 6 {
                count -= 6
                result.append(digits[bits >> count & 63])
            }
            bits &= (1 << count) - 1
        }
        if count > 0 { result.append(digits[bits << (6 - count) & 63]) }
        return result
    }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
}
