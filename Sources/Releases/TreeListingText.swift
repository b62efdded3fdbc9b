import Primitives
import Signatures

// The text is mtree(5) as libarchive's writer makes it: `#mtree`, the root, then one full path to a line with the
// keywords mode, type, size, sha256digest and link in this order. `bsdtar` and `mtree` read it. Besides what
// libarchive escapes, the characters of shell patterns are escaped too, since mtree(8) would match by them.

extension TreeListing {
    static func encode(_ entries: [TreeEntry]) -> [UInt8] {
        var text = Array("#mtree\n. mode=755 type=dir\n".utf8)
        for entry in entries { encode(entry, to: &text) }
        return text
    }

    private static func encode(_ entry: TreeEntry, to text: inout [UInt8]) {
        text += "./".utf8
        escape(entry.path, to: &text)
        text += " mode=\(String(entry.mode, radix: 8)) type=".utf8
        switch entry.kind {
        case .directory: text += "dir".utf8
        case .file(let size, let sha256, _): text += "file size=\(size) sha256digest=\(sha256.hex)".utf8
        case .link(let target):
            text += "link link=".utf8
            escape(target, to: &text)
        }
        text.append(UInt8(ascii: "\n"))
    }

    private static func escape(_ path: ByteString, to text: inout [UInt8]) {
        for byte in path.bytes {
            switch byte {
            case 0...0x20, 0x7f..., UInt8(ascii: "\\"), UInt8(ascii: "#"), UInt8(ascii: "="), UInt8(ascii: "*"),
                UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "]"):
                text.append(UInt8(ascii: "\\"))
                for shift in [6, 3, 0] { text.append(UInt8(ascii: "0") + (byte >> shift) & 7) }
            default: text.append(byte)
            }
        }
    }

    /// Reads a listing: only what `encode` writes is accepted, byte for byte.
    package static func decode(
        _ bytes: [UInt8], limits: TreeLimits = TreeLimits()
    ) throws(ReleaseFault) -> TreeListing {
        guard bytes.count <= limits.listingBytes else {
            throw ReleaseFault(
                .tooLarge, found: "\(bytes.count) bytes of listing", expected: "at most \(limits.listingBytes)")
        }
        var entries: [TreeEntry] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated().dropFirst(2) {
            guard entries.count < limits.entries else {
                throw ReleaseFault(.tooLarge, found: "more entries", expected: "at most \(limits.entries)")
            }
            guard let entry = decodeLine(line) else {
                throw ReleaseFault(
                    .malformedListing, found: "\"\(ByteString(Array(line.prefix(200))))\"", at: "line \(index + 1)")
            }
            entries.append(entry)
        }
        let listing = try TreeListing(entries, limits: limits)
        // Catches everything else: another heading, order, spelling of a number or an escape.
        guard listing.encoding == bytes else { throw ReleaseFault(.notCanonical, at: "tree listing") }
        return listing
    }

    private static func decodeLine(_ line: ArraySlice<UInt8>) -> TreeEntry? {
        let words = line.split(separator: UInt8(ascii: " ")).map { ByteString(Array($0)) }
        guard words.count >= 3, words[0].bytes.starts(with: "./".utf8), let path = unescape(words[0].bytes.dropFirst(2))
        else { return nil }
        switch words[2] {
        case "type=dir" where words.count == 3: return TreeEntry(path, .directory)
        case "type=link" where words.count == 4:
            guard let target = value(words[3], of: "link").flatMap(unescape) else { return nil }
            return TreeEntry(path, .link(target: target))
        case "type=file" where words.count == 5:
            guard let size = value(words[3], of: "size").flatMap({ Int(String(decoding: $0, as: UTF8.self)) }),
                size >= 0,
                let digest = value(words[4], of: "sha256digest").flatMap({ Digest(hex: ByteString(Array($0))) })
            else { return nil }
            return TreeEntry(path, .file(size: size, sha256: digest, executable: words[1] == "mode=755"))
        default: return nil
        }
    }

    private static func value(_ word: ByteString, of keyword: String) -> ArraySlice<UInt8>? {
        let prefix = Array("\(keyword)=".utf8)
        return word.bytes.starts(with: prefix) ? word.bytes.dropFirst(prefix.count) : nil
    }

    private static func unescape(_ text: ArraySlice<UInt8>) -> ByteString? {
        var result: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            let octal = rest.prefix(3)
            guard octal.count == 3, let value = UInt8(String(decoding: octal, as: UTF8.self), radix: 8) else {
                return nil
            }
            result.append(value)
            rest = rest.dropFirst(3)
        }
        return ByteString(result)
    }
}
