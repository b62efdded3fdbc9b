import Primitives
import Signatures

/// What stands before the packed streams: which trees, how much, and where each stream is.
package struct PatchHeader: Equatable, Sendable {
    static let magic = Array("SP1\n".utf8)
    /// No header is longer.
    static let byteLimit = 1024
    static let groupBytes = 64 << 10
    static let windows = 12...27
    /// What a reader needs for unpacking besides the window, and for what it unpacks ahead.
    private static func overhead(_ packing: Packing) -> Int { (packing == .zstd ? 640 : 128) << 10 }

    /// Packed bytes that lie together in the file.
    struct Packed: Equatable, Sendable {
        var packing: Packing
        var window: Int
        /// Unpacked, and packed.
        var count: Int
        var packedCount: Int

        /// Bytes that unpacking looks back over: of LZMA never more than there are, but for the smallest dictionary.
        var windowBytes: Int {
            packing == .zstd ? 1 << window : min(1 << window, max(count, 1 << PatchHeader.windows.lowerBound))
        }
    }

    package let before: Digest
    package let after: Digest
    /// Of the new tree, less the old one's.
    let entriesDelta: Int
    let bytesDelta: Int
    /// KiB that making one file needs.
    let editKiB: Int
    /// KiB that deflating one file needs beside that, while others are made. 0 when that is counted in `editKiB`, and no
    /// file is deflated while others are made.
    var deflatingKiB = 0
    /// The streams of the group, with their unpacked sizes, lowest first.
    let grouped: [(stream: PatchStream, count: Int)]
    let group: Packed?
    let singles: [(stream: PatchStream, packed: Packed)]

    /// Bytes of memory that applying needs, besides listings and plan.
    package var memory: Int {
        var total = (editKiB + deflatingKiB) << 10 + (group.map { 2 * $0.count + Self.overhead($0.packing) } ?? 0)
        for (_, packed) in singles {
            total += Self.overhead(packed.packing)
            guard packed.packing != .stored else { continue }
            total += packed.window == 0 ? TextDecoder.memory(packed.count) : packed.windowBytes
        }
        return total
    }

    package static func == (left: Self, right: Self) -> Bool { left.encoded == right.encoded }

    // MARK: encoding

    var encoded: [UInt8] {
        var writer = NumberWriter()
        writer.append(Self.magic)
        writer.append(before.bytes)
        writer.append(after.bytes)
        writer.append(signed: entriesDelta)
        writer.append(signed: bytesDelta)
        writer.append(editKiB << 1 | (deflatingKiB > 0 ? 1 : 0))
        if deflatingKiB > 0 { writer.append(deflatingKiB) }
        writer.append(grouped.reduce(0) { $0 | 1 << $1.stream.rawValue })
        writer.append(singles.reduce(0) { $0 | 1 << $1.stream.rawValue })
        for (_, count) in grouped { writer.append(count) }
        if let group { write(group, isLast: singles.isEmpty, to: &writer) }
        for (index, single) in singles.enumerated() {
            writer.append(single.packed.count)
            writer.append(byte: UInt8(single.packed.window))
            write(single.packed, isLast: index == singles.count - 1, to: &writer)
        }
        return writer.bytes
    }

    private func write(_ packed: Packed, isLast: Bool, to writer: inout NumberWriter) {
        writer.append(byte: packed.packing.code)
        if !isLast { writer.append(packed.packedCount) }
    }

    /// The window of a group of so many bytes.
    static func groupWindow(_ count: Int) -> Int {
        var window = windows.lowerBound
        while 1 << window < count { window += 1 }
        return window
    }
}

extension PatchHeader {
    /// Reads the header of a patch of `fileCount` bytes from its beginning. Also says how long the header is.
    static func decode(_ bytes: [UInt8], fileCount: Int) throws(PatchFault) -> (header: PatchHeader, length: Int) {
        var reader = NumberReader(bytes)
        guard bytes.count >= magic.count, try reader.take(magic.count) == magic else {
            throw PatchFault(.unsupportedFormat)
        }
        let header = try PatchHeader(reading: &reader, fileCount: fileCount)
        // Catches whatever has two spellings.
        guard header.encoded == Array(bytes.prefix(reader.position)) else {
            throw PatchFault(.notCanonical, at: "header")
        }
        let total = header.packedBytes
        guard total.overflow == false, total.count == fileCount - reader.position else { throw PatchFault(.truncated) }
        return (header, reader.position)
    }

    private init(reading reader: inout NumberReader, fileCount: Int) throws(PatchFault) {
        before = try Self.digest(&reader)
        after = try Self.digest(&reader)
        entriesDelta = try reader.signed()
        bytesDelta = try reader.signed()
        let memory = try reader.number(atMost: 1 << 41, "memory")
        editKiB = memory >> 1
        deflatingKiB = memory & 1 == 1 ? try reader.number(atMost: 1 << 40, "memory for deflating") : 0
        let (inGroup, alone) = (try Self.streams(&reader), try Self.streams(&reader))
        guard !inGroup.contains(where: alone.contains) else { throw PatchFault(.malformed, found: "a stream twice") }
        var table = Table(reader, pieces: (inGroup.isEmpty ? 0 : 1) + alone.count, fileCount: fileCount)
        var grouped: [(stream: PatchStream, count: Int)] = []
        for stream in inGroup { grouped.append((stream, try table.size(atMost: Self.groupBytes))) }
        let groupCount = grouped.reduce(0) { $0 + $1.count }
        guard groupCount <= Self.groupBytes else {
            throw PatchFault(.malformed, found: "a group of \(groupCount) bytes")
        }
        group = inGroup.isEmpty ? nil : try table.packed(groupCount, window: Self.groupWindow(groupCount))
        var singles: [(stream: PatchStream, packed: Packed)] = []
        for stream in alone {
            let count = try table.size(atMost: 1 << 48)
            let window = try table.window(stream)
            singles.append((stream, try table.packed(count, window: window)))
        }
        (self.grouped, self.singles) = (grouped, singles)
        reader = table.reader
    }

    private static func digest(_ reader: inout NumberReader) throws(PatchFault) -> Digest {
        guard let digest = Digest(bytes: try reader.take(Digest.byteCount)) else { throw PatchFault(.malformed) }
        return digest
    }

    private static func streams(_ reader: inout NumberReader) throws(PatchFault) -> [PatchStream] {
        let set = try reader.number(atMost: 1 << PatchStream.allCases.count - 1, "set of streams")
        return PatchStream.allCases.filter { set >> $0.rawValue & 1 == 1 }
    }

    private var packedBytes: (count: Int, overflow: Bool) {
        var total = 0
        for packed in [group].compactMap(\.self) + singles.map(\.packed) {
            let (sum, overflow) = total.addingReportingOverflow(packed.packedCount)
            if overflow { return (0, true) }
            total = sum
        }
        return (total, false)
    }
}

/// Reads the table of packed pieces. The last one's size is what is left of the file.
private struct Table {
    var reader: NumberReader
    private var pieces: Int
    private var packedBytes = 0
    private let fileCount: Int

    init(_ reader: NumberReader, pieces: Int, fileCount: Int) {
        (self.reader, self.pieces, self.fileCount) = (reader, pieces, fileCount)
    }

    mutating func size(atMost limit: Int) throws(PatchFault) -> Int {
        let size = try reader.number(atMost: limit, "size")
        guard size > 0 else { throw PatchFault(.malformed, found: "an empty stream") }
        return size
    }

    mutating func window(_ stream: PatchStream) throws(PatchFault) -> Int {
        let window = Int(try reader.byte())
        guard stream == .text ? window == 0 : PatchHeader.windows.contains(window) else {
            throw PatchFault(.malformed, found: "window \(window)")
        }
        return window
    }

    mutating func packed(_ count: Int, window: Int) throws(PatchFault) -> PatchHeader.Packed {
        let code = try reader.byte()
        guard let packing = Packing(code: code) else { throw PatchFault(.malformed, found: "packing \(code)") }
        pieces -= 1
        let isLast = pieces == 0
        let size =
            isLast ? fileCount - reader.position - packedBytes : try reader.number(atMost: 1 << 48, "packed size")
        guard size >= 0 else { throw PatchFault(.truncated) }
        packedBytes += size
        guard window != 0 || packing != .zstd else { throw PatchFault(.malformed, found: "text with zstd") }
        guard packing != .stored || size == count else {
            throw PatchFault(.malformed, found: "\(size) stored bytes", expected: "\(count)")
        }
        return PatchHeader.Packed(packing: packing, window: window, count: count, packedCount: size)
    }
}

extension PatchHeader {
    /// A JSON object for each stream and for the group, for people and measurements.
    package var pieceTexts: [String] {
        let members = grouped.map { #"{"stream":"\#($0.stream)","count":\#($0.count)}"# }
        let all = [group].compactMap(\.self).map { ("group", $0) } + singles.map { ("\($0.stream)", $0.packed) }
        return members
            + all.map { name, packed in
                #"{"piece":"\#(name)","count":\#(packed.count),"packed":\#(packed.packedCount),"#
                    + #""packing":\#(packed.packing.code),"window":\#(packed.window)}"#
            }
    }
}
