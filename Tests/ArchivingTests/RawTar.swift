import Compression
import Primitives
import Releases
import Signatures

/// Tar made byte by byte, for archives that no honest tool writes.
struct RawEntry {
    var name: [UInt8]
    var type: UInt8 = UInt8(ascii: "0")
    var mode = 0o644
    var target: [UInt8] = []
    var content: [UInt8] = []
    /// What the header says, when it lies.
    var size: Int?
    /// The whole header block is spoiled after its check sum was made.
    var spoilsCheckSum = false

    static func file(_ name: String, _ text: String = "", mode: Int = 0o644) -> RawEntry {
        RawEntry(name: Array(name.utf8), mode: mode, content: Array(text.utf8))
    }

    static func folder(_ name: String, mode: Int = 0o755) -> RawEntry {
        RawEntry(name: Array("\(name)/".utf8), type: UInt8(ascii: "5"), mode: mode)
    }

    static func link(_ name: String, to target: String, type: Character = "2") -> RawEntry {
        RawEntry(
            name: Array(name.utf8), type: type.asciiValue ?? 0, mode: type == "2" ? 0o777 : 0o644,
            target: Array(target.utf8))
    }

    static func special(_ name: String, _ type: Character, mode: Int = 0o644) -> RawEntry {
        RawEntry(name: Array(name.utf8), type: type.asciiValue ?? 0, mode: mode)
    }

    /// A header that changes what the next one says: pax (`x` for one, `g` for all).
    static func pax(_ records: [(String, String)], type: Character = "x") -> RawEntry {
        let text = records.map { key, value in
            let rest = " \(key)=\(value)\n"
            var length = rest.utf8.count
            while "\(length)\(rest)".utf8.count != length { length += 1 }
            return "\(length)\(rest)"
        }.joined()
        return RawEntry(
            name: Array("pax".utf8), type: type.asciiValue ?? 0, content: Array(text.utf8))
    }

    var bytes: [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: [UInt8], at offset: Int, length: Int) {
            for (index, byte) in text.prefix(length).enumerated() { block[offset + index] = byte }
        }
        func octal(_ value: Int, digits: Int) -> [UInt8] {
            let text = String(value, radix: 8)
            return Array((String(repeating: "0", count: max(0, digits - text.count)) + text + " ").utf8)
        }
        put(name, at: 0, length: 100)
        put(octal(mode, digits: 6), at: 100, length: 8)
        put(octal(0, digits: 6), at: 108, length: 8)
        put(octal(0, digits: 6), at: 116, length: 8)
        put(octal(size ?? content.count, digits: 11), at: 124, length: 12)
        put(octal(0, digits: 11), at: 136, length: 12)
        put(Array("        ".utf8), at: 148, length: 8)
        block[156] = type
        put(target, at: 157, length: 100)
        put(Array("ustar\0".utf8) + Array("00".utf8), at: 257, length: 8)
        put(octal(block.reduce(0) { $0 + Int($1) }, digits: 6), at: 148, length: 8)
        if spoilsCheckSum { block[0] ^= 1 }
        let filling = [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
        return block + content + filling
    }
}

enum RawTar {
    static let end = [UInt8](repeating: 0, count: 1024)

    static func bytes(_ entries: [RawEntry]) -> [UInt8] { entries.flatMap(\.bytes) + end }

    static func compress(_ bytes: [UInt8]) throws -> [UInt8] {
        var settings = ZstdSettings()
        settings.level = 1
        let compressor = try ZstdCompressor(settings)
        var output: [UInt8] = []
        try bytes.withUnsafeBytes { try compressor.append($0) { output += $0 } }
        try compressor.finish { output += $0 }
        return output
    }
}

extension TreeEntry {
    static func file(_ path: ByteString, _ text: String, executable: Bool = false) -> TreeEntry {
        let bytes = Array(text.utf8)
        return TreeEntry(path, .file(size: bytes.count, sha256: .sha256(of: bytes), executable: executable))
    }
}
