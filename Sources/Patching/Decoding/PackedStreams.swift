import Primitives

/// The packed streams of a patch, opened by its header. A class: all edits read on from where the last one stopped.
final class PackedStreams: EditStreamReader {
    private let patch: any PatchBytes
    private let header: PatchHeader
    private let unpacker: any StreamUnpacker
    /// Where the packed piece of the group (first, if there is one) and of each single stream begins.
    private let offsets: [Int]
    /// One for each stream. Not an array: these are read a byte at a time, ten million times for a large program.
    private let windows = UnsafeMutableBufferPointer<StreamWindow>.allocate(capacity: PatchStream.allCases.count)

    init(
        _ patch: any PatchBytes, _ header: PatchHeader, headerLength: Int, unpacker: any StreamUnpacker
    ) throws {
        (self.patch, self.header, self.unpacker) = (patch, header, unpacker)
        var offset = headerLength
        offsets = ([header.group].compactMap(\.self) + header.singles.map(\.packed)).map { packed in
            defer { offset += packed.packedCount }
            return offset
        }
        _ = windows.initialize(fromContentsOf: PatchStream.allCases.map { _ in StreamWindow() })
        try openGroup()
    }

    deinit {
        for window in windows { window.bytes.deallocate() }
        windows.deinitialize()
        windows.deallocate()
    }

    private func openGroup() throws {
        guard let packed = header.group, let offset = offsets.first else { return }
        let bytes = try whole(packed, at: offset)
        var position = 0
        for (stream, count) in header.grouped {
            windows[stream.rawValue] = StreamWindow(holding: bytes[position..<position + count])
            position += count
        }
    }

    private func whole(_ packed: PatchHeader.Packed, at offset: Int) throws -> [UInt8] {
        let stream = try open(packed, at: offset, dictionary: nil, isReadInParts: false)
        // `finish` reports what `read` cannot: more behind the end.
        var bytes = [UInt8](repeating: 0, count: packed.count)
        try bytes.withUnsafeMutableBytes { try stream.read(into: $0) }
        try stream.finish()
        return bytes
    }

    private func open(
        _ packed: PatchHeader.Packed, at offset: Int, dictionary: TextDictionary?, isReadInParts: Bool
    ) throws -> any UnpackedStream {
        let source = PackedPiece(patch, offset..<offset + packed.packedCount)
        if packed.packing == .stored { return StoredStream(count: packed.count, source: source.inOrder) }
        if let dictionary {
            // Every single text stream that is packed is so packed: the header saw to it.
            guard case .lzma(let parameters) = packed.packing else { throw PatchFault(.malformed) }
            return try TextDecoder(count: packed.count, parameters, dictionary, source: source.inOrder)
        }
        return try unpacker.open(
            packed.packing, count: packed.count, window: packed.windowBytes, isReadInParts: isReadInParts,
            source: source)
    }

    private func single(_ stream: PatchStream) -> (packed: PatchHeader.Packed, offset: Int)? {
        guard let index = header.singles.firstIndex(where: { $0.stream == stream }) else { return nil }
        return (header.singles[index].packed, offsets[index + (header.group == nil ? 0 : 1)])
    }

    /// All of the plan. Once.
    func plan(limit: Int) throws -> [UInt8] {
        guard let (packed, offset) = single(.plan) else { return try rest(.plan) }
        guard packed.count <= limit else {
            throw PatchFault(.tooLarge, found: "a plan of \(packed.count) bytes", expected: "at most \(limit)")
        }
        return try whole(packed, at: offset)
    }

    /// What is left of a stream that is in memory.
    private func rest(_ stream: PatchStream) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: windows[stream.rawValue].count)
        try bytes.withUnsafeMutableBytes { try read(stream, into: $0) }
        return bytes
    }

    /// Whether the text stream has a dictionary.
    var hasDictionary: Bool { single(.text).map { $0.packed.packing != .stored } ?? false }

    /// Opens all streams but the plan.
    func openAll(dictionary: TextDictionary?) throws {
        for (stream, _) in header.singles where stream != .plan {
            guard let (packed, offset) = single(stream) else { continue }
            let opened = try open(
                packed, at: offset, dictionary: stream == .text ? dictionary : nil, isReadInParts: true)
            windows[stream.rawValue] = StreamWindow(over: opened, count: packed.count)
        }
    }

    func read(_ stream: EditStream, into buffer: UnsafeMutableRawBufferPointer) throws {
        try read(PatchStream(stream), into: buffer)
    }

    func read(_ stream: PatchStream, into buffer: UnsafeMutableRawBufferPointer) throws {
        guard buffer.count <= windows[stream.rawValue].count else { throw PatchFault(.truncated, at: stream.name) }
        try windows[stream.rawValue].read(into: buffer)
    }

    func byte(_ stream: EditStream) throws -> UInt8 {
        let index = PatchStream(stream).rawValue
        guard let byte = try windows[index].next() else { throw PatchFault(.truncated, at: PatchStream(stream).name) }
        return byte
    }

    /// Mostly a byte or two, and in memory.
    @inline(__always)
    func digits(_ stream: EditStream) throws -> UInt64 {
        if let value = windows[PatchStream(stream).rawValue].shortNumber() { return value }
        var bytewise = Bytewise(streams: self)
        return try bytewise.digits(stream)
    }

    /// A number, as the plan has them.
    func number(_ stream: PatchStream, atMost limit: Int) throws -> Int {
        var bytes: [UInt8] = []
        repeat {
            var byte: UInt8 = 0
            try withUnsafeMutableBytes(of: &byte) { try read(stream, into: $0) }
            bytes.append(byte)
        } while bytes.last.map { $0 >= 0x80 } ?? false && bytes.count < 9
        var reader = NumberReader(bytes)
        return try reader.number(atMost: limit, "size")
    }

    /// Ends what is unpacked ahead. Nothing is read of the patch any more once this returns.
    func stop() {
        for window in windows { window.source?.stop() }
    }

    /// Throws unless every stream was read to its end.
    func finish() throws {
        for stream in PatchStream.allCases {
            let window = windows[stream.rawValue]
            guard window.count == 0 else { throw PatchFault(.leftover, at: stream.name) }
            try window.source?.finish()
        }
    }
}

/// Reads numbers a byte at a time.
private struct Bytewise: EditStreamReader {
    let streams: PackedStreams

    func read(_ stream: EditStream, into buffer: UnsafeMutableRawBufferPointer) throws {
        try streams.read(stream, into: buffer)
    }

    func byte(_ stream: EditStream) throws -> UInt8 { try streams.byte(stream) }
}

/// A stream that is stored as it is.
private final class StoredStream: UnpackedStream {
    private var rest: Int
    private let source: PackedPiece.Reader

    init(count: Int, source: @escaping PackedPiece.Reader) {
        (rest, self.source) = (count, source)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        guard buffer.count <= rest else { throw PatchFault(.truncated) }
        var filled = 0
        while filled < buffer.count {
            let count = try source(UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            guard count > 0 else { throw PatchFault(.truncated) }
            filled += count
        }
        rest -= filled
    }

    func finish() throws {
        guard rest == 0 else { throw PatchFault(.leftover) }
    }
}
